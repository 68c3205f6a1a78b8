"""A small partnership for the self-assessment, and forms in any status. All of it is invented."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from agencies.models import Agency, Locality
from agencies.terms import AgencyType, Role
from selfassessment import results, workflow
from selfassessment.models import (
    Answer,
    Assessment,
    Cycle,
    Evidence,
    EvidenceUse,
    Moderator,
    Profile,
    SignOff,
)
from selfassessment.sheet import Sheet
from selfassessment.standards.loading import load
from selfassessment.standards.models import Standard, StandardSet
from selfassessment.terms import FORM_OF_KIND, EvidenceKind, Rating, Status
from tests.factories import AgencyFactory, LocalityFactory, MembershipFactory, UserFactory

NOW = datetime(2026, 10, 5, 10, tzinfo=UTC)
"""A Monday in the middle of the time to answer."""


def standard_set() -> StandardSet:
    """The portal's own set, loaded once into a test's database."""
    if not StandardSet.objects.filter(version="2026.1").exists():
        load()
    return StandardSet.objects.get(version="2026.1")


@dataclass
class Cast:
    """Who has to do with the form of one school, and some who have not."""

    locality: Locality
    school: Agency
    lead: User
    deputy: User
    senior: User
    teacher: User  # belongs to the school, was given nothing
    other_school: Agency
    other_lead: User
    manager: User
    board_member: User
    moderator: User  # of a college
    second_moderator: User  # of a trust
    stranger: User


def _member(role: Role, **place: Any) -> User:
    user: User = MembershipFactory(role=role, **place).person
    return user


def make_cast() -> Cast:
    locality = LocalityFactory()
    school = school_called("Fellgate High School")
    other = school_called("Little Wharfe Primary")
    college = AgencyFactory(name="Ouse Bank College", kind=AgencyType.EDUCATION_FE)
    trust = AgencyFactory(name="Dales and Coast NHS Trust", kind=AgencyType.HEALTH)
    moderators = []
    for agency in (college, trust):
        person = _member(Role.PRACTITIONER, agency=agency)
        MembershipFactory(person=person, role=Role.MODERATOR)
        moderators.append(person)
    return Cast(
        locality=locality,
        school=school,
        lead=_member(Role.LEAD, agency=school),
        deputy=_member(Role.DEPUTY_LEAD, agency=school),
        senior=_member(Role.SENIOR_LEAD, agency=school),
        teacher=_member(Role.PRACTITIONER, agency=school),
        other_school=other,
        other_lead=_member(Role.LEAD, agency=other),
        manager=_member(Role.MODERATION_MANAGER),
        board_member=_member(Role.BOARD_MEMBER),
        moderator=moderators[0],
        second_moderator=moderators[1],
        stranger=UserFactory(),
    )


def school_called(name: str, **more: Any) -> Agency:
    agency: Agency = AgencyFactory(name=name, kind=AgencyType.EDUCATION_SCHOOL, **more)
    Profile.objects.create(agency=agency, form_type=FORM_OF_KIND[AgencyType.EDUCATION_SCHOOL])
    return agency


def cycle_of(year: int = 2026, *, opened: bool = True) -> Cycle:
    return Cycle.objects.get_or_create(
        year=year,
        defaults={
            "standards": standard_set(),
            "opens_on": date(year, 9, 1),
            "due_on": date(year, 11, 30),
            "moderation_ends_on": date(year + 1, 1, 31),
            "report_on": date(year + 1, 2, 28),
            "closes_on": date(year + 1, 8, 31),
            "opened_at": datetime(year, 9, 1, 8, tzinfo=UTC) if opened else None,
        },
    )[0]


def form_of(agency: Agency, year: int = 2026, **more: Any) -> Assessment:
    """A form that was not started, as opening the cycle makes it."""
    cycle = cycle_of(year)
    profile, _made = Profile.objects.get_or_create(
        agency=agency, defaults={"form_type": FORM_OF_KIND[AgencyType(agency.kind)]}
    )
    form = Assessment.objects.create(
        **{
            "cycle": cycle,
            "agency": agency,
            "board": agency.locality,
            "form_type": profile.form_type,
            "short_form": profile.short_form,
            "is_specified": profile.is_specified,
            "is_one_person": profile.is_one_person,
            "due_on": cycle.due_on,
            **more,
        }
    )
    results.refresh(form)
    return form


def fill(form: Assessment, ratings: dict[str, Rating] | Rating, *, by: User) -> None:
    """Answers straight into the rows, as pages would leave them: for tests of what comes after.

    Args:
        ratings: by the code of the standard; or one for all.
    """
    for standard in results.asked_of(form):
        rating = ratings if isinstance(ratings, Rating) else ratings.get(standard.code)
        if rating is None:
            continue
        Answer.objects.update_or_create(
            assessment=form.source,
            standard=standard,
            defaults={
                "rating": rating,
                "position": f"Where we are with {standard.title.lower()}.",
                "confidence": "sure",
                "not_applicable_reason": "We have no premises of our own to let."
                if rating == Rating.NOT_APPLICABLE
                else "",
                "version": 1,
                "saved_by": by,
                "saved_at": NOW,
            },
        )
    results.refresh(form.source)


def put_in(form: Assessment, status: Status, cast: Cast) -> Assessment:
    """The form in a status, with what the constraints ask of it; no door is walked through."""
    form.status = status
    if status == Status.CLOSED:
        form.closed_from = Status.PUBLISHED
    if status == Status.EXEMPT:
        form.exempt_reason = "Closes this term."
    if status not in (Status.NOT_STARTED, Status.IN_PROGRESS, Status.EXEMPT):
        form.prepared_by, form.prepared_at = cast.lead, NOW
    if status not in (Status.NOT_STARTED, Status.IN_PROGRESS, Status.EXEMPT, Status.READY):
        form.signed_at = NOW
        SignOff.objects.create(
            assessment=form,
            number=1,
            signed_by=cast.senior,
            name=cast.senior.name,
            role="Head teacher",
            prepared_by_name=cast.lead.name,
            at=NOW,
            statement="It is a fair picture.",
            governing_body_on=date(2026, 12, 10),
            frozen={},
            sha256="0" * 64,
        )
    form.save()
    if status in (Status.MODERATION, Status.MODERATED, Status.PUBLISHED, Status.CLOSED):
        for person in (cast.moderator, cast.second_moderator):
            agency = Agency.objects.belonging_to(person).get()
            Moderator.objects.create(
                assessment=form, person=person, agency=agency, given_by=cast.manager
            )
    return form


def signed(agency: Agency, cast: Cast, rating: Rating = Rating.IN_PLACE, **more) -> Assessment:
    form = form_of(agency, **more)
    fill(form, rating, by=cast.lead)
    form.refresh_from_db()
    return put_in(form, Status.SIGNED, cast)


def standard(code: str) -> Standard:
    return Standard.objects.get(set=standard_set(), code=code)


def complete(form: Assessment, cast: Cast) -> Assessment:
    """Filled in so that no check stops it: critical standards In place, with two pieces of
    evidence for all of them; the others Developing."""
    asked = results.asked_of(form)
    ratings = {each.code: Rating.IN_PLACE if each.critical else Rating.DEVELOPING for each in asked}
    fill(form, ratings, by=cast.lead)
    for title in ("Policy of the school", "Minutes of the governors"):
        evidence = Evidence.objects.create(
            agency=form.agency,
            title=title,
            kind=EvidenceKind.DOCUMENT,
            owner=cast.lead,
            dated_on=date(2026, 3, 1),
            created_by=cast.lead,
        )
        EvidenceUse.objects.bulk_create(
            EvidenceUse(
                evidence=evidence, assessment=form.source, standard=each, added_by=cast.lead
            )
            for each in asked
            if each.critical
        )
    source = form.source
    source.consulted_who, source.consulted_how = "Staff and governors.", "A short survey."
    source.consulted_said = "They want more time for training."
    source.status = Status.IN_PROGRESS
    source.save()
    form.refresh_from_db()
    return form


def handed_over(form: Assessment, cast: Cast) -> Assessment:
    """Complete, and waiting for the senior lead."""
    complete(form, cast)
    return workflow.ready(form, by=cast.lead, no_personal_data=True, now=NOW)


def sign(form: Assessment, by: User, **more: Any) -> SignOff:
    """Through the door, as a page does that was opened a moment ago."""
    now = more.pop("now", NOW)
    return workflow.sign(
        form,
        by=by,
        role="Head teacher",
        governing_body_on=date(2026, 12, 10),
        seen=more.pop("seen", None) or state(form),
        now=now,
        **more,
    )


def state(form: Assessment) -> str:
    fresh = Assessment.objects.select_related("cycle__standards", "agency", "board").get(pk=form.pk)
    return Sheet(fresh, NOW.date()).state()


@contextmanager
def at_most_queries(number: int) -> Iterator[None]:
    """No more than so many; the savepoints of the test itself do not count."""
    with CaptureQueriesContext(connection) as asked:
        yield
    sent = [each["sql"] for each in asked.captured_queries if "SAVEPOINT" not in each["sql"]]
    assert len(sent) <= number, "\n".join(sql[:300] for sql in sent)


def evidence(
    form: Assessment, cast: Cast, *, title: str, kind: EvidenceKind, standards: Iterable[Standard]
) -> Evidence:
    """A piece without a file, shown for some standards; straight into the rows."""
    piece = Evidence.objects.create(
        agency=form.agency,
        title=title,
        kind=kind,
        owner=cast.lead,
        dated_on=date(2026, 3, 1),
        created_by=cast.lead,
    )
    EvidenceUse.objects.bulk_create(
        EvidenceUse(evidence=piece, assessment=form.source, standard=each, added_by=cast.lead)
        for each in standards
    )
    return piece
