"""One standard: its levels, this year's answer, last year's beside it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import JSONField, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import SignedInRequest
from accounts.prepared import Prepared
from clauses.models import clauses_with
from selfassessment import advice, workflow
from selfassessment.actions.models import Action
from selfassessment.actions.queries import of_form
from selfassessment.before import Before, Beside
from selfassessment.evidence.queries import EvidenceItem, evidence_of
from selfassessment.evidence.shown import shown as evidence_shown
from selfassessment.evidence.workflow import carry
from selfassessment.forms import AnswerForm, CommentForm, rating_tag
from selfassessment.models import Answer, Comment, SetAside
from selfassessment.moves import Stale, TransitionError
from selfassessment.said import COLUMNS, answers_of
from selfassessment.standards.models import Standard
from selfassessment.terms import LONGEST, POINTS, ActionStatus, Confidence, Rating
from selfassessment.views.common import Desk, desk, posted
from ui import dates
from ui.clashes import (
    CONFLICT,
    Clash,
    chosen,
    one_under_the_other,
    seen_version,
    typed_again,
)
from ui.text import showable

CHOICES = {"rating": Rating, "confidence": Confidence}


@dataclass
class Page:
    """A standard as one person finds it."""

    desk: Desk
    standard: Standard
    answer: Answer | None
    last: Beside | None

    @property
    def writes(self) -> bool:
        return self.desk.writes(self.standard)

    def url(self, name: str) -> str:
        return reverse(f"selfassessment:{name}", args=[self.desk.form.key, self.standard.code])

    def form(self, data: Any = None) -> AnswerForm:
        return AnswerForm(
            self.standard,
            self.answer,
            data,
            agency=str(self.desk.form.agency),
            has_last_year=self.has_last_year,
        )

    @property
    def has_last_year(self) -> bool:
        return self.last is not None and self.last.is_compared and bool(self.last.rating)

    @cached_property
    def evidence(self) -> list[EvidenceItem]:
        """What the form shows for it: two queries."""
        return evidence_of(self.desk.form).get(self.standard.code, [])

    @cached_property
    def actions(self) -> list[Action]:
        """What will be done about it."""
        return _ACTIONS(form=self.desk.form.source_id, code=self.standard.code)

    def wanted(self, answer: Answer) -> list[advice.Wanted]:
        return advice.wanted(
            self.standard,
            answer,
            today=timezone.localdate(),
            has_last_year=self.has_last_year,
            evidence=self.evidence,
            actions=len(self.actions),
        )

    def save(self, request: SignedInRequest, values: dict[str, str], **more: Any) -> Answer:
        return workflow.write_answer(
            self.desk.form,
            self.standard,
            values,
            by=request.user,
            version=seen_version(request),
            **more,
        )


def _actions(*, form: UUID, code: str) -> QuerySet[Action]:
    standing = of_form(form).filter(standards__code=code).exclude(status=ActionStatus.CANCELLED)
    return standing.select_related("owner").in_order()


def _answer(*, form: UUID, standard: int, reader: int) -> QuerySet[Answer]:
    given = Answer.objects.filter(assessment=form, standard=standard)
    waiting = SetAside.objects.filter(answer=OuterRef("pk"), by=reader, dealt_with_at__isnull=True)
    mine = waiting.values(json=JSONObject(at="at", said="said"))[:1]
    return given.select_related("saved_by", "still_true_by").annotate(
        set_aside_by_reader=Subquery(mine, output_field=JSONField())
    )


def _said(*, form: UUID, standard: int) -> QuerySet[Comment]:
    said = Comment.objects.filter(assessment=form, standard=standard)
    return said.select_related("by", "dealt_with_by")


_ACTIONS, _ANSWER, _COMMENTS = Prepared(_actions), Prepared(_answer), Prepared(_said)


def find(request: SignedInRequest, key: str, code: str) -> Page:
    """The page, if the person may read the form and it asks the standard; else it is not there."""
    found = desk(request, key)
    one = found.standard(code)
    answer = _as_it_stands(found, one)
    last = Before(found.form).beside(one.code)
    if last is not None and not found.is_agency and not last.was_read:
        last = None  # whoever reads from outside reads only what was signed
    return Page(found, one, answer, last)


def _as_it_stands(found: Desk, one: Standard) -> Answer | None:
    """The answer, with who saved it; of a form that is not open, as it was signed."""
    if found.form.signed_copy is not None:
        return answers_of(found.form, [one]).get(one.pk)
    rows = _ANSWER(form=found.form.source_id, standard=one.pk, reader=found.user.pk)
    return next(iter(rows), None)


@require_http_methods(["GET", "HEAD", "POST"])
def standard(request: SignedInRequest, key: str, code: str) -> HttpResponse:
    """What the standard says, and the answer: a form for those who write it, else its words."""
    page = find(request, key, code)
    if request.method == "POST":
        return _save(request, page)
    page.desk.looked_at()
    form = page.form(posted(request)) if page.writes else None
    return draw(request, page, form)


def _save(request: SignedInRequest, page: Page) -> HttpResponse:
    """Keep whatever can be kept; say what is still wanted, and go on."""
    if not (page.desk.leads or page.desk.is_mine(page.standard)):
        raise PermissionDenied
    if "dealt" in request.POST:
        workflow.deal_with_set_aside(page.desk.form, page.standard, by=request.user)
        return redirect(page.url("standard"))
    form = page.form(request.POST)
    kept = form.kept()
    more: dict[str, Any] = {}
    if "merge" in request.POST:
        kept = _merged(request, page, kept)
    elif "still_true" in request.POST and page.last is not None and page.last.pk:
        kept["position"] = _both(page.last.position, kept.get("position", ""))
        more["still_true"] = Answer.objects.get(pk=page.last.pk)
    try:
        page.answer = page.save(request, kept, **more)
        if more:
            _carry_evidence(request, page)
    except Stale as stale:
        return _refused(request, page, form, kept, stale.answer)
    except TransitionError:
        return _closed(request, page)
    if lost := form.cannot_keep(kept):
        form.is_valid()
        form.only_errors_of(lost)
        return draw(request, page, form)
    return _onward(request, page, page.answer)


def _carry_evidence(request: SignedInRequest, page: Page) -> None:
    """Show again what was ticked of last year's evidence; what has expired comes unticked."""
    ticked = set(request.POST.getlist("carry"))
    shown = page.last.evidence if page.last is not None else ()
    chosen = {UUID(each.pk) for each in shown if each.pk in ticked}
    if chosen:
        carry(page.desk.form, by=request.user, chosen=chosen, standard=page.standard)


