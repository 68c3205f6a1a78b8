"""What is stored of the yearly self-assessment."""

from selfassessment.standards.models import Standard, StandardSection, StandardSet

__all__ = ["Standard", "StandardSection", "StandardSet"]
