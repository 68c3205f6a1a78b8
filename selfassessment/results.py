"""The scores of a form, worked out from its answers and kept, so that lists need no answers."""

from collections.abc import Iterable

from accounts.prepared import Prepared
from selfassessment import said, scoring
from selfassessment.models import Assessment, SectionScore
from selfassessment.moderation.models import Moderated
from selfassessment.scoring import Rated
from selfassessment.standards.models import Standard
from selfassessment.standards.remembered import standards_of
from selfassessment.terms import Rating


def asked_of(assessment: Assessment) -> list[Standard]:
    """The standards that the form asks, in order, with their sections: one query at most.

    As ``StandardQuerySet.of`` finds them, among those that are remembered.
    """
    return [
        each
        for each in standards_of(assessment.cycle.standards_id)
        if assessment.form_type in each.applies_to
        and (each.short_form or not assessment.short_form)
    ]


def rated(assessment: Assessment, standards: Iterable[Standard]) -> list[Rated]:
    """Each standard of the form with the rating that counts: the moderated one, else the
    agency's own.

    Returns:
        one for each standard, in their order; ``rating`` None where nothing is said yet.
    """
    standards = list(standards)
    counts = said.ratings_of(assessment, standards) | dict(_MODERATED(form=assessment.pk))
    return [
        Rated(
            code=each.code,
            section=each.section_code,
            critical=each.critical,
            rating=Rating(counts[each.pk]) if counts.get(each.pk) else None,
        )
        for each in standards
    ]


_MODERATED = Prepared(
    lambda *, form: (
        Moderated.objects.counting().filter(assessment=form).values_list("standard_id", "rating")
    )
)


def refresh(assessment: Assessment, also: Iterable[Assessment] | None = None) -> None:
    """Store the scores of a form and of those that share its answers, whose ratings may differ:
    moderated ones, and what was signed before the answers went on.

    Args:
        also: those that share them, where they were read already.
    """
    standards = asked_of(assessment)
    for form in (assessment, *(assessment.also_sent_as.all() if also is None else also)):
        _store(form, rated(form, standards))


def _store(form: Assessment, ratings: list[Rated]) -> None:
    bands = form.cycle.bands
    SectionScore.objects.bulk_create(
        [
            SectionScore(
                assessment=form,
                section=code,
                asked=score.asked,
                answered=score.answered,
                not_applicable=score.not_applicable,
                points=score.points,
                possible=score.possible,
                critical_gaps=score.critical_gaps,
                gaps=list(score.gaps),
                ratings={
                    each.code: each.rating
                    for each in ratings
                    if each.section == code and each.rating
                },
                rag=score.rag or "",
            )
            for code, score in scoring.by_section(ratings, bands).items()
        ],
        update_conflicts=True,
        unique_fields=["assessment", "section"],
        update_fields=[
            "asked",
            "answered",
            "not_applicable",
            "points",
            "possible",
            "critical_gaps",
            "gaps",
            "ratings",
            "rag",
        ],
    )
    overall = scoring.overall(ratings, bands)
    form.asked, form.answered = overall.asked, overall.answered
    form.points, form.possible = overall.points, overall.possible
    form.critical_gaps, form.rag = overall.critical_gaps, overall.rag or ""
    form.save(update_fields=["asked", "answered", "points", "possible", "critical_gaps", "rag"])