def _onward(request: SignedInRequest, page: Page, answer: Answer) -> HttpResponse:
    if "merge" in request.POST:
        workflow.deal_with_set_aside(page.desk.form, page.standard, by=request.user)
        words = _("Saved. Read it once more, change what you wish, then go on.")
        messages.success(request, words)
        return redirect(page.url("standard"))
    if "still_true" in request.POST:
        words = _("Last year’s words are in the box. Choose the level that is true today.")
        messages.success(request, words)
        return redirect(page.url("standard"))
    _say_what_is_wanted(request, page, answer)
    following = _next(page)
    if "leave" in request.POST or following is None:
        return redirect("selfassessment:overview", page.desk.form.key)
    return redirect("selfassessment:standard", page.desk.form.key, following.code)


def _say_what_is_wanted(request: SignedInRequest, page: Page, answer: Answer) -> None:
    """That it is saved, and what sign-off will ask for; an answer not begun is not nagged about."""
    found = page.wanted(answer) if answer.version else []
    if found:
        said = " ".join(one.words for one in found)
        words = _("%(code)s is saved. Before sign-off: %(said)s")
        messages.warning(request, words % {"code": page.standard.code, "said": said})
    elif answer.version:
        messages.success(request, _("%(code)s is saved.") % {"code": page.standard.code})


