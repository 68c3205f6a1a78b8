"""A form at a glance: what is left, by section, for everybody or for the one who asks."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from accounts.models import User
from accounts.prepared import Prepared
from agencies import workdays
from agencies.models import Membership
from agencies.terms import Role
from selfassessment import advice, policy
from selfassessment.actions.queries import of_form
from selfassessment.before import Before
from selfassessment.forms import rating_tag
from selfassessment.models import Answer, Assignment, Comment, SectionScore
from selfassessment.said import answers_of
from selfassessment.standards.models import Standard, StandardSection
from selfassessment.terms import (
    BEFORE_SIGNED,
    FORM_LEADS,
    POINTS,
    ActionStatus,
    Rating,
    Status,
)
from selfassessment.views.common import Desk, desk
from ui import dates

MOST_FIRST = 5  # lines of "Do these first"
SHOWS = ("sections", "mine", "left", "all")


@dataclass(frozen=True)
class Line:
    """One standard in a list."""

    standard: Standard
    answer: Answer | None
    assignment: Assignment | None
    last: str  # last year's rating
    has_action: bool = False
    open_comments: int = 0

    @property
    def rating(self) -> str:
        return self.answer.rating if self.answer else ""

    @property
    def tag(self) -> Any:
        return rating_tag(self.rating) if self.rating else ""

    @property
    def is_begun(self) -> bool:
        return self.answer is not None and self.answer.version > 0

    @property
    def hint(self) -> str:
        """Who has it and until when; what colleagues said that nobody has dealt with."""
        said = ""
        if self.open_comments:
            words = ngettext(
                "%(count)d comment is open.", "%(count)d comments are open.", self.open_comments
            )
            said = words % {"count": self.open_comments}
        return ". ".join(each for each in (self._whose, said) if each)

    @property
    def _whose(self) -> str:
        given = self.assignment
        if given is None:
            return ""
        places = {"name": given.helper.person, "day": dates.day(given.due_on)}
        if given.due_on and given.done_at is None:
            return _("%(name)s, by %(day)s") % places
        return str(given.helper.person)


@dataclass(frozen=True)
class Part:
    """One section: how much of it is answered, its score, last year's."""

    section: StandardSection
    lines: list[Line]
    score: SectionScore | None
    last: SectionScore | None

    @property
    def first(self) -> Standard:
        """Where its link leads: to the first that is not answered."""
        left = (line.standard for line in self.lines if not line.rating)
        return next(left, self.lines[0].standard)

    @property
    def answered(self) -> int:
        return sum(bool(line.rating) for line in self.lines)

    @property
    def tag(self) -> Any:
        if not self.answered:
            return _tag("none", _("Not answered"))
        if self.answered < len(self.lines):
            return _tag("none", _("Incomplete"))
        return score_tag(self.score)

    @property
    def gaps(self) -> list[str]:
        """Codes of its critical standards that are not in place."""
        return [
            line.standard.code
            for line in self.lines
            if line.standard.critical and line.rating == Rating.NOT_IN_PLACE
        ]

    @property
    def hint(self) -> str:
        said = _("%(done)s of %(all)s answered.") % {"done": self.answered, "all": len(self.lines)}
        if self.last is None or self.last.percent is None:
            return said
        then = {"said": said, "rag": self.last.get_rag_display(), "score": self.last.percent}
        return _("%(said)s Last year %(rag)s %(score)s.") % then


def score_tag(score: SectionScore | None) -> Any:
    """A section's colour in words, then its score."""
    if score is None or score.percent is None:
        return _tag("na", _("Not applicable"))
    return _tag(score.rag, f"{score.get_rag_display()} {score.percent}")


def _tag(look: str, words: Any) -> Any:
    return format_html('<span class="p-rag p-rag--{}">{}</span>', look, words)


