"""Sessions of a person, ended at once when their rights change."""

from django.utils import timezone

from accounts.models import User


def end_all(user: User) -> None:
    """Sign the person out everywhere: the next request of each of their sessions finds it over."""
    user.signed_out_at = timezone.now()
    user.save(update_fields=["signed_out_at"])
