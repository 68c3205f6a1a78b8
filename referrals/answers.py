"""The answers of one referral: read across its section records, and shown in words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any, ClassVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from agencies import people
from files.terms import FileKind
from referrals import terms
from referrals.models import Referral
from referrals.questions import (
    ADULT_FROM,
    BY_NAME,
    QUESTIONS,
    Kind,
    Need,
    Question,
    Words,
    asked,
)
from ui import dates

RECORDS = ("gate", "concern", "person", "monitoring", "context", "check_record", "share")
"""Made with the draft; the others when their time comes."""
ALL_RECORDS = (*RECORDS, "despite", "route_record", "triage_record", "gateway_record")
NOTICE_RECORDS = ("gate", "concern", "person", "monitoring", "context")
ALONE_SIGNS = gettext_lazy("This is my own decision, after the advice that I was given")
WHO_THERE_IS = ("excluded", "team", "leads", "hearers")
AGREED = "words_agreed"
"""Where the frozen answers keep the words of each declaration, by the question's name (row W13)."""
AGE_BANDS = (
    (10, terms.AgeBand.CHILD_10),
    (15, terms.AgeBand.CHILD_15),
    (17, terms.AgeBand.CHILD_17),
    (20, terms.AgeBand.ADULT_20),
    (30, terms.AgeBand.ADULT_30),
    (40, terms.AgeBand.ADULT_40),
    (50, terms.AgeBand.ADULT_50),
)


@dataclass(frozen=True)
class Shown:
    """One answer in words, for a summary, a case page or a PDF."""

    question: Question
    paragraphs: list[str]
    change: ClassVar[str] = ""
    """Nothing to be changed here; a template that found no such name would look long for it."""

    @property
    def text(self) -> str:
        return "; ".join(self.paragraphs)

    @property
    def is_long(self) -> bool:
        return self.question.kind in (Kind.LONG, Kind.DETAILS)


