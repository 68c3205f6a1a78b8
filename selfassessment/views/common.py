"""What the pages of a form share: finding it, and where the person stands in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy

from accounts.http import SignedInRequest
from accounts.models import User
from accounts.prepared import Prepared
from agencies import people
from audit import events
from selfassessment import policy, results
from selfassessment.models import Assessment, Assignment
from selfassessment.standards.models import Standard, StandardSection
from selfassessment.workflow.talking import OVER

OVERTAKEN = gettext_lazy(
    "This cannot be done any more: somebody was there before you. Your words are below."
)
"""Stands on the page that asked, over what was typed, so that nothing of it is lost."""


def visible(request: SignedInRequest, key: str) -> Assessment:
    """The form, if the person may read it; else the page for what is not there."""
    people.roles_for(request)  # read once, and visible_to() knows where they work
    found: list[Assessment] = _FORM(request.user, key=key)
    if not found:
        raise Http404
    return found[0]


def _form(user: User, *, key: str) -> QuerySet[Assessment]:
    seen = Assessment.objects.visible_to(user).with_void().with_others().with_copy()
    related = ("cycle__standards", "agency", "board", "answers_of", "prepared_by")
    return seen.select_related(*related).filter(key=key)


_FORM = people.PreparedFor(_form)


def _given(*, form: UUID) -> QuerySet[Assignment]:
    given = Assignment.objects.filter(
        assessment=form, taken_back_at__isnull=True, helper__ended_at__isnull=True
    )
    return given.select_related("helper__person")


_GIVEN = Prepared(_given)


@dataclass
class Desk:
    """A form as one person finds it: what it asks, what is theirs to answer."""

    form: Assessment
    user: User

    @cached_property
    def standards(self) -> list[Standard]:
        """What the form asks, in order."""
        return results.asked_of(self.form)

    @cached_property
    def assignments(self) -> dict[int, Assignment]:
        """Who was given which standard, by its key."""
        return {each.standard_id: each for each in _GIVEN(form=self.form.source_id)}

    @cached_property
    def leads(self) -> bool:
        return policy.leads_form(self.user, self.form)

    @cached_property
    def is_agency(self) -> bool:
        held = people.read_already(self.user) or []
        if all(each.agency_id != self.form.agency_id for each in held):
            return False
        return self.leads or self.has_work or policy.is_agency(self.user, self.form)

    @property
    def has_work(self) -> bool:
        """Whether some of it was given to the person to answer."""
        given = self.assignments.values()
        return any(each.helper.person_id == self.user.pk for each in given)

    @property
    def talks(self) -> bool:
        """Whether they may comment now; the door asks again."""
        over = self.form.source.status in OVER
        return self.is_agency and not over and (self.has_work or policy.talks(self.user, self.form))

    @property
    def is_open(self) -> bool:
        """Whether it is being filled in now."""
        return self.form.is_open

    def is_mine(self, standard: Standard) -> bool:
        given = self.assignments.get(standard.pk)
        return given is not None and given.helper.person_id == self.user.pk

    def writes(self, standard: Standard) -> bool:
        """Whether the page offers the form; the door asks again."""
        return self.is_open and self.is_agency and (self.leads or self.is_mine(standard))

    def standard(self, code: str) -> Standard:
        """The standard of this code; one that the form does not ask is not there."""
        found = next((each for each in self.standards if each.code == code), None)
        if found is None:
            raise Http404
        return found

    def beside(self, standard: Standard) -> tuple[Standard | None, Standard | None]:
        """The one before and the one after."""
        place = self.standards.index(standard)
        before = self.standards[place - 1] if place else None
        return before, next(iter(self.standards[place + 1 :]), None)

    def by_section(self) -> Iterable[tuple[StandardSection, list[Standard]]]:
        found: dict[str, list[Standard]] = {}
        for each in self.standards:
            found.setdefault(each.section_code, []).append(each)
        return [(each[0].section, each) for each in found.values()]

    def looked_at(self) -> None:
        """Somebody outside the agency read its words: the agency's log shows it."""
        if not self.is_agency:
            agency = str(self.form.agency_id)
            events.record("assessment.viewed", self.form, by=self.user, agency=agency)


def desk(request: SignedInRequest, key: str) -> Desk:
    return Desk(visible(request, key), request.user)


def posted(request: SignedInRequest) -> Any:
    """What was sent, though it be nothing; None where the page is only looked at."""
    return request.POST if request.method == "POST" else None
