"""Making documents once, and keeping them: in a job, and by housekeeping where a job was lost."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import QueryDict

from accounts.models import User
from audit import events
from outbox.parts import alone
from selfassessment.board.filters import Filters
from selfassessment.models import Cycle, SignOff
from selfassessment.moderation.models import Review
from selfassessment.reports.models import Document, Kind

KEPT_DAYS = 7
"""A board report is made anew rather than kept: what it counts changes every day (row P11)."""
MADE_UP_FOR_DAYS = 2
"""How long a lost job is made up for. An older report is made when it is first asked for: what it
says was frozen with the sign-off, so it says the same whenever it is made."""
MOST_A_ROUND = 3
GIVEN_UP = timedelta(hours=1)
"""No report takes as long, so one that still waits then is not waited for."""


def of_signoff(signoff: SignOff, kind: Kind) -> Document | None:
    """The document, made; None while it is not."""
    return Document.objects.made().filter(signoff=signoff, kind=kind).first()


def make_of_signoff(signoff: SignOff, kind: Kind, *, now: datetime) -> Document:
    """Make and keep it once; a second call returns the first."""
    from selfassessment.reports import agency  # WeasyPrint is slow to import

    kept = of_signoff(signoff, kind)
    if kept is not None:
        return kept
    review = Review.objects.filter(signoff=signoff).first() if kind == Kind.MODERATED else None
    content = agency.render(signoff.assessment, signoff, review=review)
    with transaction.atomic():
        SignOff.objects.select_for_update().get(pk=signoff.pk)
        kept = of_signoff(signoff, kind)
        if kept is None:
            kept = Document.objects.create(
                kind=kind,
                signoff=signoff,
                done=100,
                made_at=now,
                content=content,
                sha256=hashlib.sha256(content).hexdigest(),
            )
            events.record(
                "assessment.document_made", signoff.assessment, by=None, document=str(kind)
            )
    return kept


def missing(now: datetime) -> list[tuple[SignOff, Kind]]:
    """Reports that should be there by now, a few at a time and in no order."""
    found = []
    since = now - timedelta(days=MADE_UP_FOR_DAYS)
    for kind, signoffs in (
        (Kind.SIGNED, SignOff.objects.filter(at__gte=since)),
        (
            Kind.MODERATED,
            SignOff.objects.filter(
                assessment__published_at__gte=since, review__finished_at__isnull=False
            ),
        ),
    ):
        made = Document.objects.filter(signoff=OuterRef("pk"), kind=kind)
        lost = signoffs.filter(~Exists(made)).exclude(frozen={}).select_related("assessment")
        found += [(each, kind) for each in lost.order_by("?")[:MOST_A_ROUND]]
    return found


def make_missing(now: datetime) -> int:
    """Whatever is missing; one that cannot be made stops no other."""
    made = 0
    for signoff, kind in missing(now):
        with alone(f"Report of sign-off {signoff.pk}", locked=False):
            make_of_signoff(signoff, kind, now=now)
            made += 1
    return made


# The board's report ------------------------------------------------------------------------------
@transaction.atomic
def ask_for_board_report(cycle: Cycle, asked_for: str, *, by: User, now: datetime) -> Document:
    """A row that the worker fills; the same report asked for twice at once is one."""
    from selfassessment.tasks import make_board_report

    Cycle.objects.select_for_update().get(pk=cycle.pk)
    waiting = Document.objects.filter(
        kind=Kind.BOARD,
        cycle=cycle,
        asked_by=by,
        asked_for=asked_for,
        made_at__isnull=True,
        failed_at__isnull=True,
    )
    waiting.filter(asked_at__lt=now - GIVEN_UP).update(failed_at=now)
    still = waiting.first()
    if still is not None:
        return still
    document = Document.objects.create(
        kind=Kind.BOARD, cycle=cycle, asked_by=by, asked_for=asked_for, asked_at=now
    )
    events.record("assessment.board_report_asked", by=by, year=cycle.year)
    make_board_report.enqueue(document.pk)
    return document


def make_board(document: Document, *, now: datetime) -> None:
    """Fill the row. Called outside of a transaction: the page sees how far it has come, and that
    it failed stays written.

    Raises:
        whatever stopped it; the row then says that it failed.
    """
    from selfassessment.reports import board

    if document.made_at is not None or document.failed_at is not None:
        return
    if document.cycle is None or document.asked_by is None:
        return
    filters = Filters.read(QueryDict(document.asked_for))

    def tell(done: int) -> None:
        Document.objects.filter(pk=document.pk).update(done=done)

    try:
        content = board.render(filters, user=document.asked_by, now=now, tell=tell)
    except Exception:
        Document.objects.filter(pk=document.pk).update(failed_at=now)
        raise
    Document.objects.filter(pk=document.pk).update(
        done=100, made_at=now, content=content, sha256=hashlib.sha256(content).hexdigest()
    )


def throw_away_old(now: datetime) -> int:
    """Board reports older than a week."""
    old = Document.objects.filter(kind=Kind.BOARD, asked_at__lt=now - timedelta(days=KEPT_DAYS))
    return old.delete()[0]


Tell = Callable[[int], None]
