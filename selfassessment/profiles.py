"""Which form an agency fills in: as set up, or guessed by its kind until somebody has."""

from dataclasses import dataclass

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from agencies.models import Agency, Locality, Membership
from agencies.terms import AGENCY_LEADS, AgencyType, Role
from selfassessment.models import AlsoReports, Profile
from selfassessment.terms import FORM_OF_KIND, FormType


def guess_for(agency: Agency) -> Profile:
    """What its kind tells, not stored: who works alone gets the short form."""
    form_type = FORM_OF_KIND[AgencyType(agency.kind)]
    return Profile(
        agency=agency,
        form_type=form_type,
        short_form=agency.works_alone,
        is_specified=form_type != FormType.VC,
        is_one_person=agency.works_alone,
    )


GUESS = Case(
    *(When(kind=kind, then=Value(form_type)) for kind, form_type in FORM_OF_KIND.items()),
    output_field=CharField(),
)
FORM_TYPE = Coalesce(F("assessment_profile__form_type"), GUESS)


@dataclass(frozen=True)
class Line:
    """How many forms of one type in one locality; by the type's label, then the locality."""

    form_type: FormType
    locality: str
    forms: int
    short: int


@dataclass(frozen=True)
class Preview:
    """What opening a cycle would do.

    Attributes:
        guessed: agencies without a profile, by the form that their kind tells.
        without_lead, without_senior: agencies in which nobody could prepare, or sign.
        second: further forms of agencies that answer to two boards.
    """

    lines: list[Line]
    guessed: list[tuple[FormType, int]]
    without_lead: int
    without_senior: int
    second: int

    @property
    def forms(self) -> int:
        return sum(line.forms for line in self.lines) + self.second

    @property
    def guesses(self) -> int:
        return sum(number for _form_type, number in self.guessed)


def preview() -> Preview:
    """Of all active agencies, as they are now: six queries, however many there are."""
    active = Agency.objects.filter(is_active=True)
    works_alone = Q(assessment_profile=None, kind=AgencyType.INDEPENDENT)
    counted = (
        active.annotate(form=FORM_TYPE)
        .values("form", "locality")
        .annotate(
            forms=Count("pk"),
            short=Count("pk", filter=Q(assessment_profile__short_form=True) | works_alone),
        )
        .order_by()
    )
    names = dict(Locality.objects.values_list("pk", "name"))
    lines = [
        Line(FormType(row["form"]), names[row["locality"]], row["forms"], row["short"])
        for row in counted
    ]
    lines.sort(key=lambda line: (FormType.values.index(line.form_type), line.locality))
    guessed = (
        active.filter(assessment_profile=None)
        .annotate(form=GUESS)
        .values_list("form")
        .annotate(number=Count("pk"))
        .order_by("form")
    )
    return Preview(
        lines=lines,
        guessed=[(FormType(form), number) for form, number in guessed],
        without_lead=active.exclude(pk__in=_holding(*AGENCY_LEADS)).count(),
        without_senior=active.exclude(SHORT).exclude(pk__in=_holding(Role.SENIOR_LEAD)).count(),
        second=AlsoReports.objects.filter(agency__is_active=True).count(),
    )


# Where one person works, the lead signs.
SHORT = Q(assessment_profile__short_form=True) | Q(
    assessment_profile=None, kind=AgencyType.INDEPENDENT
)


def _holding(*roles: Role) -> QuerySet[Membership, int | None]:
    """Keys of the agencies in which somebody holds one of the roles; looked up in one go."""
    held = Membership.objects.active().filter(role__in=roles, person__is_active=True)
    return held.values_list("agency", flat=True)
