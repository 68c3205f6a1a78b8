"""The agency's report, its certificate and its plan: what stands in them, from what was frozen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from selfassessment import charts, scoring
from selfassessment.models import Assessment, SignOff
from selfassessment.moderation.models import Judgement, Moderated, Review
from selfassessment.reports import letterhead
from selfassessment.reports.frozen import actions, confidence_words, frozen, rating_words
from selfassessment.scoring import Rated
from selfassessment.terms import (
    ActionStatus,
    EvidenceKind,
    Priority,
    Rag,
    Rating,
    Weight,
)
from ui import dates

LOOKS = {
    Rating.NOT_IN_PLACE: "red",
    Rating.DEVELOPING: "amber",
    Rating.IN_PLACE: "green",
    Rating.EMBEDDED: "deep",
    Rating.NOT_APPLICABLE: "na",
}


@dataclass(frozen=True)
class Section:
    """One line of the summary page, and one chapter."""

    code: str
    name: str
    rag: str
    look: str
    percent: str
    bar: SafeString
    change: str
    gaps: str
    standards: Sequence[dict[str, Any]]


def context_of(
    content: dict[str, Any],
    *,
    signoff: SignOff | None,
    review: Review | None = None,
    hide_names: bool = False,
) -> dict[str, Any]:
    """What the report's template shows.

    Args:
        content: as frozen when it was signed; of a draft as it is now.
        signoff: None for a draft.
        review: a finished one, whose moderated ratings then count; None: the agency's own.
        hide_names: roles stand where names of staff would (row P4); words that people wrote stay.
    """
    moderated = _moderated(review) if review else {}
    is_reworded = content["overall"]["reworded"]  # then no number of last year says anything
    standards = [
        _standard(each, moderated.get(each["code"]), hide_names=hide_names)
        for each in content["asked"]
    ]
    scores = _scores(content, moderated)
    sections = [
        _section(
            each,
            scores[each["code"]],
            [one for one in standards if one["section"] == each["code"]],
            is_compared=not is_reworded,
        )
        for each in content["sections"]
    ]
    whole = scores[""]
    return {
        "content": content,
        "signoff": signoff,
        "review": review,
        "sections": sections,
        "overall": whole,
        "overall_look": whole["rag"],
        "overall_word": Rag(whole["rag"]).label if whole["rag"] else _("Incomplete"),
        "gaps": ngettext("%(number)d critical gap", "%(number)d critical gaps", len(whole["gaps"]))
        % {"number": len(whole["gaps"])},
        "last_year_word": _last_year(content),
        "changed": None if is_reworded else content["overall"]["changed"],
        "year_before": content["year"] - 1,
        "first": _first_to_do(content, whole["gaps"]),
        "actions": [_action(each) for each in content["actions"]],
        "statement": signoff.statement.splitlines() if signoff else [],
        "made": timezone.now(),
        "hide_names": hide_names,
    }


def render(
    assessment: Assessment,
    signoff: SignOff | None,
    *,
    review: Review | None = None,
    hide_names: bool = False,
) -> bytes:
    """The report as PDF/UA-1: of a sign-off from what was frozen, of a draft as it is now."""
    content = signoff.frozen if signoff else frozen(assessment)
    return letterhead.render(
        "selfassessment/reports/agency_pdf.html",
        context_of(content, signoff=signoff, review=review, hide_names=hide_names),
        title=_("Prevent self-assessment %(year)d") % {"year": content["year"]},
        head=letterhead.of(assessment),
    )


def render_certificate(signoff: SignOff) -> bytes:
    """One page: what was signed, by whom, and the digest by which it is known."""
    return letterhead.render(
        "selfassessment/reports/certificate_pdf.html",
        {
            "signoff": signoff,
            "content": signoff.frozen,
            "statement": signoff.statement.splitlines(),
        },
        title=_("Sign-off of the Prevent self-assessment %(year)d")
        % {"year": signoff.frozen["year"]},
        head=letterhead.of(signoff.assessment),
    )


def render_plan(assessment: Assessment, *, today: date, hide_names: bool = False) -> bytes:
    """The action plan as it is today: overdue first, then by priority and day."""
    plan = [_action(each, today=today) for each in actions(assessment)]
    plan.sort(key=lambda each: not each["is_overdue"])
    return letterhead.render(
        "selfassessment/reports/actions_pdf.html",
        {
            "assessment": assessment,
            "actions": plan,
            "made": timezone.now(),
            "hide_names": hide_names,
        },
        title=_("Prevent action plan %(year)d") % {"year": assessment.cycle.year},
        head=letterhead.of(assessment),
    )


# What was moderated ------------------------------------------------------------------------------
@dataclass(frozen=True)
class Judged:
    rating: str
    reasons: Sequence[str]


def _moderated(review: Review) -> dict[str, Judged]:
    """By code: the moderated rating, and what the moderators said."""
    reasons: dict[int, list[str]] = {}
    judged = Judgement.objects.standing().filter(sampled__review=review)
    for standard, reason in judged.values_list("sampled__standard", "reason"):
        if reason:
            reasons.setdefault(standard, []).append(reason)
    found = Moderated.objects.filter(review=review).select_related("standard")
    return {
        each.standard.code: Judged(each.rating, reasons.get(each.standard_id, [])) for each in found
    }


def _scores(content: dict[str, Any], moderated: dict[str, Judged]) -> dict[str, dict[str, Any]]:
    """By section, and of the whole under "": as frozen, or anew with moderated ratings."""
    if not moderated:
        scores = {each["code"]: each for each in content["sections"]}
        return {**scores, "": content["overall"]}
    rated = [
        Rated(
            each["code"],
            each["section"],
            each["critical"],
            _rating(
                moderated[each["code"]].rating if each["code"] in moderated else each["rating"]
            ),
        )
        for each in content["asked"]
    ]
    bands = scoring.Bands(*content["bands"])
    last = {each["code"]: each["last_year"] for each in content["sections"]}
    last[""] = content["overall"]["last_year"]
    found = {**scoring.by_section(rated, bands), "": scoring.overall(rated, bands)}
    return {
        code: {
            "points": score.points,
            "possible": score.possible,
            "percent": "" if score.percent is None else str(score.percent),
            "rag": score.rag.value if score.rag else "",
            "gaps": list(score.gaps),
            "last_year": last[code],
        }
        for code, score in found.items()
    }


def _rating(value: Judged | str) -> Rating | None:
    said = value.rating if isinstance(value, Judged) else value
    return Rating(said) if said else None


# Lines -------------------------------------------------------------------------------------------
def _section(
    named: dict[str, Any],
    score: dict[str, Any],
    standards: Sequence[dict[str, Any]],
    *,
    is_compared: bool,
) -> Section:
    now = Decimal(score["percent"]) if score["percent"] else None
    then = (score["last_year"] or {}).get("percent") if is_compared else ""
    before = Decimal(then) if then else None
    return Section(
        code=named["code"],
        name=named["name"],
        rag=str(Rag(score["rag"]).label) if score["rag"] else _("Incomplete"),
        look=score["rag"] or "na",
        percent=score["percent"],
        bar=charts.bar(now, before, look=score["rag"], title=named["code"]),
        change=change_words(now, before),
        gaps=", ".join(score["gaps"]),
        standards=standards,
    )


def change_words(now: Decimal | None, before: Decimal | None) -> str:
    if now is None or before is None:
        return ""
    if now == before:
        return _("same")
    points = abs(now - before)
    words = _("up %(points)s") if now > before else _("down %(points)s")
    return words % {"points": points}


def _standard(asked: dict[str, Any], judged: Judged | None, *, hide_names: bool) -> dict[str, Any]:
    weight = str(Weight(asked["weight"]).label)
    own = asked["rating"]
    return {
        **asked,
        "kind": _("%(weight)s, critical") % {"weight": weight} if asked["critical"] else weight,
        "word": rating_words(own),
        "look": LOOKS[Rating(own)] if own else "na",
        "last_word": rating_words(asked["last_year"]) if asked["last_year"] else "",
        "confidence_word": confidence_words(asked["confidence"]),
        "moderated_word": rating_words(judged.rating) if judged else "",
        "moderated_look": LOOKS[Rating(judged.rating)] if judged and judged.rating else "",
        "moderated_reasons": judged.reasons if judged else [],
        "shown_evidence": [_evidence(each, hide_names=hide_names) for each in asked["evidence"]],
    }


def _evidence(each: dict[str, Any], *, hide_names: bool) -> str:
    """One piece in a line: "Safeguarding policy (document), Ruth Adeyemi, 3 May 2026"."""
    line = _("%(title)s (%(kind)s), %(day)s")
    if not hide_names:
        line = _("%(title)s (%(kind)s), %(owner)s, %(day)s")
    words = line % {
        "title": each["title"],
        "kind": str(EvidenceKind(each["kind"]).label).lower(),
        "owner": each["owner"],
        "day": dates.paper_day(date.fromisoformat(each["dated_on"])),
    }
    if each["expires_on"]:
        until = dates.paper_day(date.fromisoformat(each["expires_on"]))
        words = _("%(evidence)s, until %(day)s") % {"evidence": words, "day": until}
    return words


def _action(each: dict[str, Any], *, today: date | None = None) -> dict[str, Any]:
    due = date.fromisoformat(each["due_on"])
    status = ActionStatus(each["status"])
    ended = status in (ActionStatus.DONE, ActionStatus.VERIFIED, ActionStatus.CANCELLED)
    return {
        **each,
        "due": due,
        "priority_word": Priority(each["priority"]).label,
        "status_word": status.label,
        "codes": ", ".join(each["standards"]),
        "is_overdue": today is not None and not ended and due < today,
    }


def _last_year(content: dict[str, Any]) -> str:
    """Last year's result in words; "" without one."""
    last = content["overall"]["last_year"]
    if not last or not last["rag"]:
        return ""
    gaps = len(last["gaps"])
    number = ngettext("%(number)d critical gap", "%(number)d critical gaps", gaps) % {
        "number": gaps
    }
    words = _("Last year: %(word)s %(percent)s, %(gaps)s.") % {
        "word": Rag(last["rag"]).label,
        "percent": last["percent"],
        "gaps": number,
    }
    if content["overall"]["reworded"]:
        return words + " " + _("The standards have changed their meaning since.")
    return words


def _first_to_do(content: dict[str, Any], gaps: Sequence[str]) -> dict[str, Any] | None:
    """The first critical gap, with the action that closes it if there is one."""
    if not gaps:
        return None
    [standard] = [each for each in content["asked"] if each["code"] == gaps[0]]
    action = next((each for each in content["actions"] if gaps[0] in each["standards"]), None)
    return {"standard": standard, "action": _action(action) if action else None}
