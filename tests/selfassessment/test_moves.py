"""The table of moves, written a second time by hand: every status, every move, everybody."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from audit.models import AuditEvent
from selfassessment import moves
from selfassessment.models import Assignment, Helper
from selfassessment.moves import TransitionError
from selfassessment.terms import Status
from tests.selfassessment import forms

# From, to: who may. Whoever is not named may not; what is not here cannot be.
LEADS, SENIOR, MANAGER = {"lead", "deputy"}, {"senior"}, {"manager"}
MODERATORS, PORTAL = {"moderator", "second_moderator"}, {"portal"}
BY_HAND = {
    "not_started": {
        "in_progress": LEADS | {"contributor"} | PORTAL,
        "exempt": MANAGER,
        "closed": PORTAL,
    },
    "in_progress": {"ready_for_signoff": LEADS, "exempt": MANAGER, "closed": PORTAL},
    "ready_for_signoff": {
        "signed_off": SENIOR,
        "in_progress": SENIOR | PORTAL,  # the portal: shared answers were changed
        "exempt": MANAGER,
        "closed": PORTAL,
    },
    "signed_off": {
        "in_moderation": MANAGER,
        "returned": MANAGER,
        "in_progress": MANAGER | PORTAL,
        "closed": PORTAL,
    },
    "returned": {"signed_off": SENIOR, "closed": PORTAL},
    "in_moderation": {"moderated": MODERATORS, "in_progress": MANAGER | PORTAL, "closed": PORTAL},
    "moderated": {
        "published_to_agency": MANAGER,
        "in_progress": MANAGER | PORTAL,
        "closed": PORTAL,
    },
    "published_to_agency": {"in_progress": MANAGER | PORTAL, "closed": PORTAL},
    "closed": {},
    "exempt": {"not_started": MANAGER, "closed": PORTAL},
}
PEOPLE = (
    "lead",
    "deputy",
    "senior",
    "contributor",
    "other_lead",
    "manager",
    "board_member",
    "moderator",
    "second_moderator",
    "stranger",
)


@pytest.fixture
def everybody(cast, form):
    """The cast with the teacher as somebody who was given a standard."""
    helper = Helper.objects.create(assessment=form, person=cast.teacher, added_by=cast.lead)
    Assignment.objects.create(
        assessment=form, standard=forms.standard("LG1"), helper=helper, given_by=cast.lead
    )
    people = {
        name: cast.teacher if name == "contributor" else getattr(cast, name) for name in PEOPLE
    }
    return people | {"portal": None}


def outcome(form, target, person):
    """What becomes of the move; whatever it is, it is taken back."""
    needed: dict[str, Any] = {"exempt_reason": "Closes."} if target == Status.EXEMPT else {}
    if target == Status.READY:
        needed = {"prepared_by": person, "prepared_at": forms.NOW}
    if target in (Status.SIGNED, Status.MODERATION, Status.MODERATED, Status.PUBLISHED):
        needed = {"signed_at": forms.NOW}
    with transaction.atomic():
        try:
            moves.move(moves.locked(form), target, by=person, **needed)
            return "moved"
        except TransitionError:
            return "cannot be"
        except PermissionDenied:
            return "refused"
        finally:
            transaction.set_rollback(True)


@pytest.mark.parametrize("source", BY_HAND)
def test_every_move_from_here_is_for_those_of_the_table(source, cast, form, everybody):
    forms.put_in(form, Status(source), cast)
    wrong = []
    for target in Status:
        allowed = BY_HAND[source].get(target)
        for name, person in everybody.items():
            wanted = "cannot be"
            if allowed is not None:
                wanted = "moved" if name in allowed else "refused"
            got = outcome(form, target, person)
            offered = person is not None and moves.can(person, form, target)
            if got != wanted or (person is not None and offered != (wanted == "moved")):
                wrong.append((target, name, wanted, got, offered))
    assert wrong == []


def test_the_table_by_hand_knows_every_status_and_no_more_moves_than_there_are():
    assert set(BY_HAND) == set(Status.values)
    pairs = {(source, target) for source, targets in BY_HAND.items() for target in targets}
    assert pairs == set(moves.MOVES)


def test_a_move_is_written_down_with_where_it_came_from(cast, form):
    moves.move(moves.locked(form), Status.IN_PROGRESS, by=cast.lead)
    event = AuditEvent.objects.get(kind="assessment.in_progress")
    assert (event.person, event.detail["before"]) == (cast.lead, "not_started")
    assert event.agency == str(cast.school.pk)
