"""What agencies will do: actions with owners and days, carried on where they were not finished."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils import timezone

from accounts.models import User
from demo.yearly import rounds, words
from demo.yearly.rounds import Form
from selfassessment import advice
from selfassessment.actions import rules
from selfassessment.actions.models import Action, ActionCycle, ActionStandard, ProgressNote
from selfassessment.moderation.models import RequiredAction
from selfassessment.standards.models import Standard
from selfassessment.terms import LONGEST, ActionStatus, Priority, Rating

IMPROVE = 2
"""Actions of a form for what is not a gap."""
DONE = (ActionStatus.DONE, ActionStatus.VERIFIED)


@dataclass
class Rows:
    actions: list[Action] = field(default_factory=list)
    standards: list[ActionStandard] = field(default_factory=list)
    cycles: list[ActionCycle] = field(default_factory=list)
    notes: list[ProgressNote] = field(default_factory=list)

    def write(self, today: date) -> None:
        for action in self.actions:
            # Whoever had to be reminded was; the next step is still to come.
            made_on = timezone.localdate(action.created_at)
            first = rules.first_step_on(action.due_on, made_on)
            later = rules.next_step_on(action.due_on, today)
            action.remind_on = first if first > today else later
        Action.objects.bulk_create(self.actions)
        ActionStandard.objects.bulk_create(self.standards)
        ActionCycle.objects.bulk_create(self.cycles)
        ProgressNote.objects.bulk_create(self.notes)


def plan(forms: Iterable[Form], now: datetime) -> None:
    """The plans of all forms; an agency's forms come the earliest first."""
    rows = Rows()
    carried: dict[str, Action] = {}
    for form in forms:
        last = {} if form.before is None else carried
        carried = _Plan(form, now, rows).make(last) if form.begun is not None else {}
    rows.write(timezone.localdate(now))


