"""What people are told of actions: one mail for all that waits, no words of any of them."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from agencies.models import Membership
from agencies.people import holders, on_duty
from agencies.terms import AGENCY_LEADS, AGENCY_ROLES, PREVENT, Role
from outbox import post
from selfassessment.actions import rules
from selfassessment.actions.models import Action, ActionReminder
from selfassessment.terms import ACTION_WORK_LEFT

FROM_HOUR = 7  # nobody is written to at night about an action
AT_ONCE = 500


def help_asked(action: Action) -> int:
    """Tell the Prevent lead of the locality that an agency asks for help; returns to how many."""
    sent = 0
    for person in on_duty(action.agency.locality, *PREVENT):
        sent += bool(
            post.send(
                person,
                kind="assessment.help_asked",
                subject=_("An agency asks for help with an action"),
                what=_("An agency of your area asks a partner to help with one of its actions."),
                why=_("You are the Prevent lead of the area."),
                path=reverse("selfassessment:action_help", args=[action.assessment.key, action.pk]),
                key=f"action:{action.pk}:help:{person.pk}",
                reference=action.code,
            )
        )
    return sent


def remind(now: datetime, *, at_most: int = AT_ONCE) -> int:
    """Remind of actions whose step has come: each step once, one mail for each person.

    Two weeks before, on the day, and each week after: the owner; from the first week late the
    senior lead too; at thirty days late the moderation manager, once. A step is a row, so a day
    on which nothing ran makes up for it with the step that is due then, and no second run tells
    twice. What is done, verified or cancelled is asked for no more.

    Returns:
        How many mails.
    """
    local = timezone.localtime(now)
    if local.hour < FROM_HOUR:
        return 0
    today = local.date()
    told: dict[int, tuple[User, list[ActionReminder]]] = {}
    with transaction.atomic():
        for action, step in _due(today, at_most):
            action.remind_on = rules.next_step_on(action.due_on, today)
            action.save(update_fields=["remind_on"])
            if not step:
                continue
            reminder, is_new = ActionReminder.objects.get_or_create(
                action=action, due_on=action.due_on, step=step, defaults={"at": now}
            )
            if is_new:
                for person in _who(action, step):
                    told.setdefault(person.pk, (person, []))[1].append(reminder)
        sent = sum(_mail(person, those) for person, those in told.values())
        return sent + _tell_managers(today, now)


def _due(today: date, at_most: int) -> list[tuple[Action, str]]:
    """Actions whose step has come, each with that step; they are locked."""
    waiting = Action.objects.filter(status__in=ACTION_WORK_LEFT, remind_on__lte=today)
    rows = waiting.select_for_update(of=("self",), skip_locked=True)
    found = rows.select_related("owner", "agency").order_by("remind_on", "pk")[:at_most]
    return [
        (each, rules.step_reached(each.due_on, timezone.localdate(each.created_at), today))
        for each in found
    ]


def _who(action: Action, step: str) -> list[User]:
    """The owner; the leads where the owner has left; from the first week late the senior lead."""
    belongs = Membership.objects.active().filter(
        person=action.owner_id, role__in=AGENCY_ROLES, agency=action.agency_id
    )
    found = {}
    if action.owner.is_active and belongs.exists():
        found[action.owner_id] = action.owner
    else:
        found = {each.pk: each for each in on_duty(action.agency, *AGENCY_LEADS)}
    if step.startswith("week"):
        found |= {each.pk: each for each in holders(action.agency, [Role.SENIOR_LEAD])}
    return list(found.values())


def _mail(person: User, reminders: list[ActionReminder]) -> int:
    """One mail for all that this run found; its key is that of the first of them."""
    late = sum(each.step.startswith("week") for each in reminders)
    today = sum(each.step == "day" for each in reminders)
    soon = len(reminders) - late - today
    said = []
    if late:
        said.append(
            ngettext("%(n)d action is overdue.", "%(n)d actions are overdue.", late) % {"n": late}
        )
    if today:
        said.append(
            ngettext("%(n)d action is due now.", "%(n)d actions are due now.", today) % {"n": today}
        )
    if soon:
        said.append(
            ngettext(
                "%(n)d action is due within two weeks.",
                "%(n)d actions are due within two weeks.",
                soon,
            )
            % {"n": soon}
        )
    first = min(each.pk for each in reminders)
    message = post.send(
        person,
        kind="assessment.actions_due",
        subject=_("Actions of your self-assessment"),
        what=" ".join(said),
        why=_("They are yours to do, or you answer for them in your agency."),
        path=reverse("selfassessment:my_actions"),
        key=f"actions:{first}:{person.pk}",
    )
    return int(message is not None)


def _tell_managers(today: date, now: datetime) -> int:
    """Tell the moderation managers once of each action that is thirty days late: one mail a run."""
    late = Action.objects.filter(
        status__in=ACTION_WORK_LEFT,
        late_told_at__isnull=True,
        due_on__lte=today - timedelta(days=rules.LATE_FOR_MANAGER),
    )
    rows = late.select_for_update(skip_locked=True).order_by("pk")
    found = list(rows.values_list("pk", flat=True))
    if not found:
        return 0
    Action.objects.filter(pk__in=found).update(late_told_at=now)
    return sum(_to_manager(person, found) for person in _managers())


def _managers() -> Iterable[User]:
    return holders(None, [Role.MODERATION_MANAGER])


def _to_manager(person: User, late: list[int]) -> int:
    message = post.send(
        person,
        kind="assessment.actions_late",
        subject=_("Actions of agencies are thirty days late"),
        what=ngettext(
            "%(n)d action of an agency is thirty days late.",
            "%(n)d actions of agencies are thirty days late.",
            len(late),
        )
        % {"n": len(late)},
        why=_("You look after the self-assessment for the partnership."),
        path=reverse("selfassessment:late_actions"),
        key=f"actions-late:{late[0]}:{person.pk}",
    )
    return int(message is not None)
