"""A form as it is signed: everything a reader of the report needs, in plain values.

What is frozen is kept with the sign-off and never made again, so a report of a past year says
what it said, whatever becomes of standards, people and agencies since.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from selfassessment import results, said, scoring
from selfassessment.actions.queries import actions_of
from selfassessment.before import Before
from selfassessment.evidence.queries import evidence_of
from selfassessment.models import Answer, Assessment, SignOff, Waiver
from selfassessment.scoring import Rated, Score
from selfassessment.standards.models import StandardSection
from selfassessment.terms import Confidence, FormType, Rating

FORMAT = 1
"""Of the dictionary; a later one is read beside this, as what was frozen is never changed."""


@dataclass(frozen=True)
class LastYear:
    """The signed form that the agency gave the board before, and whether it can be compared.

    A lasting comparison needs the same major version of the standards.
    """

    form: Assessment
    rated: list[Rated]
    positions: dict[str, str]
    is_same: bool


def last_year(assessment: Assessment) -> LastYear | None:
    """None where there was none, or it was never signed: four queries at most."""
    before = Before(assessment)
    form = before.signed
    if form is None:
        return None
    standards = results.asked_of(form)
    answers = said.answers_of(form, standards)
    return LastYear(
        form,
        results.rated(form, standards),
        {each.code: answers[each.pk].position for each in standards if each.pk in answers},
        before.is_same,
    )


def frozen(assessment: Assessment) -> dict[str, Any]:
    """The form as it stands, in values that JSON knows: about fifteen queries.

    Percentages are text with one decimal, days are ISO text, choices their stored words.
    """
    cycle = assessment.cycle
    standards = results.asked_of(assessment)
    ratings = results.rated(assessment, standards)
    before = last_year(assessment)
    evidence = evidence_of(assessment)
    answers = said.answers_of(assessment, standards)
    consulted = said.consultation_of(assessment)
    then = {one.code: one.rating for one in before.rated} if before and before.is_same else {}
    return {
        "format": FORMAT,
        "agency": assessment.agency.name,
        "board": assessment.board.name,
        "year": cycle.year,
        "standards": cycle.standards.version,
        "standards_title": cycle.standards.title,
        "form_type": assessment.form_type,
        "form": str(FormType(assessment.form_type).label),
        "short_form": assessment.short_form,
        "is_specified": assessment.is_specified,
        "standards_sha256": cycle.standards.source_sha256,
        "prepared_by": assessment.prepared_by.name if assessment.prepared_by else "",
        "prepared_at": assessment.prepared_at.isoformat() if assessment.prepared_at else "",
        "let_off": _let_off(assessment),
        "bands": [cycle.amber_from, cycle.green_from],
        **scores(ratings, before, list(cycle.standards.sections.all()), cycle.bands),
        "asked": [
            {
                "code": each.code,
                "section": each.section_code,
                "title": each.title,
                "text": each.text,
                "weight": each.weight_for(
                    assessment.form_type, specified=assessment.is_specified
                ).value,
                "critical": each.critical,
                **_answer(answers.get(each.pk)),
                "last_year": then.get(each.code) or "",
                "last_position": before.positions.get(each.code, "") if before else "",
                "evidence": [
                    {
                        "id": str(item.pk),
                        "title": item.title,
                        "kind": str(item.kind),
                        "owner": item.owner,
                        "dated_on": _day(item.dated_on),
                        "effective_on": _day(item.effective_on),
                        "expires_on": _day(item.expires_on),
                        "address": item.address,
                        "note": item.note,
                        "sha256": item.sha256,
                    }
                    for item in evidence.get(each.code, [])
                ],
            }
            for each in standards
        ],
        "consultation": {part: consulted[f"consulted_{part}"] for part in said.PARTS},
        "actions": actions(assessment),
    }


def actions(assessment: Assessment) -> list[dict[str, Any]]:
    """The plan of the form as it stands, the most pressing first."""
    return [
        {
            "code": action.code,
            "standards": list(action.codes),
            "words": action.words,
            "owner": action.owner.name,
            "owner_role": action.owner_role,
            "priority": action.priority,
            "due_on": _day(action.due_on),
            "success_measure": action.success_measure,
            "resource_needed": action.resource_needed,
            "status": action.status,
        }
        for action in actions_of(assessment)
    ]


def digest(content: Mapping[str, Any], statement: str) -> str:
    """SHA-256 of what was signed: the frozen form as canonical JSON, and the words above the name.

    Returns:
        64 hexadecimal signs.
    """
    canonical = json.dumps(
        {"form": content, "statement": statement},
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def holds(signoff: SignOff) -> bool:
    """Whether what is stored is what was signed."""
    return digest(signoff.frozen, signoff.statement) == signoff.sha256


def _let_off(assessment: Assessment) -> list[dict[str, str]]:
    """Checks that the board's manager let the form off, with the reason and who decided."""
    granted = Waiver.objects.filter(
        assessment__in={assessment.pk, assessment.source_id}, granted=True
    )
    return [
        {"rule": each.rule, "code": each.code, "reason": each.reason, "by": each.decided_by.name}
        for each in granted.select_related("decided_by").order_by("rule", "code", "pk")
        if each.decided_by is not None
    ]


def _answer(answer: Answer | None) -> dict[str, str]:
    answer = answer or Answer()
    return {
        "rating": answer.rating,
        "position": answer.position,
        "what_changed": answer.what_changed,
        "confidence": answer.confidence,
        "not_applicable_reason": answer.not_applicable_reason,
    }


def scores(
    ratings: list[Rated],
    before: LastYear | None,
    sections: list[StandardSection],
    bands: scoring.Bands,
) -> dict[str, Any]:
    """Overall and by section, with last year's beside where there are any."""
    then = before.rated if before else []
    then_by_section = scoring.by_section(then, before.form.cycle.bands) if before else {}
    change = scoring.change(ratings, then, same_major=before.is_same) if before else None
    names = {each.code: each for each in sections}
    overall = scoring.overall(ratings, bands)
    last = scoring.overall(then, before.form.cycle.bands) if before else None
    return {
        "overall": {
            **_score(overall),
            "last_year": _score(last) if last else None,
            "changed": {
                name: list(value)
                for name, value in asdict(change).items()
                if isinstance(value, tuple)
            }
            if change
            else None,
            "reworded": bool(change and change.reworded),
        },
        "sections": [
            {
                "code": code,
                "name": names[code].name,
                "short_name": names[code].short_name,
                **_score(score),
                "last_year": _score(then_by_section[code]) if code in then_by_section else None,
            }
            for code, score in scoring.by_section(ratings, bands).items()
        ],
    }


def _score(score: Score) -> dict[str, Any]:
    return {
        "asked": score.asked,
        "answered": score.answered,
        "not_applicable": score.not_applicable,
        "points": score.points,
        "possible": score.possible,
        "percent": _percent(score.percent),
        "rag": score.rag.value if score.rag else "",
        "gaps": list(score.gaps),
    }


def _percent(percent: Decimal | None) -> str:
    return "" if percent is None else str(percent)


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def rating_words(value: str) -> str:
    """The word for a stored rating; "Not answered" for none."""
    return str(Rating(value).label) if value else _("Not answered")


def confidence_words(value: str) -> str:
    return str(Confidence(value).label) if value else ""
