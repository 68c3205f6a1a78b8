"""Which pages a person fills in, in what order, and where the last button takes it.

A practitioner walks NOTICE and names a lead; a lead, or somebody without one, walks all three
parts; a lead who has decided, and a practitioner who refers all the same (f), walk SHARE.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from agencies import workdays
from referrals import clocks, policy
from referrals.answers import NOTICE_RECORDS, Answers
from referrals.models import Referral
from referrals.questions import of_record
from referrals.steps import STEPS, TASK, Step, Task
from referrals.terms import (
    LAWFUL_EXPRESSION,
    STOP_FEATURES,
    Decision,
    Feature,
    Place,
    ReceivedBy,
    Section,
    Status,
    YesNo,
    YesNoUnknown,
)
from vault.digests import normal

DESPITE_FROM = frozenset(
    {Status.AGENCY_CHECK, Status.RETURNED, Status.AGENCY_CLOSED, Status.OTHER_ROUTE}
)
RECENT = timedelta(days=28)
"""What came to light within this span should be talked about at once (C2)."""
GATE = ("harm", "crime", "travel")


@dataclass(frozen=True)
class Walk:
    """The pages that one person may fill in now.

    Attributes:
        target: the state to which the button at the end takes the case.
        by_author: whether it is walked as the author of NOTICE; else as the lead who decided.
        alone: the advice line takes the lead's place.
    """

    steps: tuple[Step, ...]
    target: Status
    by_author: bool
    alone: bool = False

    def step(self, name: str) -> Step | None:
        return next((step for step in self.steps if step.name == name), None)

    def asked(self, answers: Answers) -> list[Step]:
        return [step for step in self.steps if step.is_asked(answers)]

    def tasks(self, section: Section) -> list[Task]:
        keys = dict.fromkeys(step.task for step in self.steps if step.section == section)
        return [TASK[key] for key in keys]

    def after(self, step: Step, answers: Answers) -> Step | None:
        """The next page that applies."""
        return next(self._from(step, answers, self.steps), None)

    def before(self, step: Step, answers: Answers) -> Step | None:
        return next(self._from(step, answers, self.steps[::-1]), None)

    def _from(self, step: Step, answers: Answers, order: tuple[Step, ...]) -> Iterator[Step]:
        names = [one.name for one in order]
        rest = order[names.index(step.name) + 1 :] if step.name in names else ()
        return (one for one in rest if one.is_asked(answers))

    @property
    def sections(self) -> set[Section]:
        return {step.section for step in self.steps}


NO_WALK = Walk((), Status.DISPOSED, False)


def walk_of(user: User, referral: Referral, answers: Answers) -> Walk:
    """What this person fills in now; without pages where there is nothing."""
    status = Status(referral.status)
    author = policy.is_author(user, referral)
    if author and status in DESPITE_FROM and referral.despite_lead:
        notice = _in(Section.NOTICE) if status == Status.RETURNED else ()
        return Walk((*notice, *_named("own-reasons"), *_in(Section.SHARE)), Status.SUBMITTED, True)
    if author and status == Status.RETURNED:
        return Walk((*_in(Section.NOTICE), *_named("lead")), Status.AGENCY_CHECK, True)
    if author and status == Status.DRAFT:
        return _draft(user, referral, answers)
    decided = answers.get("decision") in (Decision.REFER, Decision.REFER_AND_ROUTE)
    if (
        status == Status.AGENCY_CHECK
        and decided
        and answers.get("signed") == YesNo.YES
        and policy.checks(user, referral)
    ):
        return Walk((*_gaps(referral, answers), *_in(Section.SHARE)), Status.SUBMITTED, False)
    return NO_WALK


def _gaps(referral: Referral, answers: Answers) -> tuple[Step, ...]:
    """Pages of NOTICE that lack an answer, where nobody but the lead is left to give it.

    An author may have left in the middle of changing what the lead had asked about (8.2: the lead
    shares it with what must be recorded). Nothing else of the author's words is hers to write.
    """
    missing = {one.name for one in answers.missing(of_record(*NOTICE_RECORDS))}
    if not missing or not policy.author_left(referral):
        return ()
    return tuple(
        step
        for step in _in(Section.NOTICE)
        if any(question.name in missing for question in step.questions)
    )


def _draft(user: User, referral: Referral, answers: Answers) -> Walk:
    notice, share = _in(Section.NOTICE), _in(Section.SHARE)
    if referral.one_walk and policy.leads_agency(user, referral):
        match answers.get("decision"):
            case Decision.OTHER_ROUTE:
                steps = (*notice, *_named("check", "other-route"))
                return Walk(steps, Status.OTHER_ROUTE, True)
            case Decision.NO_CONCERN:
                return Walk((*notice, *_named("check")), Status.AGENCY_CLOSED, True)
        return Walk((*notice, *_named("check"), *share), Status.SUBMITTED, True)
    if answers.alone:
        steps = (*notice, *_named("advice-line"), *_named("check"), *share)
        return Walk(steps, Status.SUBMITTED, True, alone=True)
    noticed = _named("noticed-by") if referral.received_by != ReceivedBy.PORTAL else ()
    return Walk((*notice, *_named("lead"), *noticed), Status.AGENCY_CHECK, True)


def _in(section: Section) -> tuple[Step, ...]:
    return tuple(step for step in STEPS if step.section == section)


def _named(*names: str) -> tuple[Step, ...]:
    return tuple(step for step in STEPS if step.name in names)


# What an answer sets off ------------------------------------------------------------------------
def alarms(step: Step, values: dict[str, Any]) -> set[str]:
    """Answers of a page for which the STOP page is shown again (section 3 of the record)."""
    if step.name == "danger":
        return {name for name in GATE if values.get(name) == YesNo.YES}
    if step.name == "features":
        return {str(one) for one in STOP_FEATURES & set(values.get("features") or {})}
    return set()


def only_change(answers: Answers) -> bool:
    """N8: a marked change and nothing else is not usually a Prevent concern."""
    return set(answers.get("features") or {}) == {Feature.CHANGE}


def rests_on_expression(answers: Answers) -> bool:
    """Rule 9: N6 speaks of religion, nationality or dress, and N8 of nothing beyond a change.

    Off until an equality review has approved it (``LAWFUL_EXPRESSION_HELP``). What it says is help
    for the author: it stops nothing, and is never kept against the person.
    """
    if not settings.LAWFUL_EXPRESSION_HELP or set(answers.get("features") or {}) - {Feature.CHANGE}:
        return False
    return not LAWFUL_EXPRESSION.isdisjoint(normal(str(answers.get("observed"))).split())


def other_area(answers: Answers) -> bool:
    return bool(answers.get("place") == Place.OTHER)


def two_ages(answers: Answers) -> bool:
    """ "Under 18" was changed, and the age given earlier says otherwise: routes hang on both."""
    return answers.says_two_ages


def child_at_home(answers: Answers) -> bool:
    """P17: an adult with a child at home, so the children's front door is told (rule 5)."""
    return answers.is_adult and answers.get("cares_for_child") == YesNoUnknown.YES


