"""The stories of the demonstration, as their files tell them, and their answers made real."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from accounts.models import User
from agencies.models import Agency
from demo.times import Calendar
from referrals.questions import BY_NAME, Kind, Question

HERE = Path(__file__).resolve().parent
SCENARIOS = HERE / "scenarios"
WAITING = HERE / "waiting"


@dataclass(frozen=True)
class Act:
    """One step of a story: who does what, when; with words or answers where it takes them."""

    do: str
    by: str
    at: str
    say: str = ""
    to: str = ""
    answers: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Story:
    """One concern: its answers by question name, and the acts that lead to where it stands."""

    code: str
    agency: str
    author: str
    walk: tuple[Act, ...]
    ends: str
    answers: dict[str, Any]
    lead: str = ""
    number: int | None = None
    received_by: str = "portal"
    close: tuple[str, ...] = ()
    """Those of the agency's safeguarding team who must not hear of it."""

    @property
    def names_given(self) -> set[str]:
        acted = {name for act in self.walk for name in act.answers}
        return set(self.answers) | acted


def read(text: str) -> Any:
    """YAML in which every value is text: "no" is the answer no, not false."""
    return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes text, lists and maps only


def load(folder: Path) -> list[Story]:
    """The stories of a folder, in the order of their file names."""
    return [story(read(path.read_text("utf-8"))) for path in sorted(folder.glob("*.yaml"))]


def story(told: dict[str, Any]) -> Story:
    walk = tuple(Act(**act) for act in told.pop("walk"))
    close = tuple(told.pop("close", ()))
    number = told.pop("number", None)
    return Story(walk=walk, close=close, number=int(number) if number else None, **told)


@dataclass(frozen=True)
class Teller:
    """Makes a story's answers into the values that the portal stores."""

    calendar: Calendar
    people: dict[str, User]
    agencies: dict[str, Agency]

    def value(self, question: Question, said: Any) -> Any:
        calendar = self.calendar
        match question.kind:
            case Kind.NUMBER:
                return int(said)
            case Kind.APPROX:
                return calendar.approx(said)
            case Kind.DAY:
                return calendar.day(said)
            case Kind.MOMENT:
                # What people did before they wrote it down, never after.
                return min(calendar.moment(said), calendar.now - timedelta(minutes=10))
            case Kind.PERSON:
                return self.people[said]
            case Kind.CONTACT:
                return self.contact(said)
            case Kind.DETAILS:
                return {value: calendar.words(words) for value, words in said.items()}
            case Kind.ROWS:
                return [
                    {column: calendar.words(cell) for column, cell in row.items()} for row in said
                ]
            case Kind.MULTI:
                return list(said)
        return calendar.words(said)

    def values(self, said: dict[str, Any]) -> dict[str, Any]:
        return {name: self.value(BY_NAME[name], words) for name, words in said.items()}

    def contact(self, key: str) -> dict[str, str]:
        person = self.people[key]
        agency = next(
            (str(each.agency) for each in person.memberships.all() if each.agency is not None), ""
        )
        return {
            "name": person.name,
            "role": person.job_title,
            "organisation": agency,
            "relationship": "",
            "phone": person.phone,
            "email": person.email,
        }
