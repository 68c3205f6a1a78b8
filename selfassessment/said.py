"""What a form says of each standard: the answers as they are, or as they were signed.

Of two boards' forms with one set of answers one may be signed while the answers go on for the
other: what was signed for a board stands, and its people and moderators read that.
"""

from collections.abc import Iterable

from accounts.prepared import Prepared
from selfassessment.models import Answer, Assessment
from selfassessment.standards.models import Standard

COLUMNS = ("rating", "position", "what_changed", "confidence", "not_applicable_reason")


def answers_of(form: Assessment, standards: Iterable[Standard]) -> dict[int, Answer]:
    """Key of the standard to what is said of it, where somebody has begun: one query.

    What was signed comes as rows that are not stored.
    """
    copy = form.signed_copy
    if copy is None:
        given = Answer.objects.filter(assessment=form.source_id, standard__in=list(standards))
        return {each.standard_id: each for each in given}
    by_code = {each["code"]: each for each in copy["asked"]}
    return {
        one.pk: Answer(
            assessment_id=form.source_id,
            standard=one,
            version=1,
            **{name: by_code[one.code].get(name, "") for name in COLUMNS},
        )
        for one in standards
        if by_code.get(one.code, {}).get("rating")
    }


def ratings_of(form: Assessment, standards: Iterable[Standard]) -> dict[int, str]:
    """Key of the standard to the agency's own rating, of those that have one: one query."""
    copy = form.signed_copy
    if copy is None:
        return {key: rating for key, rating in _RATINGS(form=form.source_id) if rating}
    by_code = {each["code"]: each["rating"] for each in copy["asked"]}
    return {one.pk: by_code[one.code] for one in standards if by_code.get(one.code)}


_RATINGS = Prepared(
    lambda *, form: (
        Answer.objects.filter(assessment=form).order_by().values_list("standard_id", "rating")
    )
)


def consultation_of(form: Assessment) -> dict[str, str]:
    """Whom the agency asked, how, and what they said, by the names of the columns."""
    copy = form.signed_copy
    if copy is None:
        source = form.source
        return {f"consulted_{part}": getattr(source, f"consulted_{part}") for part in PARTS}
    return {f"consulted_{part}": copy["consultation"].get(part, "") for part in PARTS}


PARTS = ("who", "how", "said")
