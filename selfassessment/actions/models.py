"""What is stored of actions: who does what by when, in which years, and how it went."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from agencies.models import Agency, Membership
from agencies.terms import AGENCY_ROLES
from selfassessment.evidence.models import Evidence
from selfassessment.terms import ACTION_ENDED, ACTION_WORK_LEFT, ActionStatus, Priority


class ActionQuerySet(models.QuerySet["Action"]):
    def owned_by(self, user: User) -> Self:
        """What the person is to do, while they belong to the agency."""
        belongs = Membership.objects.active().filter(
            person=user, role__in=AGENCY_ROLES, agency=OuterRef("agency")
        )
        return self.filter(Exists(belongs), owner=user)

    def with_work_left(self) -> Self:
        return self.filter(status__in=ACTION_WORK_LEFT)

    def not_ended(self) -> Self:
        return self.exclude(status__in=ACTION_ENDED)

    def overdue(self, today: date) -> Self:
        return self.with_work_left().filter(due_on__lt=today)

    def in_order(self) -> Self:
        """As a plan is read: what is most pressing first, then by day."""
        rank = models.Case(
            *(models.When(priority=each, then=at) for at, each in enumerate(Priority)),
            output_field=models.SmallIntegerField(),
        )
        return self.order_by(rank, "due_on", "code")


class Action(models.Model):
    """One thing that an agency will do; the same row through all the years until it is verified."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="actions")
    assessment = models.ForeignKey(  # where it was made
        "selfassessment.Assessment", on_delete=models.PROTECT, related_name="actions_made"
    )
    code = models.CharField(max_length=24, unique=True, editable=False)  # A-17-2026-03
    words = models.TextField(_("what will be done"), max_length=500)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    owner_role = models.CharField(_("role of the owner"), max_length=120)
    priority = models.CharField(_("priority"), max_length=8, choices=Priority)
    due_on = models.DateField(_("due"))
    remind_on = models.DateField(null=True, editable=False)  # the next day to recall it on
    success_measure = models.TextField(_("how you will know that it worked"), max_length=500)
    resource_needed = models.TextField(_("what it needs"), max_length=500, blank=True)
    partner_help = models.BooleanField(_("help of a partner asked"), default=False)
    help_asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    asked_by_moderator = models.BooleanField(default=False, editable=False)
    status = models.CharField(
        max_length=11, choices=ActionStatus, default=ActionStatus.OPEN, editable=False
    )
    status_reason = models.CharField(max_length=500, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    done_words = models.TextField(_("what was achieved"), max_length=1000, blank=True)
    done_evidence = models.ForeignKey(
        Evidence, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    version = models.PositiveIntegerField(default=0)  # of two who save, the second is told
    late_told_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ActionQuerySet.as_manager()

    class Meta:
        verbose_name = _("action")
        verbose_name_plural = _("actions")
        ordering = ["code"]
        indexes = [
            models.Index(fields=["agency", "status"], name="action_agency_status"),
            models.Index(
                fields=["due_on"],
                name="action_due",
                condition=Q(status__in=ACTION_WORK_LEFT),
            ),
            models.Index(
                fields=["remind_on"],
                name="action_remind",
                condition=Q(status__in=ACTION_WORK_LEFT),
            ),
            models.Index(fields=["owner", "status"], name="action_owner_status"),
        ]
        constraints = [
            models.CheckConstraint(
                name="action_status_is_known", condition=Q(status__in=ActionStatus.values)
            ),
            models.CheckConstraint(
                name="action_priority_is_known", condition=Q(priority__in=Priority.values)
            ),
            models.CheckConstraint(
                name="action_halted_for_a_reason",
                condition=~Q(status__in=[ActionStatus.BLOCKED, ActionStatus.CANCELLED])
                | ~Q(status_reason=""),
            ),
            models.CheckConstraint(
                name="action_done_by_somebody",
                condition=~Q(status__in=[ActionStatus.DONE, ActionStatus.VERIFIED])
                | Q(done_at__isnull=False, done_by__isnull=False) & ~Q(done_words=""),
            ),
            models.CheckConstraint(
                name="action_verified_by_another",
                condition=~Q(status=ActionStatus.VERIFIED)
                | Q(verified_at__isnull=False, verified_by__isnull=False)
                & ~Q(verified_by=models.F("owner")),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def codes(self) -> list[str]:
        """Codes of its standards, in the order of the form."""
        return [each.code for each in self.standards.all()]

    @property
    def years(self) -> list[int]:
        """The cycles that it belongs to, the first first."""
        return sorted(each.assessment.cycle.year for each in self.cycles.all())

    @property
    def is_ended(self) -> bool:
        return self.status in ACTION_ENDED

    def is_overdue(self, today: date) -> bool:
        return self.status in ACTION_WORK_LEFT and self.due_on < today

    def days_late(self, today: date) -> int:
        return (today - self.due_on).days if self.is_overdue(today) else 0


class ActionStandard(models.Model):
    """A standard that an action serves, by its code, which stays from version to version."""

    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="standards")
    code = models.CharField(max_length=5)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("standard of an action")
        verbose_name_plural = _("standards of actions")
        ordering = ["order", "code"]
        constraints = [
            models.UniqueConstraint(fields=["action", "code"], name="actionstandard_once")
        ]
        indexes = [models.Index(fields=["code"], name="actionstandard_code")]

    def __str__(self) -> str:
        return self.code


class ActionCycle(models.Model):
    """That an action is of a form: of the one where it was made, and of each it was carried to."""

    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="cycles")
    assessment = models.ForeignKey(
        "selfassessment.Assessment", on_delete=models.PROTECT, related_name="action_cycles"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("cycle of an action")
        verbose_name_plural = _("cycles of actions")
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(fields=["action", "assessment"], name="actioncycle_once")
        ]

    def __str__(self) -> str:
        return f"{self.action_id}, {self.assessment_id}"


class ProgressNote(models.Model):
    """What was said of an action on a day, and to which status it was moved by that."""

    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="notes")
    words = models.TextField(max_length=1000, blank=True)
    before = models.CharField(max_length=11, choices=ActionStatus, blank=True)
    after = models.CharField(max_length=11, choices=ActionStatus, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("progress note")
        verbose_name_plural = _("progress notes")
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="progressnote_says_something", condition=~Q(words="") | ~Q(after="")
            )
        ]

    def __str__(self) -> str:
        return f"{self.action_id}, {self.at:%Y-%m-%d}"


class ActionReminder(models.Model):
    """That a person was reminded of an action at one step before or after its day: once."""

    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="reminders")
    due_on = models.DateField()  # another day begins the steps anew
    step = models.CharField(max_length=10)  # before, day, week1, week2 ...
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("reminder of an action")
        verbose_name_plural = _("reminders of actions")
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(fields=["action", "due_on", "step"], name="actionreminder_once")
        ]

    def __str__(self) -> str:
        return f"{self.action_id}, {self.step}"
