"""Builds the demonstration through the portal's own doors: every case is walked, not painted.

The acts of all stories are done in the order in which they happened, each at its own moment, so
that references, promises, the log and the mails stand as they would after some busy weeks.
"""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

import files
from accounts.database import asking
from accounts.models import User
from agencies import workflow as agency_workflow
from agencies.models import Locality
from audit import events
from demo import cast, pictures, synthetic, yearly
from demo.events import announce
from demo.stories import SCENARIOS, WAITING, Act, Story, Teller, load
from demo.times import Calendar
from outbox.models import Message
from referrals import steps, workflow
from referrals.models import PageSave, ReferenceCounter, Referral
from referrals.questions import named
from referrals.terms import GatewayOutcome, ReceivedBy, Section, Status

STILL_TO_SEND = timedelta(hours=1)
"""Mails of acts longer ago than this count as sent at the time; the others are sent now."""
# S11 is ticked beside the button that sends; the lead is chosen before anyone has talked.
SEND = steps.Step(name="send", task="share", title="", questions=(steps.DECLARATION,))
CHOOSE_LEAD = replace(steps.STEP["lead"], questions=named("spoken_to"))
ASK_MORE = replace(steps.STEP["check"], questions=named("decision"))


def _names(step: steps.Step) -> list[str]:
    return [question.name for question in step.questions]


@dataclass
class Loaded:
    """The demonstration after loading: its people, and where each story stands."""

    company: cast.Company
    referrals: dict[str, Referral] = field(default_factory=dict)
    assessments: yearly.Made | None = None


def made_at() -> datetime | None:
    """When the demonstration was made; None when there is none."""
    first = next(iter(cast.told().people.values()))
    user = User.known_by(first.email)
    return user.date_joined if user else None


def stories() -> list[Story]:
    return [*load(SCENARIOS), *load(WAITING), *synthetic.stories()]


@transaction.atomic
def load_all(now: datetime, tales: Iterable[Story] | None = None) -> Loaded:
    """Make the cast and walk the stories. All of it is there afterwards, or nothing."""
    company = cast.build(now=now)
    # Before the stories: the log is read in the order in which it was written.
    loaded = Loaded(company, assessments=yearly.make(company, now=now))
    tales = list(stories() if tales is None else tales)
    walker = Walker(loaded, Calendar(now, Locality.objects.default()), _numbers(tales))
    for moment, story, act in _in_order(tales, walker.calendar):
        walker.do(story, act, moment)
    _note_absences(company, walker.calendar)
    announce(timezone.localdate(now))
    return loaded


def _in_order(tales: Iterable[Story], calendar: Calendar) -> list[tuple[datetime, Story, Act]]:
    acts = [
        (moment, story, act)
        for story in tales
        for moment, act in zip(
            calendar.in_order([act.at for act in story.walk]), story.walk, strict=True
        )
    ]
    return sorted(acts, key=lambda one: one[0])


def _numbers(tales: Iterable[Story]) -> set[tuple[str, int]]:
    """References that are promised to a story: no other case may draw them."""
    return {(story.answers["place"], story.number) for story in tales if story.number is not None}


def _note_absences(company: cast.Company, calendar: Calendar) -> None:
    for person in cast.told().people.values():
        if person.away:
            first, last = (calendar.day(day) for day in person.away)
            user = company.people[person.key]
            asking(user)
            agency_workflow.set_absence(user, first, last, by=user)


