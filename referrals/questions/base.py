"""What a question is, and the conditions under which one is asked."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db.models import Choices
from django.utils.functional import Promise

from referrals import terms

if TYPE_CHECKING:
    from referrals.answers import Answers

Words = str | Promise
Condition = Callable[["Answers"], bool]

BY_NAME: dict[str, "Question"] = {}
"""Every question by its name; the package fills it."""

ADULT_FROM = 18
"""Years of age."""
SECOND_OPINION_UP_TO = 10
"""Years of age: C7 (rule 4 of section 14)."""


class Kind(StrEnum):
    TEXT = "text"
    LONG = "long"
    CHOICE = "choice"
    SELECT = "select"
    MULTI = "multi"
    DETAILS = "details"
    APPROX = "approx"
    DAY = "day"
    MOMENT = "moment"
    NUMBER = "number"
    ROWS = "rows"
    CONTACT = "contact"
    PERSON = "person"
    CONFIRM = "confirm"
    FILES = "files"


class Need(StrEnum):
    """Required to go on; strongly prompted, left only with a reason; or optional."""

    REQUIRED = "R"
    STRONG = "S"
    OPTIONAL = "O"


class Asked(StrEnum):
    PRACTITIONER = "P"
    LEAD = "L"
    SYSTEM = "Y"
    PREVENT = "V"
    POLICE = "X"


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question.

    ``name`` is the column, unique over the whole record; ``of`` and ``when`` tie a follow-up to
    the answer that opens it; ``applies`` is the condition under which it is asked at all;
    ``special`` names the categories of section 13 that the answer may hold.
    """

    code: str
    name: str
    record: str
    kind: Kind
    text: Words
    short: Words
    choices: type[Choices] | None = None
    hint: Words = ""
    need: Need = Need.OPTIONAL
    by: Asked = Asked.PRACTITIONER
    special: str = ""
    of: str = ""
    when: tuple[str, ...] = ()
    applies: Condition | None = None
    exclusive: tuple[str, ...] = ()
    minimum: int = 0
    maximum: int = 4000
    columns: tuple[tuple[str, Words], ...] = ()
    past: bool = True
    missing: Words = ""
    about: Words = ""
    """What a long answer is about, after "Write a little more about": "what happened"."""
    required_if: Condition | None = None
    """Where given, an answer is required only for those it holds for; optional for others."""
    formerly: str = ""
    """The column in which the answer stands in words, where it was asked so before."""
    said: bool = False
    """Exact words: shown as a quotation."""

    def is_required(self, answers: "Answers") -> bool:
        if self.required_if is not None:
            return self.required_if(answers)
        return self.need is Need.REQUIRED

    def is_asked(self, answers: "Answers") -> bool:
        if self.applies is not None and not self.applies(answers):
            return False
        if self.of:
            parent = BY_NAME[self.of]
            if not parent.is_asked(answers):
                return False
            given = answers.get(self.of)
            given = given if isinstance(given, (list, dict)) else [given]
            return any(str(value) in self.when for value in given)
        return True


def is_child(a: "Answers") -> bool:
    return a.is_child


def is_adult(a: "Answers") -> bool:
    return a.is_adult


def gate_yes(a: "Answers") -> bool:
    return a.gate_yes


def age_not_known(a: "Answers") -> bool:
    return a.age_from_birth is None


def event(a: "Answers") -> bool:
    return bool(a.get("came_to_notice") == terms.CameToNotice.EVENT)


def online(a: "Answers") -> bool:
    return a.get("came_to_notice") == terms.CameToNotice.ONLINE or terms.Feature.ONLINE in (
        a.get("features") or {}
    )


def young(a: "Answers") -> bool:
    return a.age is not None and a.age <= SECOND_OPINION_UP_TO


def health(a: "Answers") -> bool:
    return str(a.get("health_known")) not in ("", terms.HealthKnown.NONE)


def has_lead(a: "Answers") -> bool:
    return a.has_lead


def alone(a: "Answers") -> bool:
    return a.alone


def not_told(a: "Answers") -> bool:
    untold = {terms.Told.RISK, terms.Told.POLICE, terms.Told.NOT_YET}
    return a.get("told_person") in untold or (
        a.is_child and a.get("told_parent") in {terms.ParentTold.RISK, terms.ParentTold.POLICE}
    )


def unfair(a: "Answers") -> bool:
    return bool(a.get("fair_basis") == terms.YesNo.NO)


def own_form(a: "Answers") -> bool:
    return a.is_child and a.get("place") == terms.Place.NORTH_YORKSHIRE


class Maker:
    """Keeps the record's name and who is asked, so that a question says only what is its own."""

    def __init__(self, record: str, by: Asked, *, special: str = "") -> None:
        self.record, self.by, self.special = record, by, special
        self.made: list[Question] = []

    def __call__(
        self,
        code: str,
        name: str,
        kind: Kind,
        text: Words,
        short: Words,
        need: Need = Need.OPTIONAL,
        **more: Any,
    ) -> None:
        more.setdefault("by", self.by)
        more.setdefault("special", self.special)
        self.made.append(
            Question(
                code=code,
                name=name,
                record=self.record,
                kind=kind,
                text=text,
                short=short,
                need=need,
                **more,
            )
        )


R, S, O = Need.REQUIRED, Need.STRONG, Need.OPTIONAL  # noqa: E741 - the dictionary's own letters
YES = ("yes",)
