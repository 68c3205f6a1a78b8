"""Agencies, contacts and people from a file: looked at row by row, then done at once or not at all.

Every row goes through the same door as the pages. Rows that are there already change nothing, so
the same file can be sent again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import URLValidator
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from agencies import policy, workflow
from agencies.models import Agency, AgencyDomain, Contact, Invitation, Locality, Membership
from agencies.people import Place
from agencies.sheets import Row, Sheet
from agencies.terms import (
    HAS_PARTS,
    IS_A_PART,
    NOT_OF_ITSELF,
    PORTAL_ROLES,
    AgencyType,
    ContactPurpose,
    Role,
    Scope,
)
from audit import events
from ui.fields.words import check_email, check_telephone

MOST_ROWS = 500
"""On the page; the command takes more."""
MOST_ROWS_BY_COMMAND = 10_000
MOST_FAULTS = 50
"""Shown at a time: who has more mends these first."""


class Kind(models.TextChoices):
    AGENCIES = "agencies", gettext_lazy("Agencies")
    PEOPLE = "people", gettext_lazy("People")
    CONTACTS = "contacts", gettext_lazy("Contacts")


PREVENT_CONTACT = [f"prevent_contact_{what}" for what in ("name", "role", "phone", "email")]
CONTACT_TEXTS = ["phone", "email", "web", "hours", "out_of_hours_phone", "note", "source", "owner"]
NEEDED = {
    Kind.AGENCIES: ["agency", "kind", "locality"],
    Kind.PEOPLE: ["email", "role"],
    Kind.CONTACTS: ["purpose", "name", "source", "owner", "checked_on"],
}
USED = {
    Kind.AGENCIES: [*NEEDED[Kind.AGENCIES], "domains", "parent", *PREVENT_CONTACT],
    Kind.PEOPLE: [*NEEDED[Kind.PEOPLE], "agency", "locality"],
    Kind.CONTACTS: ["purpose", "locality", "name", *CONTACT_TEXTS, "checked_on"],
}
ALSO_CALLED = {
    "e_mail": "email",
    "e_mail_address": "email",
    "email_address": "email",
    "organisation": "agency",
    "area": "locality",
    "mail_domains": "domains",
    "part_of": "parent",
}


@dataclass(frozen=True)
class Fault:
    """What is wrong, where: ``row`` 0 is the file as a whole."""

    row: int
    column: str
    what: str

    def __str__(self) -> str:
        if not self.row:
            return self.what
        if not self.column:
            return _("Row %(row)s: %(what)s") % {"row": self.row, "what": self.what}
        return _("Row %(row)s, column “%(column)s”: %(what)s") % {
            "row": self.row,
            "column": self.column,
            "what": self.what,
        }


@dataclass(frozen=True)
class Step:
    """What one row would do; ``act`` is None where everything is there already."""

    row: int
    says: str
    act: Callable[[], object] | None


@dataclass
class Plan:
    """What a file would do, or what is wrong with it."""

    kind: Kind | None = None
    steps: list[Step] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)

    @property
    def changes(self) -> list[Step]:
        return [step for step in self.steps if step.act]

    @property
    def can_be_done(self) -> bool:
        return not self.faults and bool(self.changes)

    @property
    def there_already(self) -> int:
        return len(self.steps) - len(self.changes)


class RefusalError(Exception):
    """One cell cannot be taken."""

    def __init__(self, column: str, what: str) -> None:
        super().__init__(what)
        self.column, self.what = column, what


def plan(sheet: Sheet, *, by: User) -> Plan:
    """Look at every row; nothing is changed.

    Raises:
        PermissionDenied: ``by`` is no portal administrator.
    """
    if not policy.is_portal_admin(by):
        raise PermissionDenied
    called = {head: ALSO_CALLED.get(head, head) for head in sheet.heads}
    heads = set(called.values())
    kind = next((kind for kind in Kind if set(NEEDED[kind]) <= heads), None)
    if kind is None:
        return Plan(faults=[_unknown(heads)])
    made = Plan(kind, unused=[h for h in sheet.heads if called[h] not in USED[kind]])
    if len(called) != len(heads):
        made.faults.append(Fault(0, "", _("Two columns mean the same thing. Take one out.")))
        return made
    if not sheet.rows:
        made.faults.append(Fault(0, "", _("There are no rows below the names of the columns.")))
    look = {Kind.AGENCIES: _Agencies, Kind.PEOPLE: _People, Kind.CONTACTS: _Contacts}[kind](by)
    seen: dict[Any, int] = {}
    for row in sheet.rows:
        cells = {
            called[head]: cell for head, cell in row.cells.items() if called[head] in USED[kind]
        }
        try:
            _see_that_cells_are_plain(cells)
            for name in NEEDED[kind]:
                if not cells[name]:
                    raise RefusalError(name, _("This cell is empty."))
            key, step = look.step(Row(row.number, cells))
            if key in seen:
                raise RefusalError("", _("It says the same as row %(row)s.") % {"row": seen[key]})
            seen[key] = row.number
            made.steps.append(step)
        except RefusalError as refusal:
            made.faults.append(Fault(row.number, refusal.column, refusal.what))
    return made


def carry_out(made: Plan, *, by: User) -> int:
    """Do every step, or none.

    Raises:
        RefusedError: something changed since the file was looked at.
    """
    if made.faults:
        raise workflow.RefusedError(_("Put the file right first."))
    with transaction.atomic():
        for step in made.changes:
            if step.act:
                try:
                    step.act()
                except (PermissionDenied, workflow.RefusedError) as error:
                    what = str(error) or _("You may not give this.")
                    raise workflow.RefusedError(str(Fault(step.row, "", what))) from error
        if made.kind and made.changes:
            events.record("portal.imported", by=by, about=str(made.kind), rows=len(made.changes))
    return len(made.changes)


def _unknown(heads: set[str]) -> Fault:
    nearest = max(Kind, key=lambda kind: len(heads & set(NEEDED[kind])))
    missing = [name for name in NEEDED[nearest] if name not in heads]
    return Fault(
        0,
        "",
        _("For %(kind)s, these columns are missing: %(names)s.")
        % {"kind": str(nearest.label).lower(), "names": ", ".join(missing)},
    )


def _see_that_cells_are_plain(cells: dict[str, str]) -> None:
    for name, cell in cells.items():
        if cell.startswith("="):
            raise RefusalError(name, _("This is a formula. Write what it comes to."))
        if len(cell) > LONGEST.get(name, 120):
            raise RefusalError(
                name,
                _("Make this shorter, at most %(most)s characters.")
                % {"most": LONGEST.get(name, 120)},
            )


LONGEST = {
    "note": 1_000,
    "domains": 1_000,
    "email": 254,
    "prevent_contact_email": 254,
    "phone": 40,
    "out_of_hours_phone": 40,
    "prevent_contact_phone": 40,
    "source": 200,
    "hours": 200,
    "web": 200,
}


def _one_of(choices: type[models.TextChoices], said: str, column: str) -> str:
    """A choice by its stored value or the words on the page."""
    for value, label in choices.choices:
        if said.casefold() in (value.casefold(), str(label).casefold()):
            return str(value)
    words = ", ".join(str(each.label) for each in choices if each not in PORTAL_ROLES)
    raise RefusalError(
        column, _("We do not know this. Write one of: %(words)s.") % {"words": words}
    )


def _checked(check: Callable[[str], None], said: str, column: str) -> str:
    if said:
        try:
            check(said)
        except ValidationError as error:
            raise RefusalError(column, " ".join(error.messages)) from None
    return said


class _Reader:
    """What a row is compared with, read once for the whole file."""

    def __init__(self, by: User) -> None:
        self.by = by
        self.localities = {place.code.casefold(): place for place in Locality.objects.all()}
        self.localities |= {place.name.casefold(): place for place in self.localities.values()}

    def step(self, row: Row) -> tuple[Any, Step]:
        raise NotImplementedError

    def locality(self, said: str) -> Locality:
        found = self.localities.get(said.casefold())
        if found is None:
            raise RefusalError("locality", _("There is no such locality in the portal."))
        return found


Key = tuple[str, int]


class _Agencies(_Reader):
    """An agency is the one of its name in its locality. A row may name one of a row above."""

    def __init__(self, by: User) -> None:
        super().__init__(by)
        self.known: dict[Key, Agency] = {}
        self.named: dict[str, set[int]] = {}  # stored, or in a row so far: by name, where
        self.parts: set[Key] = set()
        self.wholes: set[Key] = set()
        for each in Agency.objects.select_related("parent").prefetch_related("domains"):
            key = self._key(each)
            self.known[key] = each
            self.named.setdefault(key[0], set()).add(key[1])
            if each.parent:
                self.parts.add(key)
                self.wholes.add(self._key(each.parent))

    def step(self, row: Row) -> tuple[Any, Step]:
        cells = row.cells
        locality = self.locality(cells["locality"])
        key = cells["agency"].casefold(), locality.pk
        wanted: dict[str, Any] = {name: cells[name] for name in PREVENT_CONTACT if cells.get(name)}
        _checked(check_email, wanted.get("prevent_contact_email", ""), "prevent_contact_email")
        _checked(check_telephone, wanted.get("prevent_contact_phone", ""), "prevent_contact_phone")
        wanted["kind"] = _one_of(AgencyType, cells["kind"], "kind")
        domains = [
            self._domain(said)
            for said in cells.get("domains", "").replace(",", " ").replace(";", " ").split()
        ]
        parent = self._parent(cells["parent"], key) if cells.get("parent") else None
        self.named.setdefault(key[0], set()).add(key[1])
        there = self.known.get(key)
        if there is None:
            return key, Step(
                row.number,
                _("%(name)s, %(place)s: added") % {"name": cells["agency"], "place": locality},
                lambda: self._add(cells["agency"], locality, parent, domains=domains, **wanted),
            )
        known = {each.domain for each in there.domains.all()}
        changed = {name: said for name, said in wanted.items() if getattr(there, name) != said}
        new = [domain for domain in domains if domain not in known]
        moved = bool(parent) and (there.parent is None or self._key(there.parent) != parent)
        if not changed and not new and not moved:
            return key, Step(row.number, _("%(name)s: there already") % {"name": there}, None)
        return key, Step(
            row.number,
            _("%(name)s: changed") % {"name": there},
            lambda: workflow.change_agency(
                there,
                domains=new,
                by=self.by,
                **changed,
                **({"parent": self.known[parent]} if parent and moved else {}),
            ),
        )

    def _add(self, name: str, locality: Locality, parent: Key | None, **wanted: Any) -> None:
        above = self.known[parent] if parent else None
        made = workflow.add_agency(name, locality, parent=above, by=self.by, **wanted)
        self.known[self._key(made)] = made

    def _key(self, agency: Agency) -> Key:
        return agency.name.casefold(), agency.locality_id

    def _parent(self, said: str, key: Key) -> Key:
        """Which agency is meant: that of the row's own locality before one elsewhere."""
        name = said.casefold()
        if (name, key[1]) == key:
            raise RefusalError("parent", str(NOT_OF_ITSELF))
        places = self.named.get(name, set())
        if not places:
            raise RefusalError(
                "parent", _("There is no such agency in the portal, nor in a row above this one.")
            )
        if len(places) > 1 and key[1] not in places:
            raise RefusalError(
                "parent", _("Several agencies have this name. Choose one in the back office.")
            )
        parent = name, key[1] if key[1] in places else min(places)
        if key in self.wholes:
            raise RefusalError("parent", str(HAS_PARTS))
        if parent in self.parts:
            raise RefusalError("parent", str(IS_A_PART))
        self.parts.add(key)
        self.wholes.add(parent)
        return parent

    def _domain(self, said: str) -> str:
        domain = said.strip().lower().lstrip("@")
        try:
            AgencyDomain(domain=domain).full_clean(exclude=["agency"], validate_unique=False)
        except ValidationError as error:
            raise RefusalError("domains", f"{said}: {' '.join(error.messages)}") from None
        return domain


