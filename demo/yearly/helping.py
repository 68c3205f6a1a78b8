"""Who helps with a form: standards given to colleagues, and what is said between them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from demo.yearly import rounds, words
from demo.yearly.rounds import Form
from selfassessment.models import Assignment, Comment, Helper
from selfassessment.terms import Status

GIVEN = ("RP", "TR")
"""Sections that the first helper answers."""
TALKED_OF = ("LG1", "RP1", "TR1", "ON1")


def share_out(forms: Iterable[Form], now: datetime) -> None:
    """Helpers, assignments and comments of the open year's forms."""
    helpers: list[Helper] = []
    given: list[Assignment] = []
    said: list[Comment] = []
    for form in forms:
        place = form.place
        if not form.is_open or form.begun is None or place.lead is None or not place.helpers:
            continue
        first = form.begun + timedelta(hours=2)
        answers = Helper(
            assessment=form.row, person=place.helpers[0], added_by=place.lead, added_at=first
        )
        reads = Helper(
            assessment=form.row, person=place.helpers[1], added_by=place.lead, added_at=first
        )
        helpers += [answers, reads]
        until = form.prepared or now - timedelta(days=1)
        for standard in form.asked:
            if standard.section_code not in GIVEN:
                continue
            done = standard.code in form.answered
            given.append(
                Assignment(
                    assessment=form.row,
                    standard=standard,
                    helper=answers,
                    due_on=timezone.localdate(until) + timedelta(days=6 * (not form.prepared)),
                    given_by=place.lead,
                    given_at=first,
                    done_at=until if done else None,
                )
            )
        said += _comments(form, until)
    Helper.objects.bulk_create(helpers)
    Assignment.objects.bulk_create(given)
    Comment.objects.bulk_create(said)


def _comments(form: Form, until: datetime) -> list[Comment]:
    place, chance = form.place, form.chance("comments")
    assert form.begun is not None  # noqa: S101 - for the types: asked for by the caller
    assert place.lead is not None  # noqa: S101
    settled = form.stands not in (Status.IN_PROGRESS, Status.READY)
    found = []
    lines = chance.sample(words.told()["comments"], len(TALKED_OF))
    for number, standard in enumerate(each for each in form.asked if each.code in TALKED_OF):
        if standard.code not in form.answered or chance.random() < 0.3:
            continue
        share = (number + 1) / (len(TALKED_OF) + 1)
        at = rounds.between(form.begun, until, share, chance)
        comment = Comment(
            assessment=form.row,
            standard=standard,
            words=lines[number],
            by=place.helpers[number % 2],
            at=at,
        )
        if settled or number == 0:
            comment.dealt_with_by, comment.dealt_with_at = place.lead, at + timedelta(hours=2)
        found.append(comment)
    return found
