"""What is stored of the yearly self-assessment, and who may see it.

One form is one row for an agency, a cycle and a board; its answers are rows of their own, one for
each standard that somebody has begun. Evidence, actions and moderation have their own rooms.
"""

import base64
import secrets
import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, When
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from agencies import people
from agencies.models import Agency, Locality, Membership
from agencies.terms import AGENCY_ROLES, AgencyType, Role
from selfassessment import scoring, terms
from selfassessment.actions.models import (
    Action,
    ActionCycle,
    ActionReminder,
    ActionStandard,
    ProgressNote,
)
from selfassessment.evidence.models import Evidence, EvidenceUse, EvidenceVersion
from selfassessment.moderation.models import Interest, Review
from selfassessment.reports.models import Document
from selfassessment.standards.models import Standard, StandardSection, StandardSet
from selfassessment.terms import Confidence, FormType, Rag, Rating, Status

__all__ = [
    "Action",
    "ActionCycle",
    "ActionReminder",
    "ActionStandard",
    "AlsoReports",
    "Answer",
    "AnswerSave",
    "Assessment",
    "Assignment",
    "Comment",
    "Cycle",
    "Document",
    "Evidence",
    "EvidenceUse",
    "EvidenceVersion",
    "Extension",
    "Helper",
    "Interest",
    "Moderator",
    "Profile",
    "ProgressNote",
    "Review",
    "SectionScore",
    "SetAside",
    "SignOff",
    "Standard",
    "StandardSection",
    "StandardSet",
]

KEY_BYTES = 16
"""128 random bits stand in every address (AC-16)."""


def new_key() -> str:
    return base64.b32encode(secrets.token_bytes(KEY_BYTES)).decode().rstrip("=").lower()