def in_trust(answers: Answers) -> bool:
    """P20: the process for positions of trust applies too (rule 5)."""
    return answers.is_adult and answers.get("position_of_trust") == YesNoUnknown.YES


def talked_late(answers: Answers) -> bool:
    """C2: more than one working day after it came to light, where that is recent."""
    noticed, spoken = answers.get("noticed_when") or {}, answers.get("spoken_at")
    if not spoken or not all(noticed.get(part) for part in ("year", "month", "day")):
        return False
    came = date(int(noticed["year"]), int(noticed["month"]), int(noticed["day"]))
    if answers.today - came > RECENT:
        return False
    place = clocks.place_of(answers.referral)
    return workdays.working_days_between(came, timezone.localdate(spoken), place) > 1


NOTES = {
    "place": (("other_area", other_area), ("two_ages", two_ages)),
    "features": (("only_change", only_change), ("rests_on_expression", rests_on_expression)),
    "household": (("child_at_home", child_at_home),),
    "work": (("in_trust", in_trust),),
    "check": (("talked_late", talked_late),),
}
"""What is said on the page after this one, where it applies; none of them stops anybody."""


def notes_after(step_name: str, answers: Answers) -> list[str]:
    return [name for name, applies in NOTES.get(step_name, ()) if applies(answers)]


def notes(answers: Answers) -> list[str]:
    return [name for step_name in NOTES for name in notes_after(step_name, answers)]