class _People(_Reader):
    def __init__(self, by: User) -> None:
        super().__init__(by)
        self.agencies: dict[str, list[Agency]] = {}
        for each in Agency.objects.filter(is_active=True).select_related("locality"):
            self.agencies.setdefault(each.name.casefold(), []).append(each)
        columns = ("role", "agency", "locality")
        self.held = set(Membership.objects.active().values_list("person__email", *columns))
        self.offered = set(Invitation.objects.open().values_list("email", *columns))

    def step(self, row: Row) -> tuple[Any, Step]:
        email = _checked(check_email, row.cells["email"].lower(), "email")
        if email == self.by.email:
            raise RefusalError("email", _("Nobody gives roles to themselves."))
        role = Role(_one_of(Role, row.cells["role"], "role"))
        place = self._place(role, row.cells)
        key = (
            email,
            role.value,
            place.pk if isinstance(place, Agency) else None,
            place.pk if isinstance(place, Locality) else None,
        )
        said = {"email": email, "role": role.label, "place": place}
        if key in self.held:
            return key, Step(
                row.number, _("%(email)s is %(role)s, %(place)s, already") % said, None
            )
        if key in self.offered:
            return key, Step(
                row.number, _("%(email)s is invited as %(role)s, %(place)s, already") % said, None
            )
        return key, Step(
            row.number,
            _("%(email)s becomes %(role)s, %(place)s") % said,
            lambda: workflow.bring_in(email, role, place, by=self.by),
        )

    def _place(self, role: Role, cells: dict[str, str]) -> Place:
        if role.scope == Scope.PORTAL:
            raise RefusalError("role", _("Roles of the whole portal are given on its own page."))
        if role.scope == Scope.LOCALITY:
            if not cells.get("locality"):
                raise RefusalError("locality", _("Write the locality of this role."))
            return self.locality(cells["locality"])
        if not cells.get("agency"):
            raise RefusalError("agency", _("Write the agency of this role."))
        found = self.agencies.get(cells["agency"].casefold(), [])
        if cells.get("locality"):
            place = self.locality(cells["locality"])
            found = [each for each in found if each.locality_id == place.pk]
        if not found:
            raise RefusalError("agency", _("There is no such agency in the portal. Add it first."))
        if len(found) > 1:
            raise RefusalError(
                "agency", _("Several agencies have this name. Write the locality too.")
            )
        return found[0]


