"""Who takes part: the cast's agencies and some more, with a lead, a senior lead and helpers."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.utils import timezone
from django.utils.text import slugify

from accounts.models import User
from agencies.models import Agency, AgencyDomain, Locality, Membership
from agencies.terms import Role
from demo import cast, synthetic
from demo.stories import read
from selfassessment.models import AlsoReports, Profile
from selfassessment.terms import FormType

HERE = Path(__file__).resolve().parent
MAIL_OF_HOMES = "mail.example.org"
MODERATE = (
    "Coast District Services",
    "Wolds Transport Police",
    "Moorside Prison",
    "Coast Sixth Form College",
    "Riverside Community Centre",
)
"""Agencies of which somebody moderates, beside the two of the cast."""


@cache
def told() -> Any:
    return read((HERE / "agencies.yaml").read_text("utf-8"))


@dataclass
class Place:
    """An agency that takes part.

    Attributes:
        lead: None where nobody was given the role, so that no form was ever begun.
        helpers: others of the agency.
        speech: what it calls itself, its staff, its users and those above it.
    """

    said: Mapping[str, str]
    agency: Agency
    lead: User | None = None
    senior: User | None = None
    helpers: list[User] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.agency.name

    @property
    def form_type(self) -> FormType:
        return FormType(self.said["form"])

    @property
    def is_alone(self) -> bool:
        return "alone" in self.said

    @property
    def speech(self) -> dict[str, str]:
        usual: dict[str, str] = told()["speech"][self.form_type]
        return {name: self.said.get(name, words) for name, words in usual.items()}

    def chance(self, *what: object) -> random.Random:
        """The same draws each time, for this agency and this purpose."""
        seed = "|".join(map(str, (self.agency.name, *what)))
        return random.Random(seed)  # noqa: S311 - repeatable, and nothing secret


@dataclass(frozen=True)
class Moderating:
    """Somebody who moderates, and of which agency."""

    person: User
    agency: Agency
    form_type: FormType


def make(company: cast.Company, *, now: datetime) -> list[Place]:
    """Make the agencies that the cast has not, those who work there, and every profile."""
    further = _make_agencies(company.localities)
    places = [Place(said, company.agencies[key]) for key, said in told()["cast"].items()] + [
        Place(said, agency) for said, agency in zip(told()["further"], further, strict=True)
    ]
    _find_people(places)
    _make_people(places, now=now)
    Profile.objects.bulk_create(
        Profile(
            agency=place.agency,
            form_type=place.form_type,
            sub_type=place.said.get("sub_type", ""),
            short_form=place.is_alone,
            is_specified=place.form_type != FormType.VC,
            is_one_person=place.is_alone,
        )
        for place in places
    )
    AlsoReports.objects.bulk_create(
        AlsoReports(agency=place.agency, board=company.localities[place.said["also"]])
        for place in places
        if "also" in place.said
    )
    return places


def _make_agencies(localities: Mapping[str, Locality]) -> list[Agency]:
    made = Agency.objects.bulk_create(
        Agency(name=said["name"], kind=said["kind"], locality=localities[said["place_of"]])
        for said in told()["further"]
    )
    AgencyDomain.objects.bulk_create(
        AgencyDomain(agency=agency, domain=f"{slugify(agency.name)}.example.org")
        for said, agency in zip(told()["further"], made, strict=True)
        if "alone" not in said
    )
    return made


def _find_people(places: Iterable[Place]) -> None:
    """Those of the cast who hold a role in one of the agencies."""
    by_agency = {place.agency.pk: place for place in places}
    held = Membership.objects.filter(agency__in=by_agency, ends_on__isnull=True)
    for each in held.select_related("person").order_by("pk"):
        assert each.agency_id is not None  # noqa: S101 - for the types: asked for above
        place = by_agency[each.agency_id]
        if each.role == Role.LEAD:
            place.lead = place.lead or each.person
        elif each.role == Role.SENIOR_LEAD:
            place.senior = each.person
        elif each.role != Role.AGENCY_ADMIN:
            place.helpers.append(each.person)


def _make_people(places: Iterable[Place], *, now: datetime) -> None:
    """A lead, a senior lead and two helpers where the cast has nobody."""
    fresh: list[tuple[Place, User, Role]] = []
    for place in places:
        lead_title, senior_title = told()["titles"][place.form_type]
        chance = place.chance("people")
        if "kind" in place.said:
            title = "Childminder" if place.is_alone else lead_title
            place.lead = _person(place, title, chance, now)
            fresh.append((place, place.lead, Role.LEAD))
        if place.lead is None:
            continue
        if place.is_alone:
            place.senior = place.lead
            continue
        if place.senior is None:
            place.senior = _person(place, senior_title, chance, now)
            fresh.append((place, place.senior, Role.SENIOR_LEAD))
        while len(place.helpers) < 2:
            helper = _person(
                place, "Quality officer" if place.helpers else "Office manager", chance, now
            )
            place.helpers.append(helper)
            fresh.append((place, helper, Role.PRACTITIONER))
    people = [person for _place, person, _role in fresh]
    User.objects.bulk_create(people)
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in people
    )
    begun = now - cast.BEGAN - cast.BEGAN  # they signed the first of the three years
    starts = timezone.localdate(begun)
    Membership.objects.bulk_create(
        Membership(
            person=person, agency=place.agency, role=role, starts_on=starts, confirmed_at=begun
        )
        for place, person, role in fresh
    )
    Membership.objects.bulk_create(
        Membership(
            person=place.helpers[1], role=Role.MODERATOR, starts_on=starts, confirmed_at=begun
        )
        for place in places
        if place.name in MODERATE
    )
    for place in places:
        if "kind" in place.said and place.lead is not None:
            place.agency.prevent_contact_name = place.lead.name
            place.agency.prevent_contact_role = place.lead.job_title
            place.agency.prevent_contact_phone = place.lead.phone
            place.agency.prevent_contact_email = place.lead.email
    Agency.objects.bulk_update(
        [place.agency for place in places if "kind" in place.said],
        [f"prevent_contact_{name}" for name in ("name", "role", "phone", "email")],
    )


def _person(place: Place, title: str, chance: random.Random, now: datetime) -> User:
    lists = synthetic.short_lists()
    name = f"{chance.choice([*lists['girls'], *lists['boys']])} {chance.choice(lists['surnames'])}"
    domain = MAIL_OF_HOMES if place.is_alone else f"{slugify(place.name)}.example.org"
    user = User(
        email=f"{name.lower().replace(' ', '.')}@{domain}",
        name=name,
        job_title=title,
        phone=f"01632 960{chance.randrange(1000):03}",
        date_joined=now,
    )
    user.set_unusable_password()
    return user


def moderators(company: cast.Company, places: Iterable[Place]) -> list[Moderating]:
    """Those of the cast first."""
    by_name = {place.name: place for place in places}
    found = []
    for key in ("sara", "keith"):
        place = by_name[cast.told().agencies[cast.told().people[key].agency]["name"]]
        found.append(Moderating(company.people[key], place.agency, place.form_type))
    for name in MODERATE:
        place = by_name[name]
        found.append(Moderating(place.helpers[1], place.agency, place.form_type))
    return found
