"""The cast: who they are, where they work, and their accounts."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.utils import timezone

from accounts.models import TITLES, Terms, TermsAccepted, User
from accounts.terms import DRAFT
from agencies import opening, retention
from agencies.models import (
    Agency,
    AgencyDomain,
    Contact,
    ContactEdition,
    Locality,
    Membership,
    RetentionRule,
    Route,
)
from agencies.terms import READS_OTHERS, SUGGESTED_MONTHS, ContactPurpose, Role, Scope
from demo import events
from demo.stories import HERE, read
from guidance import loading
from guidance.models import StatementPage
from guidance.privacy import SLUG

SECRET = "DEMODEMODEMODEMODEMODEMODEMODEMO"  # noqa: S105 - of the demonstration, for all to read
BEGAN = timedelta(days=400)
"""Everyone has been in post for over a year, so that stories of last week find them there."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """One of the cast, as the file describes them."""

    key: str
    name: str
    title: str
    hint: str
    group: str
    roles: tuple[str, ...]
    phone: str
    email: str
    agency: str = ""
    away: tuple[str, ...] = ()

    @property
    def held(self) -> list[tuple[Role, str]]:
        """Roles with the place of each: the agency's key, a locality's code, or nothing."""
        found = []
        for said in self.roles:
            role, *places = said.split()
            found += [(Role(role), place) for place in places or [self.agency]]
        return [(role, "" if role.scope == Scope.PORTAL else place) for role, place in found]

    @property
    def needs_code(self) -> bool:
        return any(role in READS_OTHERS for role, _place in self.held)


@dataclass(frozen=True, kw_only=True)
class Cast:
    localities: dict[str, dict[str, Any]]
    routes: dict[str, dict[str, dict[str, str]]]
    contacts: list[dict[str, str]]
    agencies: dict[str, dict[str, Any]]
    groups: dict[str, str]
    people: dict[str, Person] = field(default_factory=dict)

    def by_group(self) -> list[tuple[str, list[Person]]]:
        return [
            (title, [person for person in self.people.values() if person.group == group])
            for group, title in self.groups.items()
        ]


@cache
def told() -> Cast:
    """The cast as ``cast.yaml`` tells it."""
    raw = read((HERE / "cast.yaml").read_text("utf-8"))
    people = {key: _person(key, said, raw["agencies"]) for key, said in raw.pop("people").items()}
    return Cast(people=people, **raw)


def _person(key: str, said: dict[str, Any], agencies: dict[str, Any]) -> Person:
    domain, email = said.pop("domain", ""), said.pop("email", "")
    if not email:
        words = [word for word in said["name"].lower().split() if word not in TITLES]
        email = f"{'.'.join(words)}@{domain or agencies[said['agency']]['domains'][0]}"
    return Person(
        key=key,
        email=email,
        roles=tuple(said.pop("roles")),
        away=tuple(said.pop("away", ())),
        **said,
    )


@dataclass(frozen=True)
class Company:
    """The cast as rows of the database, by their keys."""

    localities: dict[str, Locality]
    agencies: dict[str, Agency]
    people: dict[str, User]


def build(*, now: datetime) -> Company:
    """Make localities, routes, agencies, accounts, roles and second factors."""
    cast = told()
    localities = {code: _locality(code, said) for code, said in cast.localities.items()}
    for code, routes in cast.routes.items():
        for kind, said in routes.items():
            Route.objects.update_or_create(
                locality=localities[code], kind=kind, sector="", defaults=said
            )
    agencies = {
        key: Agency.objects.create(
            name=said["name"],
            kind=said["kind"],
            sector=said.get("sector", ""),
            locality=localities[said["locality"]],
            **_contact_of(cast.people[said["contact"]]),
        )
        for key, said in cast.agencies.items()
    }
    AgencyDomain.objects.bulk_create(
        AgencyDomain(agency=agencies[key], domain=domain)
        for key, said in cast.agencies.items()
        for domain in said["domains"]
    )
    people = {person.key: _account(person, now=now) for person in cast.people.values()}
    company = Company(localities, agencies, people)
    _give_roles(cast, company, now=now)
    today = timezone.localdate(now)
    _add_contacts(cast, localities, today)
    go_live(company.people, now=now)
    return company


def _add_contacts(cast: Cast, localities: dict[str, Locality], today: date) -> None:
    made = Contact.objects.bulk_create(
        Contact(
            **{
                **said,
                "locality": localities.get(said.get("locality", "")),
                "order": number,
                "checked_on": today,
                "source": "Invented for the demonstration",
                "owner": cast.people["beth"].name,
            }
        )
        for number, said in enumerate(cast.contacts)
    )
    ContactEdition.objects.note(made)


def go_live_later(*, now: datetime) -> None:
    """Open a demonstration that was made before there was a door to go through."""
    if opening.is_open():
        return
    cast = told()
    emails = {person.key: person.email for person in cast.people.values()}
    known = {user.email: user for user in User.objects.filter(email__in=emails.values())}
    localities = {place.code: place for place in Locality.objects.all()}
    if not Contact.objects.filter(purpose=ContactPurpose.CONTROLLER).exists():
        new = [said for said in cast.contacts if said["purpose"] == ContactPurpose.CONTROLLER]
        _add_contacts(replace(cast, contacts=new), localities, timezone.localdate(now))
    go_live({key: known[email] for key, email in emails.items()}, now=now)


def go_live(people: dict[str, User], *, now: datetime) -> None:
    """Open the portal through its own door, with rules that are marked as invented."""
    if opening.is_open():
        return
    if not StatementPage.objects.live().filter(slug=SLUG).exists():
        loading.load()
        loading.load_translations("cy")
    events.date_back(now - BEGAN)
    if not Terms.objects.exists():
        terms = Terms.objects.create(words=DRAFT)
        TermsAccepted.objects.bulk_create(
            TermsAccepted(person=person, terms=terms, at=now) for person in people.values()
        )
    proposer, signer = people["frank"], people["noor"]
    signed = set(RetentionRule.objects.in_force().values_list("kind", flat=True))
    for kind, (months, child_months) in SUGGESTED_MONTHS.items():
        if kind not in signed:
            rule = retention.propose(
                kind,
                months=months,
                child_months=child_months,
                source="Invented for the demonstration",
                by=proposer,
            )
            retention.sign(rule, by=signer)
    opening.open_portal(by=signer, now=now)


def company() -> Company:
    """The cast that is in the database already."""
    cast = told()
    known = {user.email: user for user in User.objects.filter(email__endswith="example.org")}
    agencies = {agency.name: agency for agency in Agency.objects.select_related("locality")}
    return Company(
        localities={place.code: place for place in Locality.objects.all()},
        agencies={key: agencies[said["name"]] for key, said in cast.agencies.items()},
        people={key: known[person.email] for key, person in cast.people.items()},
    )


def _locality(code: str, said: dict[str, Any]) -> Locality:
    place, _made = Locality.objects.update_or_create(
        code=code,
        defaults={
            "name": said["name"],
            "is_default": said.get("default") == "yes",
            "outside_hours_note": said["outside_hours_note"],
        },
    )
    return place


def _contact_of(person: Person) -> dict[str, str]:
    return {
        "prevent_contact_name": person.name,
        "prevent_contact_role": person.title,
        "prevent_contact_phone": person.phone,
        "prevent_contact_email": person.email,
    }


def _account(person: Person, *, now: datetime) -> User:
    user = User.objects.create_user(
        person.email,
        person.name,
        job_title=person.title,
        phone=person.phone,
        date_joined=now,
        is_staff=bool(
            {role for role, _place in person.held}
            & {Role.GUIDANCE_EDITOR, Role.GUIDANCE_APPROVER, Role.PORTAL_ADMIN}
        ),
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    if person.needs_code:
        TOTP.activate(user, SECRET)
    return user


def _give_roles(cast: Cast, company: Company, *, now: datetime) -> None:
    begun = now - BEGAN
    administrator = company.people["noor"]
    Membership.objects.bulk_create(
        Membership(
            person=company.people[person.key],
            role=role,
            agency=company.agencies[place] if role.scope == Scope.AGENCY else None,
            locality=company.localities[place] if role.scope == Scope.LOCALITY else None,
            starts_on=timezone.localdate(begun),
            confirmed_at=begun,
            confirmed_by=None if person.key == "noor" else administrator,
        )
        for person in cast.people.values()
        for role, place in person.held
    )


def authenticator_of(user: User) -> Authenticator | None:
    found: Authenticator | None = Authenticator.objects.filter(
        user=user, type=Authenticator.Type.TOTP
    ).first()
    return found
