"""What is measured of the yearly self-assessment: its forms, its pages and its documents."""

import resource
import time
from datetime import timedelta
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from agencies.models import Membership
from agencies.terms import Role
from bench import report as full
from bench.client import Page
from demo import sample
from demo.yearly import sampling
from selfassessment.board.filters import Filters
from selfassessment.models import Assessment, Cycle
from selfassessment.reports import agency, board
from selfassessment.terms import Status

HEAT_MAPS = (40, 500, 2_000)
"""Agencies; a closed cycle of its own for each."""
REPORT = 500
SEED = 1
PLAIN = "<h1>{title}</h1>{body}"
LINE = "<p>The duty is to have due regard to the need to prevent people from being drawn in.</p>"
TRIES = 3


def make_cycles() -> None:
    """Cycles of the sizes of ``HEAT_MAPS``, long closed, for agencies of the sample."""
    now = timezone.now()
    latest = sampling.open_cycle(now)
    places = sample.agencies(max(HEAT_MAPS), now=now)
    for ago, size in enumerate(HEAT_MAPS, start=3):
        cycle, _made = Cycle.objects.get_or_create(
            year=latest.year - ago,
            defaults={
                "standards": latest.standards,
                "opened_at": now - timedelta(days=366 * ago),
                "closed_at": now - timedelta(days=366 * (ago - 1)),
                **{
                    day: getattr(latest, day) - timedelta(days=366 * ago)
                    for day in ("opens_on", "due_on", "moderation_ends_on", "report_on")
                },
                "closes_on": latest.closes_on - timedelta(days=366 * ago),
            },
        )
        sampling.fill([int(each.pk) for each in places[:size]], seed=SEED, now=now, cycle=cycle)


def form() -> Assessment:
    """One that is being filled in, by a lead of the sample."""
    at_it = Assessment.objects.filter(
        status=Status.IN_PROGRESS,
        cycle__closed_at=None,
        agency__domains__domain__startswith="a0",
    )
    found = at_it.select_related("agency").order_by("agency__name").first()
    assert found is not None  # noqa: S101 - a sample has some
    return found


def lead_of(form: Assessment) -> User:
    held = Membership.objects.active().filter(agency=form.agency_id, role=Role.LEAD)
    return held.select_related("person").order_by("pk")[:1].get().person


def board_member() -> User:
    held = Membership.objects.active().filter(role=Role.BOARD_MEMBER)
    return held.select_related("person").order_by("pk")[:1].get().person


def _year_of(size: int) -> int:
    return sampling.open_cycle(timezone.now()).year - 3 - HEAT_MAPS.index(size)


def pages(form: Assessment) -> list[Page]:
    standard = reverse("selfassessment:standard", args=[form.key, "LG1"])
    return [
        Page("Self-assessment", "form", reverse("selfassessment:overview", args=[form.key])),
        Page("Self-assessment, a standard", "form", standard),
        Page("Self-assessment, autosave", "form", standard, "autosave"),
        *(
            Page(
                f"Heat map, {size:,} agencies",
                "board",
                f"{reverse('selfassessment:board')}?year={_year_of(size)}",
            )
            for size in HEAT_MAPS
        ),
    ]


def documents(sheets_of: Any) -> dict[str, float]:
    """Milliseconds to a page of an agency's report, and of a plain one of the same length; seconds
    and most megabytes of the board's report."""
    # First, as the most memory that a process had is told and nothing less.
    began = time.perf_counter()
    filters = Filters.read(QueryDict(f"year={_year_of(REPORT)}"))
    report = board.render(filters, user=board_member(), now=timezone.now(), tell=lambda _done: None)
    seconds = time.perf_counter() - began
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    whole = full.signed(sampling.open_cycle(timezone.now()))
    agency.render(*whole)  # fonts and style are read once in a process
    made = agency.render(*whole)
    sheets = sheets_of(made)
    ours = _median(lambda: agency.render(*whole)) / sheets
    text = _plain_of(sheets, sheets_of)
    plain_sheets = sheets_of(_plain(text))
    plain = _median(lambda: _plain(text)) / plain_sheets
    return {
        "pages": sheets,
        "ms": 1000 * ours,
        "plain_ms": 1000 * plain,
        "ratio": ours / plain,
        "board_pages": sheets_of(report),
        "board_seconds": seconds,
        "board_mb": most,
    }


def _median(work: Any) -> float:
    took = []
    for _again in range(TRIES):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return sorted(took)[TRIES // 2]


def _plain(html: str) -> bytes:
    from weasyprint import HTML

    made: bytes = HTML(string=html).write_pdf()
    return made


def _plain_of(sheets: int, sheets_of: Any) -> str:
    """As many pages of plain paragraphs."""
    each = 300 // sheets_of(_plain(PLAIN.format(title="Plain", body=LINE * 300)))
    return PLAIN.format(title="Plain", body=LINE * each * sheets)