class _Plan:
    """The plan of one form."""

    def __init__(self, form: Form, now: datetime, rows: Rows) -> None:
        self.form, self.place, self.now, self.rows = form, form.place, now, rows
        self.number = 0

    def make(self, carried: dict[str, Action]) -> dict[str, Action]:
        """Returns: by the code of the standard, what is left to do when the year ends."""
        form = self.form
        left: dict[str, Action] = {}
        weak = []
        for standard in form.asked:
            code, rating = standard.code, form.answered.get(standard.code)
            if code in carried:
                self._carry(carried[code])
                self._end_or_leave(carried[code], standard, left)
            elif rating is not None and advice.action_needed(standard, rating):
                self._end_or_leave(self._action(standard, rating), standard, left)
            elif rating == Rating.DEVELOPING:
                weak.append(standard)
        chance = form.chance("improve")
        for standard in chance.sample(weak, min(IMPROVE, len(weak))):
            self._end_or_leave(self._action(standard, Rating.DEVELOPING), standard, left)
        return left

    def _people(self) -> Sequence[User]:
        return [each for each in (self.place.lead, *self.place.helpers[:1]) if each is not None]

    def _action(self, standard: Standard, rating: Rating) -> Action:
        form, place = self.form, self.place
        chance = form.chance("action", standard.code)
        said = words.told()["standards"][standard.code]
        priority = advice.priority(
            standard,
            rating,
            standard.weight_for(form.row.form_type, specified=form.row.is_specified),
        )
        assert form.begun is not None  # noqa: S101 - for the types: asked for by the caller
        until = form.prepared or self.now - timedelta(days=2)
        created = rounds.between(form.begun, until, chance.uniform(0.4, 1), chance)
        owner = chance.choice(self._people())
        self.number += 1
        action = Action(
            agency=place.agency,
            assessment=form.row,
            code=f"A-{place.agency.pk}-{form.year}-{self.number:02}",
            words=words.filled(said["do"], place, chance),
            success_measure=words.filled(said["works"], place, chance),
            owner=owner,
            owner_role=owner.job_title,
            priority=priority,
            due_on=self._due(priority, created, chance.uniform(0.6, 1)),
            resource_needed="Half a day of cover" if chance.random() < 0.2 else "",
            partner_help=chance.random() < 0.1,
            created_by=owner,
            created_at=created,
        )
        if action.partner_help:
            action.help_asked_at = created
        self.rows.actions.append(action)
        self.rows.standards.append(ActionStandard(action=action, code=standard.code))
        self.rows.cycles.append(ActionCycle(action=action, assessment=form.row, at=created))
        return action

    def _due(self, priority: Priority, created: datetime, share: float) -> date:
        longest = LONGEST[priority]
        if longest is None:
            return self.form.cycle.closes_on - timedelta(days=30)
        return timezone.localdate(created + longest * share)

    def _carry(self, action: Action) -> None:
        at = self.form.cycle.opened_at or self.now
        self.rows.cycles.append(ActionCycle(action=action, assessment=self.form.row, at=at))

    def _end_or_leave(self, action: Action, standard: Standard, left: dict[str, Action]) -> None:
        """Finished in its year, or left for the next where the gap is still there."""
        form, chance = self.form, self.form.chance("end", action.code)
        if form.is_open:
            self._now(action)
            return
        following = form.place.chance(form.ago - 1, "left", standard.code)
        still = form.after is not None and form.after.own.get(standard.code) in (
            Rating.NOT_IN_PLACE,
            Rating.DEVELOPING,
        )
        if still and form.after is not None and form.after.begun and following.random() < 0.5:
            left[standard.code] = action
            return
        ended = self._later(action, chance.uniform(0.5, 1.1))
        if chance.random() < 0.05:
            self._note(action, ActionStatus.CANCELLED, ended, "cancelled")
            action.status_reason = words.one(self.place, "cancelled")
            return
        self._do(action, ended)
        if chance.random() < 0.85:
            self._verify(action, ended + timedelta(days=6))

    def _later(self, action: Action, share: float) -> datetime:
        """Some moment between its making and its day, but not after the present one."""
        created = action.created_at
        days = (action.due_on - timezone.localdate(created)).days
        moment = min(created + timedelta(days=days * share), self.now - timedelta(days=8))
        return max(moment, created + timedelta(hours=20))

    def _now(self, action: Action) -> None:
        """Where an action of the open year stands today."""
        chance = self.form.chance("now", action.code)
        today = timezone.localdate(self.now)
        began = min(self._later(action, 0.3), self.now - timedelta(hours=30))
        if began <= action.created_at:
            return
        draw = chance.random()
        if action.due_on < today:
            if draw < 0.55:
                self._do(action, self._later(action, 0.9))
                if draw < 0.35:
                    self._verify(action, self.now - timedelta(days=chance.randint(2, 6)))
            elif draw < 0.7:
                self._note(action, ActionStatus.BLOCKED, began, "blocked")
                action.status_reason = words.one(self.place, "blocked", seed=action.code)
            else:
                self._note(action, ActionStatus.IN_PROGRESS, began, "progress")
        elif draw < 0.12:
            self._do(action, self._later(action, 0.5))
        elif draw < 0.2:
            self._note(action, ActionStatus.BLOCKED, began, "blocked")
            action.status_reason = words.one(self.place, "blocked", seed=action.code)
        elif draw < 0.55:
            self._note(action, ActionStatus.IN_PROGRESS, began, "progress")

    def _note(self, action: Action, status: ActionStatus, at: datetime, said: str) -> None:
        self.rows.notes.append(
            ProgressNote(
                action=action,
                words=words.one(self.place, said, seed=action.code),
                before=action.status,
                after=status,
                by=action.owner,
                at=at,
            )
        )
        action.status = status

    def _do(self, action: Action, at: datetime) -> None:
        self._note(action, ActionStatus.IN_PROGRESS, min(at, self._later(action, 0.3)), "progress")
        self._note(action, ActionStatus.DONE, at, "done")
        action.done_at, action.done_by = at, action.owner
        action.done_words = words.one(self.place, "done", seed=f"{action.code}|")

    def _verify(self, action: Action, at: datetime) -> None:
        """By somebody else; where one person works there is nobody, so it stays done."""
        if self.place.senior is None or self.place.senior == action.owner:
            return
        at = min(at, self.now - timedelta(hours=26))
        if action.done_at is None or at <= action.done_at:
            return
        self.rows.notes.append(
            ProgressNote(
                action=action,
                before=action.status,
                after=ActionStatus.VERIFIED,
                by=self.place.senior,
                at=at,
            )
        )
        action.status = ActionStatus.VERIFIED
        action.verified_at, action.verified_by = at, self.place.senior


def require(forms: Iterable[Form], now: datetime) -> None:
    """What moderators required joins the plans of forms that are final."""
    rows = Rows()
    by_row = {form.row.pk: form for form in forms if form.is_open}
    required = RequiredAction.objects.filter(
        planned_at__isnull=False, review__assessment__in=by_row
    ).select_related("review", "standard")
    numbers: dict[object, int] = {}
    for each in required:
        form = by_row[each.review.assessment_id]
        lead, planned = form.place.lead, each.planned_at
        if lead is None or planned is None:
            continue
        numbers[form.row.pk] = number = numbers.get(form.row.pk, 0) + 1
        action = Action(
            agency=form.place.agency,
            assessment=form.row,
            code=f"A-{form.place.agency.pk}-{form.year}-{80 + number}",
            words=each.words,
            success_measure="The moderators see it at the next review",
            owner=lead,
            owner_role=lead.job_title,
            priority=Priority.MEDIUM,
            due_on=timezone.localdate(planned) + timedelta(days=120),
            asked_by_moderator=True,
            created_by=each.by,
            created_at=planned,
        )
        rows.actions.append(action)
        rows.standards.append(ActionStandard(action=action, code=each.standard.code))
        rows.cycles.append(ActionCycle(action=action, assessment=form.row, at=planned))
    rows.write(timezone.localdate(now))