class Walker:
    """Does the acts of the stories, one after the other."""

    def __init__(self, loaded: Loaded, calendar: Calendar, promised: set[tuple[str, int]]) -> None:
        self.loaded, self.calendar, self.promised = loaded, calendar, promised
        company = loaded.company
        self.people, self.localities = company.people, company.localities
        self.teller = Teller(calendar, company.people, company.agencies)
        self.given: dict[str, dict[str, Any]] = {}
        self.drawn: set[tuple[str, int]] = set()
        self.fresh: set[uuid.UUID] = set()
        self.doors: dict[str, Callable[[Story, Act, User, datetime], Referral | None]] = {
            "draft": self.draft,
            "attach": self.attach,
            "hand_over": self.hand_over,
            "ask_author": self.ask_author,
            "send": self.send,
            "close": self.close,
            "reroute": self.reroute,
            "acknowledge": self.simply(workflow.acknowledge),
            "take": self.simply(workflow.take_at_gateway),
            "take_case": self.simply(workflow.take_case),
            "view": self.view,
            "message": self.saying(workflow.write_message),
            "addition": self.saying(workflow.add_information),
            "query": self.saying(workflow.ask_referrer),
            "answer": self.saying(workflow.answer_query),
            "feedback": self.saying(workflow.give_feedback),
            "transfer": self.transfer,
            "pass": self.pass_on,
            "hold": self.hold,
            "police_led": self.police_led,
            "close_at_gateway": self.close_at_gateway,
        }

    def do(self, story: Story, act: Act, moment: datetime) -> None:
        """Do one act as its person, at its moment, and let its mails go out then."""
        by = self.people[act.by]
        asking(by)
        with events.dated(moment):
            referral = self.doors[act.do](story, act, by, moment)
        if referral is not None:
            self.loaded.referrals[story.code] = referral
        self._post_mails(moment)

    def _post_mails(self, moment: datetime) -> None:
        """What was written in this act was sent then, unless it is still fresh."""
        written = Message.objects.waiting().exclude(pk__in=self.fresh)
        if self.calendar.now - moment < STILL_TO_SEND:
            self.fresh |= set(written.values_list("pk", flat=True))
            return
        written.update(
            created_at=moment, send_after=moment, next_try_at=moment, sent_at=moment, attempts=1
        )

    # --- Writing it down ----------------------------------------------------------------------
    def draft(self, story: Story, act: Act, by: User, now: datetime) -> Referral:
        referral = workflow.start(by, now=now, received_by=ReceivedBy(story.received_by))
        self.given[story.code] = self.teller.values(story.answers)
        self._answer(story, referral, Section.NOTICE, by, now)
        if "spoken_to" in story.answers and story.ends != Status.DRAFT:
            self._write(referral, CHOOSE_LEAD, story, by, now)
        if story.ends != Status.DRAFT:
            close = [self.people[key] for key in story.close]
            workflow.exclude(referral, close, by=by, now=now)
        return referral

    def attach(self, story: Story, act: Act, by: User, now: datetime) -> None:
        """A file of its own, under the name that the story gives it."""
        kept = files.clean(act.say, pictures.DRAWN[act.to]())
        workflow.add_files(self._of(story), [kept], by=by, now=now)

    def hand_over(self, story: Story, act: Act, by: User, now: datetime) -> Referral:
        return workflow.hand_over(self._of(story), by=by, now=now)

    def _answer(
        self, story: Story, referral: Referral, section: Section, by: User, now: datetime
    ) -> None:
        """Fill the pages of a section, as far as the story tells, and note each as saved.

        One call for all pages of a section: page by page would take a minute at the first start.
        """
        given = self.given[story.code]
        pages = {
            step: {name: given[name] for name in _names(step) if name in given}
            for step in steps.STEPS
            if step.section == section
        }
        filled = [step for step, changes in pages.items() if changes]
        if not filled:
            return
        questions = tuple(question for step in filled for question in step.questions)
        whole = replace(filled[0], questions=questions)
        changes = {name: value for step in filled for name, value in pages[step].items()}
        workflow.answer(referral, whole, changes, by=by, now=now)
        PageSave.objects.bulk_create(
            [
                PageSave(referral=referral, step=step.name, version=1, by=by, at=now)
                for step in filled
            ],
            ignore_conflicts=True,
        )

    def _write(
        self, referral: Referral, step: steps.Step, story: Story, by: User, now: datetime
    ) -> None:
        """Save one page."""
        given = self.given[story.code]
        changes = {name: given[name] for name in _names(step) if name in given}
        workflow.answer(referral, step, changes, by=by, now=now)

    # --- The check ----------------------------------------------------------------------------
    def _check(self, story: Story, by: User, now: datetime) -> Referral:
        referral = self._of(story)
        self.given[story.code].setdefault("signed", "yes")
        self._answer(story, referral, Section.CHECK, by, now)
        return referral

    def ask_author(self, story: Story, act: Act, by: User, now: datetime) -> Referral:
        self.given[story.code] |= self.teller.values(act.answers)
        self._write(self._of(story), ASK_MORE, story, by, now)
        words = self.calendar.words(act.say)
        return workflow.decide(self._of(story), by=by, questions=words, now=now)

    def close(self, story: Story, act: Act, by: User, now: datetime) -> Referral:
        return workflow.decide(self._check(story, by, now), by=by, now=now)

    def reroute(self, story: Story, act: Act, by: User, now: datetime) -> Referral:
        referral = workflow.decide(self._check(story, by, now), by=by, now=now)
        return workflow.take_other_route(referral, by=by, now=now)

    def send(self, story: Story, act: Act, by: User, now: datetime) -> Referral:
        referral = self._check(story, by, now)
        if story.lead:
            referral = workflow.decide(referral, by=by, now=now)
        given = self.given[story.code]
        given.setdefault("declared", "yes")
        given.setdefault("referrer", self.teller.contact(act.by))
        self._answer(story, referral, Section.SHARE, by, now)
        self._write(referral, SEND, story, by, now)
        self._set_number(story, now)
        return workflow.submit(referral, by=by, form_key=uuid.uuid4(), now=now)

    def _set_number(self, story: Story, now: datetime) -> None:
        """The story's own number, or the next that is not promised to another."""
        code, year = story.answers["place"], timezone.localdate(now).year
        counter, _made = ReferenceCounter.objects.get_or_create(
            locality=self.localities[code], year=year
        )
        number = story.number or self._next(code)
        self.drawn.add((code, number))
        counter.last = number - 1
        counter.save(update_fields=["last"])

    def _next(self, code: str) -> int:
        number = 1
        while (code, number) in self.promised | self.drawn:
            number += 1
        return number

    # --- With the Prevent lead and the police -------------------------------------------------
    def pass_on(self, story: Story, act: Act, by: User, now: datetime) -> Referral:
        referral, changes = self._of(story), self.teller.values(act.answers)
        workflow.record_triage(referral, changes, by=by, now=now)
        return workflow.pass_to_gateway(referral, by=by, now=now)

    def transfer(self, story: Story, act: Act, by: User, now: datetime) -> Referral:
        receiver, reason = self.localities[act.to], self.calendar.words(act.say)
        return workflow.transfer(self._of(story), receiver, reason, by=by, now=now)

    def hold(self, story: Story, act: Act, by: User, now: datetime) -> Referral:
        referral, outcome = self._of(story), GatewayOutcome.INVESTIGATION
        workflow.record_gateway(referral, {"outcome": outcome}, by=by, now=now)
        return workflow.record_outcome(referral, by=by, now=now)

    def police_led(self, story: Story, act: Act, by: User, now: datetime) -> Referral:
        return workflow.lead_by_police(self._of(story), Status.POLICE_LED, by=by, now=now)

    def close_at_gateway(self, story: Story, act: Act, by: User, now: datetime) -> Referral:
        referral, changes = self._of(story), self.teller.values(act.answers)
        workflow.record_gateway(referral, changes, by=by, now=now)
        return workflow.record_outcome(referral, by=by, now=now)

    # --- Any of them --------------------------------------------------------------------------
    def view(self, story: Story, act: Act, by: User, now: datetime) -> None:
        workflow.view(self._of(story), by=by, now=now)

    def simply(
        self, door: Callable[..., Referral]
    ) -> Callable[[Story, Act, User, datetime], Referral]:
        return lambda story, act, by, now: door(self._of(story), by=by, now=now)

    def saying(
        self, door: Callable[..., Any]
    ) -> Callable[[Story, Act, User, datetime], Referral | None]:
        """A door that takes words; people see the case before they write in it."""

        def say(story: Story, act: Act, by: User, now: datetime) -> Referral | None:
            workflow.view(self._of(story), by=by, now=now)
            made = door(self._of(story), self.calendar.words(act.say), by=by, now=now)
            return made if isinstance(made, Referral) else None

        return say

    def _of(self, story: Story) -> Referral:
        return self.loaded.referrals[story.code]