def _next(page: Page) -> Standard | None:
    """The standard after this one; for who was given some, the next of theirs."""
    after = page.desk.standards[page.desk.standards.index(page.standard) + 1 :]
    if page.desk.leads:
        return next(iter(after), None)
    return next((each for each in after if page.desk.is_mine(each)), None)


@require_POST
def keep(request: SignedInRequest, key: str, code: str) -> HttpResponse:
    """What script saves while somebody types; it sends the form as the button would."""
    found = desk(request, key)
    one = found.standard(code)
    if not (found.leads or found.is_mine(one)):
        raise PermissionDenied
    page = Page(found, one, answer=None, last=Before(found.form).beside(one.code))
    kept = page.form(request.POST).kept()
    try:
        answer = page.save(request, kept)
    except Stale as stale:
        workflow.set_aside(page.desk.form, page.standard, kept, by=request.user)
        return JsonResponse({"seen": stale.answer.version}, status=CONFLICT)
    except TransitionError:
        return JsonResponse({}, status=CONFLICT)
    at = answer.saved_at or timezone.now()
    return JsonResponse({"saved_at": dates.time_of_day(at), "seen": answer.version})


# Two people on one answer ----------------------------------------------------------------------
def _both(first: str, second: str) -> str:
    """Two texts as one, neither said twice."""
    if second in first:
        return first
    return second if first in second else one_under_the_other(first, second)


def _merged(request: SignedInRequest, page: Page, kept: dict[str, str]) -> dict[str, str]:
    return {
        name: chosen(
            request,
            name,
            saved=getattr(page.answer, name, ""),
            mine=mine,
            long=name not in CHOICES,
        )
        for name, mine in kept.items()
    }


def _clashes(form: AnswerForm, kept: dict[str, str], saved: Answer) -> list[Clash]:
    return [
        Clash(
            name,
            form.fields[name].label,
            _in_words(name, getattr(saved, name)),
            _in_words(name, mine),
            long=name not in CHOICES,
        )
        for name, mine in kept.items()
        if mine != getattr(saved, name)
    ]


def _in_words(name: str, value: str) -> list[str]:
    if name in CHOICES:
        return [str(CHOICES[name](value).label)] if value else []
    return [showable(line) for line in value.splitlines() if line.strip()]


def _refused(
    request: SignedInRequest, page: Page, form: AnswerForm, kept: dict[str, str], saved: Answer
) -> HttpResponse:
    """Somebody saved it meanwhile: both answers are shown, and nothing of either is lost."""
    clashes = _clashes(form, kept, saved)
    if not clashes:  # the same press twice: it is saved already
        return _onward(request, page, saved)
    workflow.set_aside(page.desk.form, page.standard, kept, by=request.user)
    context = {
        **_basics(page),
        "caption": page.standard,
        "clashes": clashes,
        "saved": saved,
        "mine_too": saved.saved_by_id == request.user.pk,
        "seen": saved.version,
        "typed": typed_again(request),
        "action": page.url("standard"),
    }
    return render(request, "selfassessment/conflict.html", context, status=CONFLICT)


def _closed(request: SignedInRequest, page: Page) -> HttpResponse:
    """It is not being filled in any more: what was typed is shown, to be copied."""
    return render(request, "selfassessment/closed.html", _basics(page), status=CONFLICT)


# The page --------------------------------------------------------------------------------------
def _basics(page: Page) -> dict[str, Any]:
    return {"form_of": page.desk.form, "standard": page.standard, "desk": page.desk}


