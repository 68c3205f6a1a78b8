"""The scores of a form, worked out from its answers and kept, so that lists need no answers."""

from collections.abc import Iterable

from selfassessment import scoring
from selfassessment.models import Answer, Assessment, SectionScore
from selfassessment.moderation.models import Moderated
from selfassessment.scoring import Rated
from selfassessment.standards.models import Standard
from selfassessment.terms import Rating


def asked_of(assessment: Assessment) -> list[Standard]:
    """The standards that the form asks, in order, with their sections: one query."""
    of_set = Standard.objects.filter(set=assessment.cycle.standards_id).select_related("section")
    return list(of_set.of(assessment.form_type, short=assessment.short_form))


def rated(assessment: Assessment, standards: Iterable[Standard]) -> list[Rated]:
    """Each standard of the form with the rating that counts: the moderated one, else the
    agency's own.

    Returns:
        one for each standard, in their order; ``rating`` None where nothing is said yet.
    """
    said = Answer.objects.filter(assessment=assessment.source_id)
    counts = dict(said.values_list("standard_id", "rating"))
    counts |= Moderated.objects.ratings(assessment)
    return [
        Rated(
            code=each.code,
            section=each.section_code,
            critical=each.critical,
            rating=Rating(counts[each.pk]) if counts.get(each.pk) else None,
        )
        for each in standards
    ]


def refresh(assessment: Assessment) -> None:
    """Store the scores of a form and of those that share its answers, whose ratings may differ."""
    standards = asked_of(assessment)
    for form in (assessment, *assessment.also_sent_as.all()):
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