class Answers:
    """What has been answered so far. Conditions of questions are asked of this object."""

    def __init__(self, referral: Referral, *, today: date | None = None) -> None:
        self.referral = referral
        self.today = today or timezone.localdate()
        self._extra: dict[str, Any] = {}
        # References of what may be the same person, with the words of each: what T3 offers.
        self.matches: list[tuple[str, str]] = []
        self._records: dict[str, models.Model | None] = {}

    def record(self, name: str) -> models.Model | None:
        if name not in self._records:
            try:
                self._records[name] = getattr(self.referral, name)
            except ObjectDoesNotExist:
                self._records[name] = None
        return self._records[name]

    def get(self, name: str) -> Any:
        """The stored answer to a question: text, list, dict, date, person, or empty."""
        if name in self._extra:
            return self._extra[name]
        question = BY_NAME[name]
        record = self.record(question.record)
        if record is None:
            return ""
        found = getattr(record, name)
        return getattr(record, question.formerly) if question.formerly and not found else found

    def with_changes(self, changes: dict[str, Any]) -> "Answers":
        """The same answers as they would be with these changes; nothing is stored."""
        changed = Answers(self.referral, today=self.today)
        changed._extra = {**self._extra, **changes}
        changed.matches = self.matches
        # Who there is does not depend on what is answered: what was read of it is known.
        read = vars(self)
        vars(changed).update({name: read[name] for name in WHO_THERE_IS if name in read})
        return changed

    def is_answered(self, question: Question) -> bool:
        return self.get(question.name) not in ("", None, [], {})

    # What conditions ask -------------------------------------------------------------------
    @property
    def gate_yes(self) -> bool:
        return "yes" in (self.get("harm"), self.get("crime"), self.get("travel"))

    @property
    def age_from_birth(self) -> int | None:
        """Whole years, from a date of birth that has at least a year.

        Where the day or month is not known, the youngest that the person can be: a child is
        never taken for older, so that no second opinion and no front door is left out.
        """
        return self._age(month=12, day=31)

    @property
    def says_two_ages(self) -> bool:
        """Whether "under 18" and the age, or any birth date that fits, cannot both be true."""
        under_18, oldest = self.get("under_18"), self._age(month=1, day=1)
        if under_18 == terms.YesNoUnknown.YES:
            return self.age is not None and self.age >= ADULT_FROM
        if oldest is None:
            oldest = self.age
        return under_18 == terms.YesNoUnknown.NO and oldest is not None and oldest < ADULT_FROM

    def _age(self, *, month: int, day: int) -> int | None:
        """Whole years; the month and day stand in for what is not known of the birth date."""
        born = self.get("born") or {}
        if not born.get("year"):
            return None
        birthday = int(born.get("month") or month), int(born.get("day") or day)
        before_birthday = (self.today.month, self.today.day) < birthday
        return max(0, self.today.year - int(born["year"]) - before_birthday)

    @property
    def age(self) -> int | None:
        age = self.age_from_birth
        if age is not None:
            return age
        given = self.get("age")
        return int(given) if given not in ("", None) else None

    @property
    def is_child(self) -> bool:
        if self.age is not None:
            return self.age < ADULT_FROM
        return bool(self.get("under_18") == terms.YesNoUnknown.YES)

    @property
    def is_adult(self) -> bool:
        if self.age is not None:
            return self.age >= ADULT_FROM
        return bool(self.get("under_18") == terms.YesNoUnknown.NO)

    @property
    def age_band(self) -> terms.AgeBand:
        if self.age is None:
            return terms.AgeBand.UNKNOWN
        return next((band for top, band in AGE_BANDS if self.age <= top), terms.AgeBand.ADULT_51)

    @cached_property
    def excluded(self) -> set[int]:
        """Those who are close to it and never hear of it."""
        read: list[int] | None = getattr(self.referral, "close", None)
        return set(
            self.referral.exclusions.values_list("person_id", flat=True) if read is None else read
        )

    @cached_property
    def team(self) -> list[User]:
        """The agency's leads and deputies, close to it or not; never its author."""
        if self.referral.agency is None:
            return []
        leads = people.leads_of(self.referral.agency, self.today)
        return [lead for lead in leads if lead.pk != self.referral.created_by_id]

    @cached_property
    def leads(self) -> list[User]:
        """Those of the team who may hear of this concern."""
        return [lead for lead in self.team if lead.pk not in self.excluded]

    @cached_property
    def hearers(self) -> list[User]:
        """Leads and deputies who could hear of it: of the agency, or of the one asked to join."""
        if self.referral.agency is not None:
            return self.team
        asked = (one.agency for one in people.pending_for(self.referral.created_by))
        agency = next((one for one in asked if one is not None), None)
        leads = people.leads_of(agency, self.today) if agency else []
        return [lead for lead in leads if lead.pk != self.referral.created_by_id]

    @cached_property
    def closeness_open(self) -> bool:
        """Whether somebody could hear of it and nobody has said yet who is close to it (AC-06)."""
        if self.referral.page_saves.filter(step="closeness").exists():
            return False
        return bool(self.hearers)

    @property
    def has_lead(self) -> bool:
        if self.referral.one_walk:
            return False
        if self.referral.lead_id is not None:
            return True
        read: bool | None = getattr(self.referral, "is_led", None)
        return bool(self.leads) if read is None else read

    @property
    def alone(self) -> bool:
        """No lead to talk to: the advice line takes the place (section 5)."""
        return not self.referral.one_walk and not self.has_lead

    def declaration(self, question: Question) -> Words:
        """The words that are agreed to by ticking it."""
        return ALONE_SIGNS if question.name == "signed" and self.alone else question.text

    @property
    def despite_lead(self) -> bool:
        return self.referral.despite_lead

    @property
    def strong_gaps(self) -> list[Question]:
        """Strong prompts of NOTICE that are asked and not answered."""
        return [
            question
            for question in QUESTIONS
            if question.need is Need.STRONG
            and question.record in NOTICE_RECORDS
            and question.is_asked(self)
            and not self.is_answered(question)
        ]

    @property
    def has_strong_gaps(self) -> bool:
        return bool(self.strong_gaps)

    @property
    def needs_second_officer(self) -> bool:
        """X9: a repeat, a child, or interest in violence without ideology is not closed by one."""
        closes = self.get("outcome") in (
            terms.GatewayOutcome.NO_CONCERN,
            terms.GatewayOutcome.OTHER_SERVICES,
        )
        return closes and (
            self.is_child
            or self.get("earlier") == terms.Repeat.FOUND
            # Where nobody could look, a repeat is not ruled out.
            or self.get("national_earlier") not in ("", terms.NationalRecord.NONE)
            or self.get("raised_before") == terms.YesNoUnknown.YES
            or self.get("ideology") == terms.Ideology.MASS_VIOLENCE
            or terms.Feature.INTEREST_MASS_VIOLENCE in (self.get("features") or {})
        )

    # What is left to do --------------------------------------------------------------------
    def missing(self, questions: Iterable[Question]) -> list[Question]:
        """Questions that apply and are required but not answered, or answered out of limits."""
        return [
            question
            for question in asked(questions, self)
            if (question.is_required(self) and not self.is_answered(question))
            or self.is_unfit(question)
        ]

    def is_unfit(self, question: Question) -> bool:
        """Whether words stand there that are too few or too many: a draft keeps them, no more."""
        if question.kind is not Kind.LONG or not self.is_answered(question):
            return False
        return not question.minimum <= len(self.get(question.name)) <= question.maximum

    # In words ------------------------------------------------------------------------------
    def shown(self, questions: Iterable[Question]) -> Iterator[Shown]:
        """Answered questions that apply, in words."""
        for question in asked(questions, self):
            if self.is_answered(question):
                yield Shown(question, in_words(question, self.get(question.name)))

    def unanswered(self, questions: Iterable[Question]) -> list[Question]:
        return [q for q in asked(questions, self) if not self.is_answered(q)]

    @property
    def first_name(self) -> str:
        name = str(self.get("forenames")).strip()
        return name.split()[0] if name and name.lower() != "not known" else _("the person")

    @property
    def who(self) -> str:
        """ "Callum R., 15": for the heading of a case, never for an address or a title."""
        names = [
            part
            for part in (str(self.get("forenames")), str(self.get("surname")))
            if part and part.lower() != "not known"
        ]
        name = " ".join(names) or self.kind_of_person
        return f"{name}, {self.age}" if self.age is not None else name

    @property
    def kind_of_person(self) -> str:
        gender = self.get("gender")
        if gender == terms.Gender.MALE:
            return _("Boy") if self.is_child else _("Man")
        if gender == terms.Gender.FEMALE:
            return _("Girl") if self.is_child else _("Woman")
        return _("Child") if self.is_child else _("Person")


