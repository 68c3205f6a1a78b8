"""Small charts as SVG, for pages and documents alike: pure functions, numbers in, markup out.

Each has its numbers in its title, holds in black and white, and stands beside a table that says
the same. No style attributes: pages forbid them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

INK, EDGE, SLATE, PALE = "#1a2a33", "#14415a", "#5b6b75", "#e3e8eb"
FULL = 100


@dataclass(frozen=True)
class Bar:
    """One bar: its short name, percent now and last year; None where there is no score."""

    name: str
    now: Decimal | None
    before: Decimal | None = None
    word: str = ""


@dataclass(frozen=True)
class Point:
    """One year of a line; ``broken`` where the standards changed their meaning since the last."""

    year: int
    percent: Decimal | None
    broken: bool = False


@dataclass(frozen=True)
class Part:
    """One part of a stacked bar."""

    name: str
    number: int


def bars(rows: Sequence[Bar], *, title: str) -> SafeString:
    """Horizontal bars of 0 to 100; an upright line is last year.

    Returns:
        an ``svg`` 640 units wide, 30 for each bar; "" without rows.
    """
    if not rows:
        return SafeString()
    left, width, step = 150, 400, 30
    drawn = []
    for number, row in enumerate(rows):
        top = number * step + 4
        drawn.append(
            format_html(
                '<text x="{}" y="{}" text-anchor="end" font-size="15" fill="{}">{}</text>'
                '<rect x="{}" y="{}" width="{}" height="20" fill="{}"/>',
                left - 10,
                top + 15,
                INK,
                row.name,
                left,
                top,
                width,
                PALE,
            )
        )
        if row.now is not None:
            drawn.append(
                format_html(
                    '<rect x="{}" y="{}" width="{}" height="20" fill="{}"/>',
                    left,
                    top,
                    _along(row.now, width),
                    EDGE,
                )
            )
        if row.before is not None:
            at = left + float(_along(row.before, width))
            drawn.append(
                format_html(
                    '<path d="M{} {}v28" stroke="#fff" stroke-width="6"/>'
                    '<path d="M{} {}v28" stroke="{}" stroke-width="3"/>',
                    f"{at:.1f}",
                    top - 4,
                    f"{at:.1f}",
                    top - 4,
                    INK,
                )
            )
        drawn.append(
            format_html(
                '<text x="{}" y="{}" font-size="15" fill="{}">{}</text>',
                left + width + 10,
                top + 15,
                INK,
                _bar_words(row),
            )
        )
    said = "; ".join(f"{row.name} {_bar_words(row)}{_last_year(row)}" for row in rows)
    return _svg(drawn, f"{title}: {said}.", width=left + width + 90, height=len(rows) * step + 4)


FILL_OF = {"red": "#9b1226", "amber": "#f0b93f", "green": "#17603f"}


def bar(now: Decimal | None, before: Decimal | None, *, look: str, title: str) -> SafeString:
    """One bar of 0 to 100 for a cell of a table; the upright line is last year.

    Args:
        look: "red", "amber" or "green"; the word stands beside the bar.
    Returns:
        an ``svg`` of class ``bar``, 120 by 10 units; "" without a score.
    """
    if now is None:
        return SafeString()
    mark = SafeString()
    said = _("%(title)s: %(now)s of 100") % {"title": title, "now": now}
    if before is not None:
        mark = format_html('<path d="M{} 0v9.5" stroke="{}" stroke-width="1.6"/>', before, INK)
        said = _("%(said)s, last year %(before)s") % {"said": said, "before": before}
    return format_html(
        '<svg class="bar" viewBox="0 0 120 10" role="img"><title>{}</title>'
        '<path d="M0 9.5h100" stroke="#6d7378" stroke-width=".6"/>'
        '<rect x="0" y="1.5" width="{}" height="6.5" fill="{}"/>{}</svg>',
        said,
        now,
        FILL_OF.get(look, EDGE),
        mark,
    )


def line(points: Sequence[Point], *, title: str) -> SafeString:
    """One line of up to five years, 0 to 100; broken where the standards changed their meaning.

    Returns:
        an ``svg`` 300 by 130 units; "" where no year has a score.
    """
    if not any(point.percent is not None for point in points):
        return SafeString()
    left, top, width, height = 34, 10, 250, 90
    step = width / max(len(points) - 1, 1)
    drawn = [
        format_html(
            '<path d="M{} {}h{}" stroke="{}" stroke-width="1"/>'
            '<text x="{}" y="{}" text-anchor="end" font-size="12" fill="{}">{}</text>',
            left,
            f"{top + height * (1 - mark / FULL):.1f}",
            width,
            "#b7c2c9",
            left - 6,
            f"{top + height * (1 - mark / FULL) + 4:.1f}",
            SLATE,
            mark,
        )
        for mark in (0, 50, 75, FULL)
    ]
    last: tuple[float, float] | None = None
    for number, point in enumerate(points):
        x = left + step * number
        drawn.append(
            format_html(
                '<text x="{}" y="{}" text-anchor="middle" font-size="12" fill="{}">{}</text>',
                f"{x:.1f}",
                top + height + 18,
                SLATE,
                point.year,
            )
        )
        if point.percent is None:
            last = None
            continue
        y = top + height * (1 - float(point.percent) / FULL)
        if last is not None and not point.broken:
            drawn.append(
                format_html(
                    '<path d="M{} {}L{} {}" stroke="{}" stroke-width="3" fill="none"/>',
                    f"{last[0]:.1f}",
                    f"{last[1]:.1f}",
                    f"{x:.1f}",
                    f"{y:.1f}",
                    EDGE,
                )
            )
        drawn.append(
            format_html('<circle cx="{}" cy="{}" r="5" fill="{}"/>', f"{x:.1f}", f"{y:.1f}", EDGE)
        )
        last = (x, y)
    said = "; ".join(_point_words(point) for point in points)
    return _svg(drawn, f"{title}: {said}.", width=left + width + 16, height=top + height + 24)


FILLS = (EDGE, "#4f86a3", "#a9c6d6", "#dfe8ec", "#f2c46d", "#ffffff")
"""From dark to light, each edged, so that neighbours differ in black and white too."""


def stack(parts: Sequence[Part], *, title: str) -> SafeString:
    """One bar of several parts, in order, each with its number where it fits.

    Returns:
        an ``svg`` 640 by 34 units; "" where there is nothing to count.
    """
    total = sum(part.number for part in parts)
    if not total:
        return SafeString()
    width, x = 638, 1.0
    drawn = []
    for number, part in enumerate(parts):
        if not part.number:
            continue
        share = width * part.number / total
        fill = FILLS[number % len(FILLS)]
        drawn.append(
            format_html(
                '<rect x="{}" y="1" width="{}" height="32" fill="{}" stroke="{}"/>',
                f"{x:.1f}",
                f"{share:.1f}",
                fill,
                INK,
            )
        )
        if share > 12 * len(str(part.number)):
            drawn.append(
                format_html(
                    '<text x="{}" y="23" text-anchor="middle" font-size="16" fill="{}">{}</text>',
                    f"{x + share / 2:.1f}",
                    "#fff" if number == 0 else INK,
                    part.number,
                )
            )
        x += share
    said = "; ".join(f"{part.name} {part.number}" for part in parts)
    return _svg(drawn, f"{title}: {said}.", width=width + 2, height=34)


def _svg(drawn: Sequence[str], title: str, *, width: int, height: int) -> SafeString:
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {} {}" width="{}" '
        'height="{}" focusable="false"><title>{}</title>{}</svg>',
        width,
        height,
        width,
        height,
        title,
        format_html_join("", "{}", ((each,) for each in drawn)),
    )


def _along(percent: Decimal, width: int) -> str:
    return f"{float(percent) / FULL * width:.1f}"


def _bar_words(row: Bar) -> str:
    if row.now is None:
        return row.word or _("no score")
    return f"{row.word} {row.now}".strip()


def _last_year(row: Bar) -> str:
    return "" if row.before is None else _(", last year %(percent)s") % {"percent": row.before}


def _point_words(point: Point) -> str:
    if point.percent is None:
        return _("%(year)d no score") % {"year": point.year}
    words = f"{point.year} {point.percent}"
    return _("%(said)s, standards reworded") % {"said": words} if point.broken else words
