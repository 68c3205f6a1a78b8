"""What is printed of the self-assessment: made from what was frozen, and kept."""
