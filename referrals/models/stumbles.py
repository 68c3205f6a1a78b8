"""Which questions stop people, and where drafts end: figures without anybody behind them."""

from django.db import models


class Stumble(models.Model):
    """How often in a month a question was sent back, or a draft was left at a page (row W30).

    No person, agency or case: what was typed is in none of it either.
    """

    month = models.DateField()  # its first day
    step = models.CharField(max_length=30)
    question = models.CharField(max_length=60, blank=True)  # "" where a draft was left at the page
    times = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="stumble_once", fields=["month", "step", "question"])
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.step} {self.question} {self.times}"