def draw(
    request: SignedInRequest,
    page: Page,
    form: AnswerForm | None,
    *,
    talk: CommentForm | None = None,
) -> HttpResponse:
    """The page, with a comment that could not be taken if there is one."""
    desk, one, answer = page.desk, page.standard, page.answer
    today = timezone.localdate()
    of_section = [each for each in desk.standards if each.section_code == one.section_code]
    before, after = desk.beside(one)
    begun = answer is not None and answer.version > 0
    context = {
        **_basics(page),
        "form": form,
        "number": of_section.index(one) + 1,
        "of": len(of_section),
        "weight": one.weight_for(desk.form.form_type, specified=desk.form.is_specified).label,
        "basis": one.basis_for_readers(desk.form.cycle.standards.sources),
        "clauses": clauses_with(one.clauses),
        "answer": answer,
        "rating": rating_tag(answer.rating) if answer and answer.rating else "",
        "shown": _shown(page) if form is None else [],
        "seen": answer.version if answer else 0,
        "last": _last(page),
        "wanted": page.wanted(answer) if begun and answer and form is not None else [],
        "due_within": (days := _due_within(page)),
        "due_by": dates.paper_day(today + timedelta(days=days)),
        "evidence": evidence_shown(
            desk.form, desk.user, today=today, of_agency=desk.is_agency, items=page.evidence
        ),
        "evidence_needed": advice.evidence_needed(one, answer.rating if answer else ""),
        "actions": page.actions,
        "comments": _comments(page) if desk.is_agency else [],
        "talk": (talk or CommentForm()) if desk.talks else None,
        "assignment": desk.assignments.get(one.pk) if desk.is_agency else None,
        "previous": before,
        "after": after,
        "following": _next(page),
        "set_aside": _set_aside(page),
    }
    return render(request, "selfassessment/standard.html", context)


def _set_aside(page: Page) -> dict[str, Any] | None:
    """What the person typed while somebody else saved, as questions and answers."""
    kept = getattr(page.answer, "set_aside_by_reader", None)
    if kept is None:
        return None
    said = Answer(**{name: kept["said"].get(name, "") for name in COLUMNS})
    level = [(_("Level"), said.get_rating_display())] if said.rating else []
    return {"at": datetime.fromisoformat(kept["at"]), "rows": [*level, *_rows(said)]}


def _comments(page: Page) -> list[Comment]:
    """What colleagues said of it, the oldest first."""
    return _COMMENTS(form=page.desk.form.source_id, standard=page.standard.pk)


def _shown(page: Page) -> list[tuple[str, str]]:
    """The answer in words, for those who read it: question and answer."""
    answer = page.answer
    return _rows(answer) if answer is not None and answer.rating else []


def _rows(answer: Answer) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    if answer.rating == Rating.NOT_APPLICABLE:
        rows.append((_("Why it does not apply"), answer.not_applicable_reason))
    rows.append((_("What is true now"), answer.position))
    rows.append((_("What has changed since last year"), answer.what_changed))
    rows.append((_("How sure"), answer.get_confidence_display()))
    return [(name, words) for name, words in rows if words]


def _last(page: Page) -> dict[str, Any] | None:
    """Last year's answer beside this one, if the agency was asked then."""
    last, answer = page.last, page.answer
    if last is None:
        return None
    if not last.rating:
        return {"year": last.year}
    lower = (
        answer is not None
        and answer.rating in POINTS
        and last.counts in POINTS
        and POINTS[Rating(answer.rating)] < POINTS[Rating(last.counts)]
    )
    today = timezone.localdate()
    shows = page.desk.is_agency
    here = {str(each.pk) for each in page.evidence}
    return {
        "year": last.year,
        "rating": rating_tag(last.rating),
        "moderated": rating_tag(last.moderated) if last.moderated else "",
        "agreed": last.moderated == last.rating,
        "words": last.position if shows else "",
        "evidence": [
            (each, each.is_expired(today), each.pk in here) for each in last.evidence if shows
        ],
        "lower": lower,
        "reworded": last.text != page.standard.text,
        "confirmed": answer is not None and answer.carried_from_id == last.pk,
    }


def _due_within(page: Page) -> int:
    """Days within which an action for this rating is due; 0 where none is needed."""
    rating = page.answer.rating if page.answer else ""
    if not advice.action_needed(page.standard, rating):
        return 0
    form = page.desk.form
    weight = page.standard.weight_for(form.form_type, specified=form.is_specified)
    longest = LONGEST[advice.priority(page.standard, rating, weight)]
    return longest.days if longest else 0
