"""The outcome letter as plain values, for the page and for the document made from it."""

from typing import Any

from selfassessment.models import Assessment
from selfassessment.moderation import queries
from selfassessment.moderation.models import Review
from selfassessment.standards.models import Standard
from selfassessment.terms import Rating, Status


def contents(assessment: Assessment, review: Review | None = None) -> dict[str, Any]:
    """What the letter says.

    Args:
        review: if it is known already; else the one that stands is read.
    Returns:
        ``agency``, ``board``: names; ``year``; ``version`` of the standards; ``is_final``;
        ``finished_at``, ``published_at``: moments, or None; ``comments_until``: a day;
        ``full``: why everything was looked at, in words, or ""; ``looked_at``: number of standards;
        ``percent``, ``rag``, ``critical_gaps``: the scores that count;
        ``strengths``, ``support``: the manager's words;
        ``changed``: a list of {code, title, own, moderated, appeal} in words, of what was lowered
        or raised, ``appeal`` the chair's reasons or "";
        ``required``: a list of {code, title, words};
        ``appeal``: {at, decided_at, standards: [{code, title, words, own, moderated, decided,
        reasons}]}, or None.
    Raises:
        LookupError: the form has no review whose outcome is out.
    """
    review = review or queries.review_of(assessment)
    if review is None or review.finished_at is None:
        raise LookupError("no outcome")
    rated = list(
        review.moderated.select_related("standard", "appealed").order_by("standard__order")
    )
    required = review.required.filter(dropped_at__isnull=True).select_related("standard")
    appeal = getattr(review, "appeal", None)
    return {
        "agency": assessment.agency.name,
        "board": assessment.board.name,
        "year": assessment.cycle.year,
        "version": assessment.cycle.standards.version,
        "is_final": assessment.status in (Status.PUBLISHED, Status.CLOSED),
        "finished_at": review.finished_at,
        "published_at": assessment.published_at,
        "comments_until": review.comments_until,
        "full": str(review.get_full_display()) if review.full else "",
        "looked_at": len(rated),
        "percent": assessment.percent,
        "rag": str(assessment.get_rag_display()) if assessment.rag else "",
        "critical_gaps": assessment.critical_gaps,
        "strengths": review.strengths,
        "support": review.support,
        "changed": [
            _named(each.standard)
            | {
                "own": _label(each.own),
                "moderated": _label(each.rating),
                "appeal": getattr(getattr(each, "appealed", None), "reasons", ""),
            }
            for each in rated
            if each.own != each.rating
        ],
        "required": [_named(each.standard) | {"words": each.words} for each in required],
        "appeal": None
        if appeal is None
        else {
            "at": appeal.at,
            "decided_at": appeal.decided_at,
            "standards": [
                _named(each.standard)
                | {
                    "words": each.appealed.words,
                    "own": _label(each.own),
                    "moderated": _label(each.before_appeal or each.rating),
                    "decided": _label(each.appealed.rating) if each.appealed.rating else "",
                    "reasons": each.appealed.reasons,
                }
                for each in rated
                if hasattr(each, "appealed")
            ],
        },
    }


def _named(standard: Standard) -> dict[str, str]:
    return {"code": standard.code, "title": standard.title}


def _label(rating: str) -> str:
    return str(Rating(rating).label)