@require_safe
def overview(request: SignedInRequest, key: str) -> HttpResponse:
    """The sections as a task list; or every standard, those left, those given to who asks."""
    found = desk(request, key)
    found.looked_at()
    form, today = found.form, timezone.localdate()
    before = Before(form)
    parts = _parts(found, before)
    lines = [line for part in parts for line in part.lines]
    mine = [line for line in lines if found.is_mine(line.standard)]
    show = request.GET.get("show", "")
    if show not in SHOWS:
        show = "mine" if mine and not found.leads else "sections"
    left = sum(not line.rating for line in lines)
    context = {
        "form_of": form,
        "desk": found,
        "show": show,
        "pills": _pills(form.key, show, mine=len(mine), left=left, every=len(lines)),
        "parts": parts,
        "shown": list(_shown(parts, show, found)),
        "answered": len(lines) - left,
        "asked": len(lines),
        "left": left,
        "mine_left": sum(not line.rating for line in mine),
        "clock": _clock(found, today),
        "first": list(_first(found, lines, today=today)) if found.is_agency else [],
        "helping": _helping(found) if found.is_agency else [],
        "levels": [(rating_tag(each), words) for each, words in _levels()],
        **(_signing(found) if found.is_agency else {}),
        "waits": form.status == Status.READY
        or (form.status == Status.RETURNED and form.prepared_at is not None),
        "may_sign": policy.signs(request.user, form),
    }
    return render(request, "selfassessment/overview.html", context)


def _parts(found: Desk, before: Before) -> list[Part]:
    if found.form.signed_copy is None:
        answers = {each.standard_id: each for each in _ANSWERS(form=found.form.source_id)}
    else:
        answers = answers_of(found.form, found.standards)
    scores = {each.section: each for each in _SCORES(form=found.form.pk)}
    last = before.ratings if found.is_agency else {}
    planned = set(_PLANNED(form=found.form.source_id)) if found.is_agency else set()
    comments = dict(_OPEN_COMMENTS(form=found.form.source_id)) if found.is_agency else {}
    return [
        Part(
            section,
            [
                Line(
                    each,
                    answers.get(each.pk),
                    found.assignments.get(each.pk) if found.is_agency else None,
                    last.get(each.code, ""),
                    each.code in planned,
                    comments.get(each.pk, 0),
                )
                for each in standards
            ],
            scores.get(section.code),
            before.sections.get(section.code) if found.is_agency else None,
        )
        for section, standards in found.by_section()
    ]


def _planned(*, form: UUID) -> QuerySet[Any]:
    """Codes of the standards for which there is an action."""
    standing = of_form(form).exclude(status=ActionStatus.CANCELLED)
    return standing.order_by().values_list("standards__code", flat=True).distinct()


def _open_comments(*, form: UUID) -> QuerySet[Any]:
    """Standard to what colleagues said of it that nobody has dealt with."""
    left = Comment.objects.filter(assessment=form, dealt_with_at__isnull=True)
    return left.values_list("standard").annotate(number=Count("pk")).order_by()


_ANSWERS = Prepared(
    lambda *, form: Answer.objects.filter(assessment=form).only("standard", "rating", "version")
)
_SCORES = Prepared(lambda *, form: SectionScore.objects.filter(assessment=form).defer("ratings"))
_PLANNED, _OPEN_COMMENTS = Prepared(_planned), Prepared(_open_comments)


def _shown(parts: list[Part], show: str, found: Desk) -> Iterator[tuple[StandardSection, Any]]:
    """The lines of a list, by section; a section without any is left out."""
    for part in parts:
        lines = [
            line
            for line in part.lines
            if show == "all"
            or (show == "left" and not line.rating)
            or (show == "mine" and found.is_mine(line.standard))
        ]
        if lines:
            yield part.section, lines


def _pills(key: str, show: str, *, mine: int, left: int, every: int) -> list[dict[str, Any]]:
    address = reverse("selfassessment:overview", args=[key])
    offered = [
        ("sections", _("Sections"), True),
        ("mine", _("Given to me: %(count)s") % {"count": mine}, mine or show == "mine"),
        ("left", _("Not answered: %(count)s") % {"count": left}, True),
        ("all", _("Every standard: %(count)s") % {"count": every}, True),
    ]
    return [
        {"url": f"{address}?show={name}", "words": words, "current": name == show}
        for name, words, is_offered in offered
        if is_offered
    ]


def _clock(found: Desk, today: Any) -> dict[str, str] | None:
    """By when it is to be signed; nothing once it is."""
    form = found.form
    if form.status not in BEFORE_SIGNED:
        return None
    day = dates.day(form.due_on, today)
    if form.is_overdue(today):
        late = workdays.working_days_between(form.due_on, today, form.board)
        words = ngettext(
            "Sign-off was due on %(day)s: late by %(days)s working day",
            "Sign-off was due on %(day)s: late by %(days)s working days",
            late,
        )
        return {"class": "p-clock--late", "words": words % {"day": day, "days": late}}
    ahead = workdays.working_days_between(today, form.due_on, form.board)
    if not ahead:
        words = _("Sign off today, %(day)s")
        return {"class": "p-clock--today", "words": words % {"day": day}}
    words = ngettext(
        "Sign off by %(day)s: %(days)s working day left",
        "Sign off by %(day)s: %(days)s working days left",
        ahead,
    )
    return {"class": "", "words": words % {"day": day, "days": ahead}}