class FrozenAnswers(Answers):
    """The answers as they stood when the referral was shared; later changes do not reach them."""

    def __init__(self, referral: Referral, values: dict[str, Any], *, on: date) -> None:
        super().__init__(referral, today=on)
        self._values = values

    def get(self, name: str) -> Any:
        return self._values.get(name, "")

    def shown(self, questions: Iterable[Question]) -> Iterator[Shown]:
        """In words; a declaration in those that were agreed to."""
        agreed = self._values.get(AGREED) or {}
        for one in super().shown(questions):
            words = agreed.get(one.question.name)
            yield replace(one, paragraphs=[words]) if words else one

    @property
    def has_lead(self) -> bool:
        """As it was: a lead who came to the agency later changes nothing in what was asked."""
        return not self.referral.one_walk and bool(self._values.get("spoken_to"))


def in_words(question: Question, value: Any) -> list[str]:
    """A stored answer as paragraphs of words, from the same lists that asked for it."""
    kind = question.kind
    if kind in (Kind.CHOICE, Kind.SELECT):
        return [_label(question, value)]
    if kind is Kind.MULTI:
        return [_label(question, one) for one in value]
    if kind is Kind.DETAILS:
        return [
            f"{_label(question, one)}: {detail}" if detail else _label(question, one)
            for one, detail in value.items()
        ]
    if kind is Kind.APPROX:
        return [dates.approx(value)]
    if kind is Kind.DAY:
        return [dates.day(value if isinstance(value, date) else date.fromisoformat(value))]
    if kind is Kind.MOMENT:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return [dates.moment(moment)]
    if kind is Kind.ROWS:
        return [", ".join(str(part) for part in row.values() if part) for row in value]
    if kind is Kind.CONTACT:
        return [", ".join(str(part) for part in value.values() if part)]
    if kind is Kind.CONFIRM:
        return [_("Yes")]
    if kind is Kind.FILES:
        return [_file(one) for one in value]
    if kind is Kind.LONG:
        return [line for line in str(value).splitlines() if line.strip()]
    return [str(value)]


def _file(one: dict[str, Any]) -> str:
    if one.get("destroyed"):
        return _("%(name)s (destroyed: it had a virus in it)") % {"name": one["name"]}
    return _("%(name)s (%(kind)s, %(size)s)") % {
        "name": one["name"],
        "kind": FileKind(one["kind"]).label,
        "size": filesizeformat(one["size"]),
    }


def _label(question: Question, value: str) -> str:
    if question.choices is None:
        return str(value)
    try:
        return str(question.choices(value).label)
    except ValueError:
        return str(value)
