"""What an agency said the last time it was asked: shown beside this year's answers."""

from functools import cached_property

from selfassessment.models import Answer, Assessment, SectionScore
from selfassessment.terms import Status


class Before:
    """The form that the same agency gave the same board before; each look is one query."""

    def __init__(self, form: Assessment) -> None:
        self.of = form

    @cached_property
    def form(self) -> Assessment | None:
        """The one before; a year in which the agency was exempt is passed over."""
        earlier = Assessment.objects.filter(
            agency=self.of.agency_id, board=self.of.board_id, cycle__year__lt=self.of.cycle.year
        )
        asked = earlier.exclude(status=Status.EXEMPT).exclude(closed_from=Status.EXEMPT)
        return asked.select_related("cycle").order_by("-cycle__year").first()

    @cached_property
    def answers(self) -> dict[str, Answer]:
        """What was answered, by code: a code keeps its meaning from year to year."""
        if self.form is None:
            return {}
        given = Answer.objects.filter(assessment=self.form.source_id).exclude(rating="")
        return {each.standard.code: each for each in given.select_related("standard")}

    def answer(self, code: str) -> Answer | None:
        """What was answered to one standard: one query."""
        if self.form is None:
            return None
        given = Answer.objects.filter(assessment=self.form.source_id, standard__code=code)
        return given.exclude(rating="").select_related("standard").first()

    @cached_property
    def sections(self) -> dict[str, SectionScore]:
        if self.form is None:
            return {}
        return {each.section: each for each in SectionScore.objects.filter(assessment=self.form)}