class Profile(models.Model):
    """Which form an agency fills in, as its set-up says; kept from year to year."""

    agency = models.OneToOneField(
        Agency, on_delete=models.PROTECT, related_name="assessment_profile", primary_key=True
    )
    form_type = models.CharField(_("form"), max_length=2, choices=FormType)
    sub_type = models.CharField(_("kind within the type"), max_length=60, blank=True)
    short_form = models.BooleanField(_("short form"), default=False)
    full_form_required = models.BooleanField(_("the full form is required"), default=False)
    # Not one: musts that rest on the 2015 Act read as should.
    is_specified = models.BooleanField(_("specified authority"), default=True)
    # Shown in the board's lists only within a group, so that nobody can be picked out.
    is_one_person = models.BooleanField(_("one person works there"), default=False)

    class Meta:
        verbose_name = _("self-assessment profile")
        verbose_name_plural = _("self-assessment profiles")
        constraints = [
            models.CheckConstraint(
                name="profile_form_is_known", condition=Q(form_type__in=FormType.values)
            ),
            models.CheckConstraint(
                name="profile_short_or_full",
                condition=~Q(short_form=True, full_form_required=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agency}: {self.form_type}"


class AlsoReports(models.Model):
    """That an agency answers to another locality's board too: one answer set, two sign-offs."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="also_reports")
    board = models.ForeignKey(Locality, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("further board")
        verbose_name_plural = _("further boards")
        constraints = [models.UniqueConstraint(fields=["agency", "board"], name="alsoreports_once")]

    def __str__(self) -> str:
        return f"{self.agency}, {self.board}"


class CycleQuerySet(models.QuerySet["Cycle"]):
    def open(self) -> Self:
        return self.filter(opened_at__isnull=False, closed_at__isnull=True)

    def latest_first(self) -> Self:
        return self.order_by("-year")


class Cycle(models.Model):
    """One year's round: which standards are asked, and by when (section 7.1)."""

    year = models.PositiveSmallIntegerField(_("year"), unique=True)
    standards = models.ForeignKey(StandardSet, on_delete=models.PROTECT, related_name="cycles")
    opens_on = models.DateField(_("opens"))
    due_on = models.DateField(_("sign-off by"))
    moderation_ends_on = models.DateField(_("moderation ends"))
    report_on = models.DateField(_("board report"))
    closes_on = models.DateField(_("closes"))
    # Where Amber and Green begin, in percent; kept here, so that past years stay as they were.
    amber_from = models.PositiveSmallIntegerField(_("Amber from"), default=50)
    green_from = models.PositiveSmallIntegerField(_("Green from"), default=75)
    # From it the sample of each agency is drawn, so that anybody can draw it again.
    seed = models.CharField(max_length=26, default=new_key, editable=False)
    opened_at = models.DateTimeField(null=True, blank=True, editable=False)
    opened_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = CycleQuerySet.as_manager()

    class Meta:
        verbose_name = _("cycle")
        verbose_name_plural = _("cycles")
        ordering = ["-year"]
        constraints = [
            models.CheckConstraint(
                name="cycle_days_in_order",
                condition=Q(opens_on__lt=F("due_on"))
                & Q(due_on__lt=F("moderation_ends_on"))
                & Q(moderation_ends_on__lte=F("report_on"))
                & Q(report_on__lt=F("closes_on")),
                violation_error_message=_("Put the days of the cycle in order."),
            ),
            models.CheckConstraint(
                name="cycle_bands_in_order",
                condition=Q(amber_from__gt=0, green_from__lte=100)
                & Q(amber_from__lt=F("green_from")),
                violation_error_message=_("Amber begins below Green."),
            ),
            models.CheckConstraint(
                name="cycle_closed_after_opened",
                condition=Q(closed_at__isnull=True) | Q(opened_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.year)

    @property
    def bands(self) -> scoring.Bands:
        return scoring.Bands(self.amber_from, self.green_from)

    @property
    def is_open(self) -> bool:
        return self.opened_at is not None and self.closed_at is None


class AssessmentQuerySet(models.QuerySet["Assessment"]):
    def visible_to(self, user: User) -> Self:
        """Forms whose text the person may read (section 7.5).

        Their agency's, as its lead, deputy, administrator or senior lead, or as somebody who was
        given standards to answer or asked to help by reading; any that was signed, as the
        moderation manager, but their own agency's (WF-12); those they moderate. Nobody reads
        another agency's text otherwise.
        """
        places = people.Places.of(user)
        helped = Helper.objects.of(user).values("assessment_id")
        seen = Q(pk__in=helped) | Q(answers_of__in=helped)
        if (own := places.employed(*terms.AGENCY_READERS)) is not None:
            seen |= Q(agency__in=own)
        if (alone := places.employed(*AGENCY_ROLES)) is not None:
            seen |= Q(agency__in=alone, agency__kind=AgencyType.INDEPENDENT)
        # A draft that the cycle's end closed, or a returned form that was changed, is the agency's.
        read = Q(status__in=terms.READ_BY_BOARD, signed_at__isnull=False)
        if people.holds(user, Role.MODERATION_MANAGER):
            seen |= read & ~Q(agency__in=Agency.objects.belonging_to(user))
        if people.holds(user, Role.MODERATOR):
            mine = Moderator.objects.at_work(user)
            seen |= Q(pk__in=mine.values("assessment_id")) & read
        return self.filter(seen)

    def of_board(self, user: User) -> Self:
        """Forms of which the board may know agency, status, dates and scores, never the text."""
        if not people.holds(user, *terms.BOARD_READERS):
            return self.none()
        return self.all()

    def counted(self) -> Self:
        """Those whose scores a board report shows: a sign-off of them stands."""
        return self.filter(signed_at__isnull=False)

    def overdue(self, today: date) -> Self:
        return self.filter(status__in=terms.BEFORE_SIGNED, due_on__lt=today)

    def with_others(self) -> Self:
        """With ``others``: key, board and status of the forms that share its answers."""
        same = Assessment.objects.filter(agency=OuterRef("agency"), cycle=OuterRef("cycle"))
        row = JSONObject(key="key", board="board__name", status="status")
        others = same.exclude(pk=OuterRef("pk")).order_by("board__name").values(json=row)
        return self.annotate(others=ArraySubquery(others))

    def with_copy(self) -> Self:
        """With what ``signed_copy`` reads, of those that are signed and not open."""
        standing = SignOff.objects.standing().filter(assessment=OuterRef("pk")).order_by()
        signed = Q(signed_at__isnull=False) & ~Q(status__in=terms.EDITABLE)
        frozen = Subquery(standing.values("frozen")[:1])
        return self.annotate(read_copy=Case(When(signed, then=frozen), default=None))

    def with_void(self) -> Self:
        """With when and why the last sign-off was voided; empty where it stands, or was none."""
        last = SignOff.objects.filter(assessment=OuterRef("pk")).order_by("-number")
        return self.annotate(
            void_at=Subquery(last.values("voided_at")[:1]),
            void_reason=Subquery(last.values("void_reason")[:1]),
        )


class Assessment(models.Model):
    """One agency's form of one cycle, as it goes to one board.

    An agency of two boards has two rows: ``answers_of`` of the second names the first, whose
    answers, evidence and actions it shares; signing, moderation and scores are its own.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=26, unique=True, default=new_key, editable=False)
    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="assessments")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="assessments")
    board = models.ForeignKey(Locality, on_delete=models.PROTECT, related_name="+")
    answers_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="also_sent_as"
    )
    status = models.CharField(
        max_length=20, choices=Status, default=Status.NOT_STARTED, editable=False
    )
    closed_from = models.CharField(max_length=20, choices=Status, blank=True, editable=False)
    # As the profile was when the form was made: a later change of profile changes no past year.
    form_type = models.CharField(max_length=2, choices=FormType, editable=False)
    short_form = models.BooleanField(default=False, editable=False)
    is_specified = models.BooleanField(default=True, editable=False)
    is_one_person = models.BooleanField(default=False, editable=False)
    due_on = models.DateField(_("sign-off by"))  # the cycle's, or later by an extension
    exempt_reason = models.CharField(max_length=500, blank=True)
    # Asked once for each form (section 4).
    consulted_who = models.TextField(_("who was asked"), blank=True)
    consulted_how = models.TextField(_("how they were asked"), blank=True)
    consulted_said = models.TextField(_("what they said"), blank=True)
    prepared_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    prepared_at = models.DateTimeField(null=True, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)  # of the sign-off that stands
    moderated_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Worked out by ``results.refresh`` whenever an answer or a moderated rating changes.
    asked = models.PositiveSmallIntegerField(default=0, editable=False)
    answered = models.PositiveSmallIntegerField(default=0, editable=False)
    points = models.PositiveSmallIntegerField(default=0, editable=False)
    possible = models.PositiveSmallIntegerField(default=0, editable=False)
    critical_gaps = models.PositiveSmallIntegerField(default=0, editable=False)
    rag = models.CharField(max_length=5, choices=Rag, blank=True, editable=False)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("self-assessment")
        verbose_name_plural = _("self-assessments")
        ordering = ["-cycle__year", "agency__name"]
        indexes = [
            models.Index(fields=["cycle", "status"], name="assessment_cycle_status"),
            models.Index(fields=["agency", "cycle"], name="assessment_agency_cycle"),
            models.Index(fields=["cycle", "form_type", "agency"], name="assessment_cycle_form"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["cycle", "agency", "board"], name="assessment_once_each_board"
            ),
            models.CheckConstraint(
                name="assessment_status_is_known", condition=Q(status__in=Status.values)
            ),
            models.CheckConstraint(
                name="assessment_closed_from_somewhere",
                condition=Q(status=Status.CLOSED) ^ Q(closed_from=""),
            ),
            models.CheckConstraint(
                name="assessment_exempt_for_a_reason",
                condition=~Q(status=Status.EXEMPT) | ~Q(exempt_reason=""),
            ),
            models.CheckConstraint(
                name="assessment_ready_by_somebody",
                condition=~Q(status=Status.READY)
                | Q(prepared_by__isnull=False, prepared_at__isnull=False),
            ),
            models.CheckConstraint(
                name="assessment_signed_once_read",
                condition=Q(signed_at__isnull=False)
                | ~Q(
                    status__in=[
                        Status.SIGNED,
                        Status.MODERATION,
                        Status.MODERATED,
                        Status.PUBLISHED,
                    ]
                ),
            ),
            models.CheckConstraint(
                name="assessment_not_its_own_copy",
                condition=Q(answers_of__isnull=True) | ~Q(answers_of=F("id")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agency}, {self.cycle_id}"

    def get_absolute_url(self) -> str:
        return reverse("selfassessment:overview", args=[self.key])

    @property
    def source(self) -> "Assessment":
        """The form whose answers, evidence and actions these are: itself, or the shared one."""
        return self.answers_of or self

    @property
    def source_id(self) -> uuid.UUID:
        return self.answers_of_id or self.pk

    @property
    def is_signed(self) -> bool:
        """Whether a sign-off stands: it was not changed since, nor taken back."""
        return self.signed_at is not None

    @property
    def is_open(self) -> bool:
        """Whether it is being filled in now."""
        return self.status in terms.EDITABLE

    _copy: tuple[datetime, dict[str, Any] | None] | None = None

    @property
    def signed_copy(self) -> dict[str, Any] | None:
        """What was signed (reports/frozen.py), which is what the form shows until it is open again.

        One query, once for each sign-off, or none after ``with_copy``. None for a form that is
        filled in or was never signed.
        """
        if self.signed_at is None or self.is_open:
            return None
        if self._copy is None and hasattr(self, "read_copy"):
            self._keep_copy(self.read_copy)
        if self._copy is None or self._copy[0] != self.signed_at:
            standing = SignOff.objects.standing().filter(assessment=self)
            frozen = standing.order_by("number").values_list("frozen", flat=True).first()
            self._keep_copy(frozen)
        return self._copy[1] if self._copy else None

    def _keep_copy(self, frozen: dict[str, Any] | None) -> None:
        if self.signed_at is not None:
            self._copy = (self.signed_at, frozen if frozen and "asked" in frozen else None)

    def is_overdue(self, today: date) -> bool:
        return self.status in terms.BEFORE_SIGNED and self.due_on < today

    @property
    def percent(self) -> Decimal | None:
        """Share of all possible points, to one decimal; None before anything is answered."""
        return scoring.percent(self.points, self.possible)

    @property
    def is_complete(self) -> bool:
        return self.asked > 0 and self.answered == self.asked


class SectionScore(models.Model):
    """The score of one section of a form, kept so that the board's pages need no answers."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="sections")
    section = models.CharField(max_length=2)
    asked = models.PositiveSmallIntegerField()
    answered = models.PositiveSmallIntegerField()
    not_applicable = models.PositiveSmallIntegerField(default=0)
    points = models.PositiveSmallIntegerField()
    possible = models.PositiveSmallIntegerField()
    critical_gaps = models.PositiveSmallIntegerField()
    gaps = ArrayField(models.CharField(max_length=5), default=list)  # codes of those
    # Code of each standard that is answered: the rating that counts, moderated or own.
    ratings = models.JSONField(default=dict)
    rag = models.CharField(max_length=5, choices=Rag, blank=True)

    class Meta:
        verbose_name = _("section score")
        verbose_name_plural = _("section scores")
        ordering = ["assessment", "section"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "section"], name="sectionscore_once"),
            models.CheckConstraint(
                name="sectionscore_within_what_is_possible",
                condition=Q(points__lte=F("possible"), answered__lte=F("asked")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.section}: {self.points}/{self.possible}"

    @property
    def is_complete(self) -> bool:
        return self.answered == self.asked

    @property
    def percent(self) -> Decimal | None:
        return scoring.percent(self.points, self.possible)


class Answer(models.Model):
    """What an agency says of one standard (section 4); a row once somebody has begun it."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="answers")
    standard = models.ForeignKey(Standard, on_delete=models.PROTECT, related_name="+")
    rating = models.CharField(max_length=14, choices=Rating, blank=True)
    position = models.TextField(_("current position"), max_length=1000, blank=True)
    what_changed = models.TextField(_("what changed since last year"), blank=True)
    confidence = models.CharField(max_length=11, choices=Confidence, blank=True)
    not_applicable_reason = models.TextField(_("why it does not apply"), blank=True)
    # Last year's words taken over, once somebody said of this one that they are still true.
    carried_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    still_true_at = models.DateTimeField(null=True, blank=True)
    still_true_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    version = models.PositiveIntegerField(default=0)  # WF-04: of two savers the second is told
    saved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    saved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ["assessment", "standard"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "standard"], name="answer_once"),
            models.CheckConstraint(
                name="answer_rating_is_known", condition=Q(rating__in=["", *Rating.values])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.standard_id}: {self.rating}"


class AnswerSave(models.Model):
    """Who changed which answer and when, with what stood there before (row S29)."""

    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="saves")
    version = models.PositiveIntegerField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    before = models.JSONField(default=dict)  # field name to what it was, of those that changed

    class Meta:
        verbose_name = _("saved answer")
        verbose_name_plural = _("saved answers")
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(fields=["answer", "version"], name="answersave_once")
        ]

    def __str__(self) -> str:
        return f"{self.answer_id}, {self.version}"


class SetAside(models.Model):
    """What somebody typed while somebody else saved the same answer: kept until they deal with it.

    Its author alone sees it (row S28).
    """

    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="set_aside")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    said = models.JSONField()  # of the columns that differ, what they typed
    dealt_with_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("set aside")
        verbose_name_plural = _("set aside")
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(
                fields=["answer", "by"],
                condition=Q(dealt_with_at__isnull=True),
                name="setaside_one_waits",
            )
        ]

    def __str__(self) -> str:
        return f"{self.answer_id}, {self.by_id}"


class HelperQuerySet(models.QuerySet["Helper"]):
    def of(self, user: User) -> Self:
        """What the person was asked to do, while they belong to the agency."""
        belongs = Membership.objects.active().filter(
            person=user,
            role__in=AGENCY_ROLES,
            agency=OuterRef("assessment__agency"),
        )
        return self.filter(Exists(belongs), person=user, ended_at__isnull=True)


class Helper(models.Model):
    """Somebody of the agency who helps with a form: answers given standards, or only reads."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="helpers")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = HelperQuerySet.as_manager()

    class Meta:
        verbose_name = _("helper")
        verbose_name_plural = _("helpers")
        ordering = ["added_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "person"],
                condition=Q(ended_at__isnull=True),
                name="helper_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}"


class Assignment(models.Model):
    """One standard given to one helper to answer, by a day."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="assignments")
    standard = models.ForeignKey(Standard, on_delete=models.PROTECT, related_name="+")
    helper = models.ForeignKey(Helper, on_delete=models.PROTECT, related_name="assignments")
    due_on = models.DateField(_("by"), null=True, blank=True)
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)
    taken_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["given_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "standard"],
                condition=Q(taken_back_at__isnull=True),
                name="assignment_to_one_person",
            )
        ]

    def __str__(self) -> str:
        return f"{self.standard_id}: {self.helper}"


class Comment(models.Model):
    """Said between colleagues about one standard; somebody marks it as dealt with."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="comments")
    standard = models.ForeignKey(Standard, on_delete=models.PROTECT, related_name="+")
    words = models.TextField(max_length=2000)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    dealt_with_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    dealt_with_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["at"]

    def __str__(self) -> str:
        return f"{self.standard_id}, {self.at:%Y-%m-%d}"


class Extension(models.Model):
    """More time for one form, with the reason; the last one stands."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="extensions")
    until = models.DateField(_("new day"))
    reason = models.CharField(max_length=500)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("extension")
        verbose_name_plural = _("extensions")
        ordering = ["at"]
        constraints = [
            models.CheckConstraint(name="extension_has_a_reason", condition=~Q(reason=""))
        ]

    def __str__(self) -> str:
        return f"{self.until}"


class SignOffQuerySet(models.QuerySet["SignOff"]):
    def standing(self) -> Self:
        return self.filter(voided_at__isnull=True)


class SignOff(models.Model):
    """What a senior accountable lead signed: the words, the frozen answers and their digest.

    Never changed and never deleted; a later change of the form voids it, with the reason.
    """

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="signoffs")
    number = models.PositiveSmallIntegerField()  # 1 for the first, more after each reopening
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)  # as they were then
    role = models.CharField(max_length=120)
    prepared_by_name = models.CharField(max_length=120)
    at = models.DateTimeField()
    statement = models.TextField()  # the exact words
    governing_body_on = models.DateField(_("the governing body will receive it on"))
    frozen = models.JSONField()  # answers, evidence, actions, consultation, scores
    sha256 = models.CharField(max_length=64)  # of ``frozen`` as canonical JSON, and the statement
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    void_reason = models.CharField(max_length=500, blank=True)

    objects = SignOffQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-off")
        verbose_name_plural = _("sign-offs")
        ordering = ["assessment", "number"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "number"], name="signoff_number_once"),
            models.UniqueConstraint(
                fields=["assessment"],
                condition=Q(voided_at__isnull=True),
                name="signoff_one_stands",
            ),
            models.CheckConstraint(
                name="signoff_voided_for_a_reason",
                condition=Q(voided_at__isnull=True) ^ ~Q(void_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assessment_id}, {self.number}"


class ModeratorQuerySet(models.QuerySet["Moderator"]):
    def at_work(self, user: User) -> Self:
        """The forms given to the person, but none of an agency that they belong to (WF-12), or
        in which they have declared an interest."""
        own = Agency.objects.belonging_to(user)
        interested = Interest.objects.standing().filter(person=user)
        mine = self.filter(person=user, stood_down_at__isnull=True)
        return mine.exclude(
            Q(assessment__agency__in=own) | Q(assessment__agency__in=interested.values("agency_id"))
        )


class Moderator(models.Model):
    """One of the two who moderate a form (section 7.4)."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="moderators")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")  # whose they are
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField(default=timezone.now)
    # Why somebody of the same type as the agency, or as the other of the two, was chosen.
    same_type_reason = models.CharField(max_length=500, blank=True)
    stood_down_at = models.DateTimeField(null=True, blank=True)
    stood_down_reason = models.CharField(max_length=500, blank=True)

    objects = ModeratorQuerySet.as_manager()

    class Meta:
        verbose_name = _("moderator of a form")
        verbose_name_plural = _("moderators of forms")
        ordering = ["given_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "person"],
                condition=Q(stood_down_at__isnull=True),
                name="moderator_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}"


class Remark(models.Model):
    """What was said with a move: why it was sent back or reopened, or a question to answer."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="remarks")
    kind = models.CharField(max_length=10, choices=terms.RemarkKind)
    words = models.TextField(max_length=2000)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    answer = models.TextField(max_length=2000, blank=True)  # of a question
    answered_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("remark")
        verbose_name_plural = _("remarks")
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.kind}, {self.at:%Y-%m-%d}"

    @property
    def version(self) -> str:
        """Of its answer, to know whether somebody else has written it meanwhile."""
        return self.answered_at.isoformat() if self.answered_at else ""


class Waiver(models.Model):
    """That a rule of the checks is not to hold for one form, and on whose authority (row S30)."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="waivers")
    rule = models.CharField(max_length=40)  # the name of the check
    code = models.CharField(max_length=5, blank=True)  # of a standard; empty: of the form
    reason = models.CharField(max_length=500)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    granted = models.BooleanField(null=True, blank=True)  # None until somebody decides
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=500, blank=True)  # in the words of who decided

    class Meta:
        verbose_name = _("waiver")
        verbose_name_plural = _("waivers")
        ordering = ["asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "rule", "code"],
                condition=Q(granted=True) | Q(granted__isnull=True),
                name="waiver_once",
            ),
            models.CheckConstraint(
                name="waiver_decided_by_another",
                condition=Q(granted__isnull=True, decided_by__isnull=True)
                | Q(granted__isnull=False, decided_by__isnull=False)
                & ~Q(decided_by=F("asked_by"))
                & ~Q(why=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.code}".strip()


class Notice(models.Model):
    """Something that one person is to be told of one form; told with the next mail of the day."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=12, choices=terms.NoticeKind)
    once = models.CharField(max_length=40)  # which time it is: a month, a day, a number
    made_at = models.DateTimeField(default=timezone.now)
    told_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)  # it was done before the mail went

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["made_at"]
        indexes = [
            models.Index(
                fields=["person", "made_at"],
                name="notice_waiting",
                condition=Q(told_at__isnull=True, dropped_at__isnull=True),
            ),
            models.Index(fields=["person", "told_at"], name="notice_told"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "person", "kind", "once"], name="notice_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}, {self.person_id}"
