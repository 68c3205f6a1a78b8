"""A full report of an agency: all 54 standards answered at length, as it is frozen when signed.

No type of agency is asked all of them, so nothing of it is stored. The words are those of the
demonstration, as many of them as the boxes of the form take.
"""

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from agencies.models import Agency
from demo.yearly import holding, rounds, words
from demo.yearly.places import Place
from selfassessment import advice
from selfassessment.models import Assessment, Cycle, SignOff
from selfassessment.reports import frozen
from selfassessment.scoring import Rated
from selfassessment.standards.models import Standard
from selfassessment.terms import (
    LONGEST,
    POINTS,
    POSITION_AT_MOST,
    ActionStatus,
    Confidence,
    FormType,
    Rating,
)
from selfassessment.workflow import signing

CHANGES, PIECES = 6, 3
"""Sentences of what changed, and pieces of evidence: of a lead who means to be believed."""
SKILL, SKILL_BEFORE = 1.9, 1.5


def signed(cycle: Cycle) -> tuple[Assessment, SignOff]:
    """The form and its sign-off; neither is stored."""
    agency = Agency(pk=0, name="Vale of Wharfe Council")
    place = Place({"form": FormType.LA}, agency)
    board = cycle.assessments.select_related("board")[:1].get().board
    form = Assessment(cycle=cycle, agency=agency, board=board, form_type=FormType.LA)
    standards = list(cycle.standards.standards.select_related("section").order_by("order"))
    now, last = _ratings(place, standards, SKILL), _ratings(place, standards, SKILL_BEFORE)
    content = _content(form, place, standards, now, last)
    body_on = cycle.due_on + timedelta(days=21)
    statement = signing.statement(form, body_on)
    signoff = SignOff(
        assessment=form,
        number=1,
        name="Elin Marsh",
        role="Chief executive",
        prepared_by_name="Jonas Whitaker",
        at=timezone.now(),
        statement=statement,
        governing_body_on=body_on,
        frozen=content,
        sha256=frozen.digest(content, statement),
    )
    return form, signoff


def _ratings(place: Place, standards: list[Standard], skill: float) -> dict[str, Rating]:
    return rounds.drawn(skill, standards, place.chance("ratings", skill))


def _content(
    form: Assessment,
    place: Place,
    standards: list[Standard],
    now: dict[str, Rating],
    last: dict[str, Rating],
) -> dict[str, Any]:
    cycle = form.cycle
    before = frozen.LastYear(form, _rated(standards, last), {}, is_same=True)
    sections = list(cycle.standards.sections.all())
    consulted = {name: " ".join(words.told()["consulted"][name]) for name in ("who", "how", "said")}
    return {
        "format": frozen.FORMAT,
        "agency": place.name,
        "board": form.board.name,
        "year": cycle.year,
        "standards": cycle.standards.version,
        "standards_title": cycle.standards.title,
        "form": str(FormType.LA.label),
        "short_form": False,
        "bands": [cycle.amber_from, cycle.green_from],
        **frozen.scores(_rated(standards, now), before, sections, cycle.bands),
        "asked": [
            _asked(place, cycle, each, now[each.code], last[each.code]) for each in standards
        ],
        "consultation": {
            name: words.filled(said, place, place.chance(name)) for name, said in consulted.items()
        },
        "actions": [
            _action(place, cycle, number, each, now[each.code])
            for number, each in enumerate(standards, start=1)
            if now[each.code] in (Rating.NOT_IN_PLACE, Rating.DEVELOPING)
        ],
    }


def _rated(standards: list[Standard], ratings: dict[str, Rating]) -> list[Rated]:
    return [
        Rated(each.code, each.section_code, each.critical, ratings[each.code]) for each in standards
    ]


def _asked(
    place: Place, cycle: Cycle, standard: Standard, rating: Rating, last: Rating
) -> dict[str, Any]:
    which = "up" if POINTS.get(rating, 0) > POINTS.get(last, 0) else "same"
    chance = place.chance("changed", standard.code)
    changes = chance.sample(words.told()["changed"][which], CHANGES)
    return {
        "code": standard.code,
        "section": standard.section_code,
        "title": standard.title,
        "text": standard.text,
        "weight": standard.weight_for(FormType.LA).value,
        "critical": standard.critical,
        "rating": rating,
        "position": _position(place, standard, rating, cycle.year),
        "what_changed": words.filled(" ".join(changes), place, chance),
        "confidence": Confidence.SURE,
        "not_applicable_reason": (
            words.not_applicable(standard.code) if rating == Rating.NOT_APPLICABLE else ""
        ),
        "last_year": last,
        "evidence": [_evidence(place, cycle, each) for each in _pieces(standard)],
    }


def _position(place: Place, standard: Standard, rating: Rating, year: int) -> str:
    """Two paragraphs, no longer than the box takes."""
    first = words.position(place, standard.code, rating, year)
    if rating == Rating.NOT_APPLICABLE:
        return first
    chance = place.chance("more", standard.code)
    more = words.told()["more"][POINTS[rating]]
    more = chance.sample(more, len(more))
    said = words.told()["standards"][standard.code]
    second = words.filled(f"{' '.join(more)} {said['do']}. {said['works']}.", place, chance)
    return f"{first}\n{second}"[:POSITION_AT_MOST]


def _pieces(standard: Standard) -> list[dict[str, str]]:
    """Those of its section, and one that is shown for many standards."""
    sections = holding.told()["sections"]
    return [*sections[standard.section_code], *sections["RA"], *sections["TR"]][:PIECES]


def _evidence(place: Place, cycle: Cycle, said: dict[str, str]) -> dict[str, str]:
    chance = place.chance("evidence", said["title"])
    dated = cycle.due_on - timedelta(days=chance.randint(20, 300))
    title = words.filled(said["title"], place, chance)
    return {
        "title": f"{title}, {dated.year}",
        "kind": said["kind"],
        "owner": chance.choice(["Jonas Whitaker", "Mina Castle", "Tom Adeyemi"]),
        "dated_on": dated.isoformat(),
        "expires_on": (dated + timedelta(days=420)).isoformat() if "months" in said else "",
    }


def _action(
    place: Place, cycle: Cycle, number: int, standard: Standard, rating: Rating
) -> dict[str, Any]:
    chance = place.chance("action", standard.code)
    said = words.told()["standards"][standard.code]
    priority = advice.priority(standard, rating, standard.weight_for(FormType.LA))
    due: date = cycle.due_on + (LONGEST[priority] or timedelta(days=180))
    return {
        "code": f"A-1-{cycle.year}-{number:02}",
        "standards": [standard.code],
        "words": words.filled(said["do"], place, chance),
        "owner": chance.choice(["Jonas Whitaker", "Mina Castle", "Tom Adeyemi"]),
        "owner_role": "Head of community safety",
        "priority": priority,
        "due_on": due.isoformat(),
        "success_measure": words.filled(said["works"], place, chance),
        "resource_needed": "",
        "status": ActionStatus.OPEN,
    }