class _Contacts(_Reader):
    def __init__(self, by: User) -> None:
        super().__init__(by)
        self.known = {
            (each.purpose, each.locality_id, each.name.casefold()): each
            for each in Contact.objects.all()
        }

    def step(self, row: Row) -> tuple[Any, Step]:
        cells = row.cells
        purpose = _one_of(ContactPurpose, cells["purpose"], "purpose")
        locality = self.locality(cells["locality"]) if cells.get("locality") else None
        key = purpose, locality.pk if locality else None, cells["name"].casefold()
        wanted: dict[str, Any] = {name: cells.get(name, "") for name in CONTACT_TEXTS}
        for name, check in (
            ("phone", check_telephone),
            ("out_of_hours_phone", check_telephone),
            ("email", check_email),
            ("web", URLValidator(["https", "http"])),
        ):
            _checked(check, wanted[name], name)
        if not (wanted["phone"] or wanted["email"] or wanted["web"]):
            raise RefusalError("phone", _("Give a telephone number, an e-mail or a web address."))
        wanted["checked_on"] = self._day(cells["checked_on"])
        there = self.known.get(key)
        if there is None:
            return key, Step(
                row.number,
                _("%(name)s: added") % {"name": cells["name"]},
                lambda: workflow.add_contact(
                    purpose, locality, cells["name"], by=self.by, **wanted
                ),
            )
        changed = {name: said for name, said in wanted.items() if getattr(there, name) != said}
        if not changed:
            return key, Step(row.number, _("%(name)s: there already") % {"name": there}, None)
        return key, Step(
            row.number,
            _("%(name)s: changed") % {"name": there},
            lambda: workflow.change_contact(there, by=self.by, **changed),
        )

    def _day(self, said: str) -> date:
        try:
            day = date.fromisoformat(said)
        except ValueError:
            raise RefusalError("checked_on", _("Write the day like 2026-05-31.")) from None
        if day > timezone.localdate():
            raise RefusalError("checked_on", _("This day is still to come."))
        return day