def _first(found: Desk, lines: list[Line], *, today: Any) -> Iterator[tuple[Standard, str]]:
    """What cannot wait, most serious first: gaps, steps down, what somebody is late with."""
    if not found.is_open:
        return
    ranked = [(rank, line, words) for line in lines for rank, words in _reasons(line, today=today)]
    seen: set[int] = set()
    for _rank, line, words in sorted(ranked, key=lambda each: each[0]):
        if line.standard.pk not in seen and len(seen) < MOST_FIRST:
            seen.add(line.standard.pk)
            yield line.standard, words


def _reasons(line: Line, *, today: Any) -> Iterator[tuple[int, str]]:
    one, last = line.standard, line.last
    if advice.action_needed(one, line.rating) and not line.has_action:
        if line.rating == Rating.NOT_IN_PLACE and one.critical:
            words = _("critical and not in place. It needs an action due within 30 days.")
            if last == Rating.NOT_IN_PLACE:
                words = _(
                    "critical and not in place, for the second year. "
                    "It needs an action due within 30 days."
                )
            yield 0, words
        elif one.critical and last in POINTS and POINTS[Rating(last)] > 1:
            label = Rating(last).label
            yield 1, _("critical, down from %(last)s. It needs an action.") % {"last": label}
        elif one.critical:
            yield 2, _("critical and developing. It needs an action.")
    given = line.assignment
    if given and given.due_on and given.done_at is None and given.due_on < today:
        places = {"name": given.helper.person, "day": dates.day(given.due_on)}
        yield 3, _("%(name)s was to answer it by %(day)s.") % places


def _helping(found: Desk) -> list[tuple[User, str]]:
    """Who was given what: "ON1 to ON4" where they follow each other."""
    order = {each.pk: number for number, each in enumerate(found.standards)}
    codes = {each.pk: each.code for each in found.standards}
    given: dict[User, list[int]] = {}
    for standard, each in found.assignments.items():
        if standard in order:
            given.setdefault(each.helper.person, []).append(standard)
    return [
        (person, _runs([(order[pk], codes[pk]) for pk in sorted(pks, key=order.__getitem__)]))
        for person, pks in sorted(given.items(), key=lambda each: each[0].name)
    ]


def _runs(codes: list[tuple[int, str]]) -> str:
    """Codes in order, three or more in a row as a run."""
    runs: list[list[tuple[int, str]]] = []
    for place, code in codes:
        last = runs[-1][-1] if runs else None
        if last and last[0] == place - 1 and last[1][:2] == code[:2]:
            runs[-1].append((place, code))
        else:
            runs.append([(place, code)])
    said = []
    for run in runs:
        if len(run) > 2:
            said.append(_("%(first)s to %(last)s") % {"first": run[0][1], "last": run[-1][1]})
        else:
            said += [code for _place, code in run]
    return ", ".join(said)


def _levels() -> list[tuple[Rating, str]]:
    return [
        (Rating.NOT_IN_PLACE, _("no evidence, or not done")),
        (Rating.DEVELOPING, _("started, partial or out of date")),
        (Rating.IN_PLACE, _("done, current, known to staff")),
        (Rating.EMBEDDED, _("tested, and shown to work")),
        (Rating.NOT_APPLICABLE, _("with a reason")),
    ]


def _signing(found: Desk) -> dict[str, str]:
    """Who prepares it and who signs, by name: one query."""
    named: dict[bool, list[str]] = {True: [], False: []}
    for role, name in _SIGNING(agency=found.form.agency_id):
        named[role == Role.SENIOR_LEAD].append(name)
    return {"leads": _one_of(named[False]), "senior": _one_of(named[True])}


def _who_signs(*, agency: int) -> QuerySet[Any]:
    held = Membership.objects.active().filter(agency=agency, person__is_active=True)
    asked = held.filter(role__in=[*FORM_LEADS, Role.SENIOR_LEAD]).order_by("person__name")
    return asked.values_list("role", "person__name")


_SIGNING = Prepared(_who_signs)


def _one_of(names: list[str]) -> str:
    """ "A", "A or B", "A, B or C"."""
    if len(names) < 2:
        return "".join(names)
    places = {"names": ", ".join(names[:-1]), "last": names[-1]}
    return _("%(names)s or %(last)s") % places
