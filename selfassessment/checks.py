"""What is looked at before a form is handed over: each check a small function (row S18).

A check gives what is wrong in words, and where it is mended. What stops a form must be put right;
what warns is read and left to the agency. Some rules the board's manager may let a form off, with
a reason: the name of a check is kept with that, so it stays.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from files.terms import FileState
from selfassessment import advice
from selfassessment.actions.models import Action
from selfassessment.models import Assessment
from selfassessment.sheet import Sheet
from selfassessment.standards.models import Standard
from selfassessment.terms import (
    ACTION_WORK_LEFT,
    LONGEST,
    POINTS,
    ActionStatus,
    Confidence,
    Priority,
    Rating,
    Weight,
)
from ui import dates

STOP, WARN = "stop", "warn"
MANY_NOT_APPLICABLE = 0.2  # of the standards of the form
FEW_WORDS = 20  # characters, of a position that can hardly be a picture
WORDS_FOR_A_LEAP = 40  # characters, of what changed, where a rating rose by two levels
ALIKE_FROM = 60  # characters, from which the same words twice are no accident
HIGH = (Rating.IN_PLACE, Rating.EMBEDDED)
ORDER = {each: number for number, each in enumerate(Priority)}  # critical first


@dataclass(frozen=True)
class Fault:
    """One thing to look at."""

    rule: str
    severity: str
    what: str
    path: str
    code: str = ""  # of the standard; empty: the form as a whole
    waivable: bool = False
    waiver: str = ""  # "", "asked", "granted"

    @property
    def stops(self) -> bool:
        return self.severity == STOP and self.waiver != "granted"


Found = Iterator[tuple[str, str, str]]
"""What is wrong in words, the address that mends it, the code of the standard or ''."""


@dataclass(frozen=True)
class Rule:
    name: str
    severity: str
    waivable: bool
    words: Any  # what should be so
    look: Callable[[Sheet], Found]


RULES: dict[str, Rule] = {}


def rule(
    severity: str, words: Any, *, waivable: bool = False
) -> Callable[..., Callable[[Sheet], Found]]:
    def add(look: Callable[[Sheet], Found]) -> Callable[[Sheet], Found]:
        name = look.__name__
        RULES[name] = Rule(name, severity, waivable, words, look)
        return look

    return add


def look_at(form: Assessment, today: date | None = None, sheet: Sheet | None = None) -> list[Fault]:
    """Every fault of a form: those that stop it first, in the order of the rules and the form."""
    sheet = sheet or Sheet(form, today or timezone.localdate())
    waived = {(each.words, each.code): each.granted for each in sheet.loose_of("waiver")}
    found: list[Fault] = []
    for each in RULES.values():
        for what, path, code in each.look(sheet):
            fault = Fault(each.name, each.severity, what, path, code, each.waivable)
            if each.waivable and (each.name, code) in waived:
                said = "granted" if waived[(each.name, code)] else "asked"
                fault = replace(fault, waiver=said)
            found.append(fault)
    return sorted(found, key=lambda fault: not fault.stops)


def stops(faults: list[Fault]) -> list[str]:
    """In words, what keeps a form from being handed over or signed."""
    return [fault.what for fault in faults if fault.stops]


def _at(sheet: Sheet, standard: Standard, words: str) -> tuple[str, str, str]:
    return f"{standard}: {words}", sheet.path("standard", standard.code), standard.code


# --- Every answer is whole (section 4) --------------------------------------------------------
def _wanted(sheet: Sheet, *kinds: str) -> Found:
    for each in sheet.standards:
        wanted = advice.wanted(
            each,
            sheet.answer(each),
            today=sheet.today,
            has_last_year=sheet.last(each) is not None,
            evidence=sheet.evidence.get(each.code, []),
            actions=len([one for one in sheet.actions_for(each) if _counts(one)]),
        )
        for one in wanted:
            if one.what in kinds:
                yield _at(sheet, each, one.words)


def _counts(action: Action) -> bool:
    return action.status != ActionStatus.CANCELLED


@rule(STOP, gettext_lazy("Every standard has a rating"))
def not_answered(sheet: Sheet) -> Found:
    return _wanted(sheet, "rating")


@rule(STOP, gettext_lazy("Every rating has the current position in words"))
def no_position(sheet: Sheet) -> Found:
    return _wanted(sheet, "position")


@rule(STOP, gettext_lazy("Every rating says how sure the agency is"))
def no_confidence(sheet: Sheet) -> Found:
    return _wanted(sheet, "confidence")


@rule(STOP, gettext_lazy("What changed is said where there was an answer last year"))
def nothing_changed(sheet: Sheet) -> Found:
    return _wanted(sheet, "what_changed")


@rule(STOP, gettext_lazy("Not applicable has a reason of at least 20 characters"))
def no_reason(sheet: Sheet) -> Found:
    return _wanted(sheet, "not_applicable_reason")


@rule(
    STOP,
    gettext_lazy(
        "One item of evidence for In place, two for Embedded or critical, none of it expired"
    ),
    waivable=True,
)
def too_little_evidence(sheet: Sheet) -> Found:
    return _wanted(sheet, "evidence")


@rule(STOP, gettext_lazy("Evidence older than 18 months carries Developing at best"), waivable=True)
def evidence_too_old(sheet: Sheet) -> Found:
    return _wanted(sheet, "old_evidence")


@rule(STOP, gettext_lazy("Not in place, and critical but Developing, have an action"))
def no_action(sheet: Sheet) -> Found:
    return _wanted(sheet, "action")


# --- The plan ---------------------------------------------------------------------------------
def _open(sheet: Sheet) -> list[Action]:
    return [each for each in sheet.actions if each.status in ACTION_WORK_LEFT]


@rule(STOP, gettext_lazy("Every action has an owner who works at the agency"))
def action_without_owner(sheet: Sheet) -> Found:
    here = {each.person_id for each in sheet.people}
    for each in _open(sheet):
        if each.owner_id not in here:
            words = _("%(code)s: its owner no longer works at the agency. Name another.")
            yield words % {"code": each.code}, sheet.path("actions"), ""


@rule(
    STOP,
    gettext_lazy("Every action says what is done, by which role, and how one knows that it worked"),
)
def action_half_written(sheet: Sheet) -> Found:
    for each in _open(sheet):
        if not (each.words.strip() and each.owner_role.strip() and each.success_measure.strip()):
            words = _("%(code)s: write what will be done, the owner’s role and the measure.")
            yield words % {"code": each.code}, sheet.path("actions"), ""


@rule(STOP, gettext_lazy("No action is due later than its priority allows"), waivable=True)
def action_too_late(sheet: Sheet) -> Found:
    for each in _open(sheet):
        latest = _latest(each, sheet)
        if each.due_on > latest:
            words = _("%(code)s: a %(priority)s action is due by %(day)s at the latest.")
            places = {
                "code": each.code,
                "priority": Priority(each.priority).label.lower(),
                "day": dates.paper_day(latest),
            }
            code = next(iter(sheet.codes_of(each)), "")
            yield words % places, sheet.path("actions"), code


def _latest(action: Action, sheet: Sheet) -> date:
    longest = LONGEST[Priority(action.priority)]
    if longest is None:  # by the end of the next cycle
        return sheet.form.cycle.closes_on + timedelta(days=366)
    return timezone.localdate(action.created_at) + longest


@rule(WARN, gettext_lazy("The priority of an action is that of the gap it closes"))
def action_not_pressing_enough(sheet: Sheet) -> Found:
    for standard in sheet.standards:
        answer = sheet.answer(standard)
        plan = [each for each in sheet.actions_for(standard) if each.status in ACTION_WORK_LEFT]
        if not plan or not advice.action_needed(standard, answer.rating):
            continue
        wanted = advice.priority(standard, answer.rating, sheet.weight(standard))
        best = min(ORDER[Priority(each.priority)] for each in plan)
        if best > ORDER[wanted]:
            words = _("its actions are less pressing than %(priority)s.")
            yield _at(sheet, standard, words % {"priority": wanted.label.lower()})


@rule(WARN, gettext_lazy("No action is overdue"))
def action_overdue(sheet: Sheet) -> Found:
    for each in _open(sheet):
        if each.is_overdue(sheet.today):
            words = _("%(code)s was due on %(day)s. Say how it stands, or finish it.")
            places = {"code": each.code, "day": dates.paper_day(each.due_on)}
            yield words % places, sheet.path("actions"), ""


@rule(WARN, gettext_lazy("Every action serves a standard that the form asks"))
def action_for_nothing(sheet: Sheet) -> Found:
    asked = {each.code for each in sheet.standards}
    for each in _open(sheet):
        if not asked.intersection(sheet.codes_of(each)):
            words = _("%(code)s serves no standard of this form.") % {"code": each.code}
            yield words, sheet.path("actions"), ""


# --- The ratings belong together --------------------------------------------------------------
@rule(WARN, gettext_lazy("Not more than a fifth of the standards is not applicable"))
def many_not_applicable(sheet: Sheet) -> Found:
    none = [each for each in sheet.standards if _rating(sheet, each) == Rating.NOT_APPLICABLE]
    if len(none) > MANY_NOT_APPLICABLE * len(sheet.standards):
        words = _("%(number)s of %(all)s standards are not applicable. Moderators look at each.")
        places = {"number": len(none), "all": len(sheet.standards)}
        yield words % places, sheet.path("overview"), ""


@rule(WARN, gettext_lazy("What the law asks of the agency applies to it"))
def a_must_not_applicable(sheet: Sheet) -> Found:
    for each in sheet.standards:
        if _rating(sheet, each) == Rating.NOT_APPLICABLE and sheet.weight(each) == Weight.MUST:
            yield _at(sheet, each, _("it is a must, and you say that it does not apply."))


@rule(STOP, gettext_lazy("A rating that rose by two levels says what changed"), waivable=True)
def rose_without_saying_why(sheet: Sheet) -> Found:
    for each in sheet.standards:
        now, last = sheet.answer(each), sheet.last(each)
        if last is None or now.rating not in POINTS or last.rating not in POINTS:
            continue
        rose = POINTS[Rating(now.rating)] - POINTS[Rating(last.rating)] >= 2
        if rose and len(now.what_changed.strip()) < WORDS_FOR_A_LEAP:
            words = _("it rose from %(last)s to %(now)s. Say what made that possible.")
            places = {"last": Rating(last.rating).label, "now": Rating(now.rating).label}
            yield _at(sheet, each, words % places)


@rule(WARN, gettext_lazy("Nothing critical is Embedded of which the agency is unsure"))
def unsure_of_the_highest(sheet: Sheet) -> Found:
    for each in sheet.standards:
        answer = sheet.answer(each)
        unsure = answer.confidence == Confidence.UNSURE
        if unsure and answer.rating == Rating.EMBEDDED and each.critical:
            yield _at(sheet, each, _("it is critical and Embedded, and you are unsure of it."))


@rule(WARN, gettext_lazy("The ratings are not all the same"))
def all_alike(sheet: Sheet) -> Found:
    given = {_rating(sheet, each) for each in sheet.standards} - {"", Rating.NOT_APPLICABLE}
    if len(given) == 1 and len(sheet.standards) > 1:
        words = _("Every standard has the same rating. Look whether that is a fair picture.")
        yield words, sheet.path("overview"), ""


@rule(WARN, gettext_lazy("No critical standard is Not in place for the second year"))
def gap_for_two_years(sheet: Sheet) -> Found:
    for each in sheet.standards:
        last = sheet.last(each)
        gap = each.critical and _rating(sheet, each) == Rating.NOT_IN_PLACE
        if gap and last is not None and last.rating == Rating.NOT_IN_PLACE:
            words = _("critical and not in place for the second year. The board will discuss it.")
            yield _at(sheet, each, words)


def _rating(sheet: Sheet, standard: Standard) -> str:
    return sheet.answer(standard).rating


# --- The words --------------------------------------------------------------------------------
def _plain(words: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", words.lower()).split())


@rule(WARN, gettext_lazy("No two standards have the same current position"))
def same_words_twice(sheet: Sheet) -> Found:
    first: dict[str, Standard] = {}
    for each in sheet.standards:
        words = _plain(sheet.answer(each).position)
        if len(words) < ALIKE_FROM:
            continue
        if words in first:
            said = _("its position has the same words as that of %(other)s.")
            yield _at(sheet, each, said % {"other": first[words].code})
        else:
            first[words] = each


@rule(
    STOP, gettext_lazy("Last year's words stand only where somebody said that they are still true")
)
def last_years_words(sheet: Sheet) -> Found:
    for each in sheet.standards:
        now, last = sheet.answer(each), sheet.last(each)
        if last is None or not now.position.strip() or now.still_true_at is not None:
            continue
        if _plain(now.position) == _plain(last.position):
            yield _at(sheet, each, _("these are last year’s words. Confirm that they are true."))


@rule(WARN, gettext_lazy("Another rating than last year comes with other words"))
def other_rating_same_words(sheet: Sheet) -> Found:
    for each in sheet.standards:
        now, last = sheet.answer(each), sheet.last(each)
        if last is None or not now.position.strip() or now.rating == last.answer.rating:
            continue
        if now.still_true_at is not None and _plain(now.position) == _plain(last.position):
            yield _at(sheet, each, _("the rating has changed, and the words have not."))


@rule(WARN, gettext_lazy("The current position is more than a word or two"))
def few_words(sheet: Sheet) -> Found:
    for each in sheet.standards:
        words = sheet.answer(each).position.strip()
        if words and len(words) < FEW_WORDS:
            yield _at(sheet, each, _("the position is very short. Could a moderator follow it?"))


PERSONAL = [
    re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"),  # an e-mail address
    re.compile(r"(?:\+44|\b0)(?:[ ()-]?\d){9,10}\b"),  # a telephone number
    re.compile(r"\b(?:d\.?o\.?b\.?|date of birth|born on|nhs (?:no|number))\b", re.IGNORECASE),
    re.compile(r"\b\d{3} ?\d{3} ?\d{4}\b"),  # an NHS number
]


@rule(WARN, gettext_lazy("Nothing looks like personal data of somebody"))
def looks_personal(sheet: Sheet) -> Found:
    for each in sheet.standards:
        answer = sheet.answer(each)
        words = " ".join([answer.position, answer.what_changed, answer.not_applicable_reason])
        if any(pattern.search(words) for pattern in PERSONAL):
            said = _("something looks like a person’s address, number or birthday. Take it out.")
            yield _at(sheet, each, said)
    for item in sheet.items:
        if any(pattern.search(f"{item.title} {item.note}") for pattern in PERSONAL):
            said = _("%(title)s: something looks like a person’s address, number or birthday.")
            yield said % {"title": item.title}, sheet.path("evidence"), ""


# --- The evidence -----------------------------------------------------------------------------
@rule(WARN, gettext_lazy("No evidence that is shown has expired"))
def evidence_expired(sheet: Sheet) -> Found:
    for item in sheet.items:
        if item.is_expired(sheet.today):
            words = _("%(title)s expired on %(day)s. Renew it, or take it away from the form.")
            places = {"title": item.title, "day": dates.paper_day(item.expires_on)}
            yield words % places, sheet.path("evidence"), ""


@rule(STOP, gettext_lazy("No file that is shown was refused by the virus check"))
def evidence_refused(sheet: Sheet) -> Found:
    for item in sheet.items:
        if item.version is not None and item.version.state not in _FINE:
            words = _("%(title)s: its file did not pass the virus check. Add it again.")
            yield words % {"title": item.title}, sheet.path("evidence"), ""


@rule(WARN, gettext_lazy("Every file that is shown has been looked at for viruses"))
def evidence_not_scanned(sheet: Sheet) -> Found:
    for item in sheet.items:
        if item.version is not None and item.version.state == FileState.PENDING:
            words = _("%(title)s: its file waits for the virus check. Nobody can open it yet.")
            yield words % {"title": item.title}, sheet.path("evidence"), ""


_FINE = (FileState.CLEAN, FileState.PENDING)


@rule(WARN, gettext_lazy("Who answers for a piece of evidence works at the agency"))
def evidence_without_owner(sheet: Sheet) -> Found:
    here = {each.person_id for each in sheet.people}
    for item in sheet.items:
        owner = item.evidence.owner_id  # none of a piece as it was signed
        if owner and owner not in here:
            words = _("%(title)s: who answers for it no longer works at the agency.")
            yield words % {"title": item.title}, sheet.path("evidence"), ""


@rule(WARN, gettext_lazy("Evidence that the agency holds is shown for a standard"))
def evidence_for_nothing(sheet: Sheet) -> Found:
    unused = sheet.loose_of("unused")
    if unused:
        words = ngettext(
            "%(count)s piece of evidence is shown for no standard.",
            "%(count)s pieces of evidence are shown for no standard.",
            len(unused),
        )
        yield words % {"count": len(unused)}, sheet.path("evidence"), ""


# --- The people -------------------------------------------------------------------------------
@rule(
    STOP,
    gettext_lazy("Staff and, where possible, users were asked: who, how, what they said"),
    waivable=True,
)
def nobody_asked(sheet: Sheet) -> Found:
    form = sheet.form.source
    if not all(words.strip() for words in _consulted(form)):
        words = _("Say whom you asked, how, and what they said.")
        yield words, sheet.path("consultation"), ""


def _consulted(form: Assessment) -> tuple[str, str, str]:
    return form.consulted_who, form.consulted_how, form.consulted_said


@rule(STOP, gettext_lazy("The agency has a senior accountable lead"))
def nobody_signs(sheet: Sheet) -> Found:
    if not sheet.seniors and not sheet.form.short_form:
        words = _("Nobody at the agency is senior accountable lead, so nobody can sign.")
        yield words, sheet.path("people"), ""


@rule(STOP, gettext_lazy("Somebody else signs than who prepares"))
def only_the_preparer_signs(sheet: Sheet) -> Found:
    form, seniors = sheet.form, sheet.seniors
    if form.short_form or not seniors:
        return
    preparers = {form.prepared_by_id} if form.prepared_by_id else sheet.leads
    if preparers and len(seniors) == 1 and preparers <= seniors:
        words = _("Who prepares the form cannot sign it. Name another lead or senior lead.")
        yield words, sheet.path("people"), ""


@rule(WARN, gettext_lazy("The agency has a safeguarding lead and a deputy"))
def nobody_stands_in(sheet: Sheet) -> Found:
    if len(sheet.leads) < 2 and not sheet.form.short_form and not sheet.form.is_one_person:
        words = _("The agency has no deputy safeguarding lead who could stand in.")
        yield words, sheet.path("people"), ""


@rule(WARN, gettext_lazy("Every comment between colleagues is dealt with"))
def comments_open(sheet: Sheet) -> Found:
    for standard in sheet.standards:
        left = sum(each.code == standard.code for each in sheet.loose_of("comment"))
        if left:
            words = ngettext(
                "%(count)s comment is not dealt with.",
                "%(count)s comments are not dealt with.",
                left,
            )
            yield _at(sheet, standard, words % {"count": left})


@rule(WARN, gettext_lazy("Whoever was given a standard has said that it is done"))
def not_done_by_helpers(sheet: Sheet) -> Found:
    given = {each.code: each.words for each in sheet.loose_of("assignment")}
    for standard in sheet.standards:
        if standard.code in given:
            words = _("%(name)s has not said yet that it is done.")
            yield _at(sheet, standard, words % {"name": given[standard.code]})


@rule(STOP, gettext_lazy("Every question of the board is answered"))
def questions_open(sheet: Sheet) -> Found:
    left = len(sheet.loose_of("question"))
    if left:
        words = ngettext(
            "%(count)s question of the board is not answered.",
            "%(count)s questions of the board are not answered.",
            left,
        )
        yield words % {"count": left}, sheet.path("questions"), ""


@rule(WARN, gettext_lazy("The board has decided on what it was asked to let off"))
def waivers_undecided(sheet: Sheet) -> Found:
    left = sum(each.granted is None for each in sheet.loose_of("waiver"))
    if left:
        words = ngettext(
            "The board has not decided yet on %(count)s check that you asked to be let off.",
            "The board has not decided yet on %(count)s checks that you asked to be let off.",
            left,
        )
        yield words % {"count": left}, sheet.path("check"), ""
