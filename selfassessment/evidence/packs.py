"""Large packs: made by the worker, sealed with a key of their own, gone after a day (row P11)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit import events
from selfassessment.evidence import pack, policy
from selfassessment.evidence.models import Pack, PackPart
from selfassessment.evidence.queries import items_of
from selfassessment.evidence.terms import LOST_AFTER_HOURS, PACK_HOURS, PACK_PART
from selfassessment.models import Assessment
from vault import keys


@transaction.atomic
def ask(assessment: Assessment, *, by: User, now: datetime | None = None) -> Pack:
    """A row that the worker fills; asked for twice while it is being made it is one."""
    from selfassessment.evidence.tasks import make_pack  # which knows this module

    now = now or timezone.now()
    Assessment.objects.select_for_update().get(pk=assessment.pk)
    mine = Pack.objects.filter(assessment=assessment, asked_by=by)
    waiting = mine.filter(made_at__isnull=True, failed_at__isnull=True).first()
    if waiting is not None:
        return waiting
    asked = Pack.objects.create(assessment=assessment, asked_by=by, asked_at=now)
    keys.new_case(asked.pk)
    _record("asked", asked, by=by)
    transaction.on_commit(lambda: make_pack.enqueue(str(asked.pk)))
    return asked


def of_person(assessment: Assessment, person: User, *, now: datetime) -> list[Pack]:
    """The packs of a form that the person asked for and that are still there, newest first."""
    since = now - timedelta(hours=PACK_HOURS)
    found = Pack.objects.filter(assessment=assessment, asked_by=person, asked_at__gt=since)
    return list(found.order_by("-asked_at")[:5])


def make(pack_id: UUID, *, now: datetime | None = None) -> None:
    """Fill the row, part by part; what the person may have is asked anew. Safe to run twice.

    Raises:
        whatever stopped it; the row then says that it failed, and holds nothing.
    """
    now = now or timezone.now()
    wanted = Pack.objects.filter(pk=pack_id, made_at__isnull=True, failed_at__isnull=True)
    asked = wanted.select_related("asked_by").first()
    if asked is None:
        return
    try:
        _fill(asked, now)
    except Exception:
        asked.parts.all().delete()
        Pack.objects.filter(pk=pack_id).update(failed_at=now)
        raise


def _fill(asked: Pack, now: datetime) -> None:
    by = asked.asked_by
    seen = Assessment.objects.visible_to(by).select_related("cycle", "agency", "answers_of")
    form = seen.get(pk=asked.assessment_id)
    items = pack.may_hold(items_of(form), of_agency=policy.sees_library(by, form))
    asked.parts.all().delete()

    def tell(done: int) -> None:
        # Written outside the making, so that the page can tell it.
        Pack.objects.filter(pk=asked.pk).update(done=99 * done // len(items))

    held, number, size = bytearray(), 0, 0
    for piece in pack.stream(form, items, by=by, now=now, tell=tell):
        held += piece
        while len(held) >= PACK_PART:
            number += 1
            _keep(asked, number, bytes(held[:PACK_PART]))
            del held[:PACK_PART]
        size += len(piece)
    _keep(asked, number + 1, bytes(held))
    with transaction.atomic():
        Pack.objects.filter(pk=asked.pk).update(done=100, made_at=now, size=size, pieces=len(items))
        asked.pieces, asked.size = len(items), size
        _record("made", asked, by=None)


def _keep(asked: Pack, number: int, content: bytes) -> None:
    PackPart.objects.create(pack=asked, number=number, content=content)


def stream(ready: Pack) -> Iterator[bytes]:
    """The ZIP, one part unsealed at a time."""
    for number in ready.parts.order_by("number").values_list("number", flat=True):
        yield ready.parts.get(number=number).content


def note_taking(ready: Pack, *, by: User) -> None:
    """Write down who took it, before anything is sent."""
    _record("taken", ready, by=by)


def throw_away_old(now: datetime) -> int:
    """Packs older than a day, with their keys; those that a worker gave up say that they failed."""
    lost = Pack.objects.filter(
        made_at__isnull=True,
        failed_at__isnull=True,
        asked_at__lt=now - timedelta(hours=LOST_AFTER_HOURS),
    )
    lost.update(failed_at=now)
    gone = 0
    for old in Pack.objects.filter(asked_at__lt=now - timedelta(hours=PACK_HOURS)):
        with transaction.atomic():
            keys.destroy(old.pk)
            old.parts.all().delete()
            old.delete()
        gone += 1
    return gone


def _record(what: str, asked: Pack, *, by: User | None) -> None:
    events.record(
        f"assessment.evidence_pack_{what}",
        asked.assessment,
        by=by,
        agency=str(asked.assessment.agency_id),
        pieces=asked.pieces,
        bytes=asked.size,
    )
