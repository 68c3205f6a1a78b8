"""The case page of those who work a shared case, its acts, and the part that a team is sent."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.db.models import (
    CharField,
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Cast, JSONObject
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import fresh
from accounts.http import SignedInRequest
from accounts.models import User
from accounts.prepared import Prepared
from agencies import people
from agencies.terms import Role
from audit.models import AuditEvent
from outbox.models import Message as Mail
from referrals import know, policy, promises, queue, steps, timeline, workflow
from referrals.acts import ACTS, Act, Asking, next_for, places
from referrals.answers import ALL_RECORDS, Answers, Shown
from referrals.forms import QuestionsForm, WordsForm
from referrals.matching import MOST, ending, possible_matches
from referrals.models import (
    Document,
    Message,
    PageSave,
    PoliceNote,
    Recipient,
    Referral,
    Seen,
)
from referrals.moves import NotReady, Stale, TransitionError
from referrals.questions import Question, named, of_record
from referrals.standing import Serves, Standing
from referrals.terms import (
    HIDDEN_FROM_MOST,
    GatewayOutcome,
    MessageKind,
    NoteReaders,
    Section,
    Status,
)
from referrals.views import common
from referrals.views.conflicts import clashes_of, keep
from ui import dates
from ui.clashes import CONFLICT, seen_version
from ui.forms import PageForm
from vault.fields import Sealed

MOST_LOOKS = 200
BEFORE_SHARING = (MessageKind.QUESTION, MessageKind.REPLY, MessageKind.DECISION)
"""Words between an author and their lead: the agency's own affair."""
NOTE_TAG = {NoteReaders.TEAM.value: lazy("Team"), NoteReaders.SELF.value: lazy("Only you")}
AT_GATEWAY = frozenset({Status.GATEWAY, Status.INFO_GATHERING}) | HIDDEN_FROM_MOST
NOT_SHOWN = frozenset({"monitoring", "route_record"})
"""Ethnic group is read as totals only; other help is the agency's own affair."""


# Which page -----------------------------------------------------------------------------------
@require_safe
def case(request: SignedInRequest, key: str) -> HttpResponse:
    """Each person's own page of a case."""
    referral = _whole(request, key)
    serves = Serves.of(request.user, people.roles_for(request))
    standing = Standing.of(serves, referral)
    status = Status(referral.status)
    if referral.submitted_at is not None and standing.sees_case:
        return _case_page(request, referral, serves, standing)
    if standing.is_author and status in (Status.DRAFT, Status.RETURNED):
        return redirect("referrals:tasks" if status == Status.DRAFT else "referrals:status", key)
    if standing.leads_agency and status == Status.AGENCY_CHECK:
        # Whoever wrote it and became a lead later leaves the check to another.
        decides = not standing.is_author or policy.checks(request.user, referral)
        return redirect("referrals:check" if decides else "referrals:status", key)
    if standing.is_author or standing.leads_agency:
        return redirect("referrals:status", key)
    return redirect("referrals:part", key)


def _whole(request: SignedInRequest, key: str) -> Any:
    """The case with every section, and what else one row can say of it, in one query."""
    people.roles_for(request)  # read once, and visible_to() knows where they work
    found = _WHOLE(request.user, key=key)
    if not found:
        raise Http404
    common.read_people(found[0])
    return found[0]


def _with_everything(user: User, key: str) -> QuerySet[Referral]:
    looks = AuditEvent.objects.filter(case=OuterRef("pk"), kind="referral.viewed").order_by()
    people_who = looks.values("case").annotate(n=Count("person", distinct=True)).values("n")
    first = AuditEvent.objects.order_by("pk").values("at")[:1]
    seen = Seen.objects.filter(referral=OuterRef("pk"), person=user.pk)
    return (
        Referral.objects.visible_to(user)
        .with_named()
        .with_key()
        .filter(key=key)
        .select_related("agency__locality", "locality", "offered_to", *ALL_RECORDS)
        .annotate(
            opened_by=Subquery(people_who),
            seen_at=Subquery(seen.values("at")),
            kept_since=Subquery(first),
            undelivered=ArraySubquery(
                Mail.objects.parked()
                .filter(case=Cast(OuterRef("pk"), CharField()))
                .exclude(case="")
                .order_by("parked_at")
                .values(who=JSONObject(name="to_person__name", phone="to_person__phone"))
            ),
            notes_of_police=ArraySubquery(_sealed_notes().filter(referral=OuterRef("pk"))),
            edition=F("submission__edition__number"),
            edition_at=F("submission__edition__published_at"),
            has_pdf=Exists(Document.objects.filter(referral=OuterRef("pk"), kind="referral")),
        )
    )


_WHOLE = people.PreparedFor(_with_everything)


def _standing(request: SignedInRequest, referral: Referral) -> Standing:
    return Standing.of(Serves.of(request.user, people.roles_for(request)), referral)


def _role(request: SignedInRequest, referral: Referral) -> str:
    """The role in which a person opens a case: that of its locality, or of its agency."""
    held = people.roles_for(request)
    places = (referral.locality_id, referral.offered_to_id)
    for each in held:
        if each.locality_id is not None and each.locality_id in places:
            return str(each.role)
    found = (each.role for each in held if each.agency_id == referral.agency_id)
    return str(next(found, ""))


# The case page --------------------------------------------------------------------------------
@dataclass(frozen=True)
class Said:
    """A message as it stands in the conversation."""

    by: str
    at: datetime
    kind: str
    body: str
    mine: bool
    is_new: bool
    to_referrer: bool
    tag: str = ""
    """Who reads a note."""


def _case_page(
    request: SignedInRequest, referral: Any, serves: Serves, standing: Standing
) -> HttpResponse:
    user, now = request.user, timezone.now()
    referral.hold_key()
    before = workflow.view(referral, by=user, role=_role(request, referral))
    asking = Asking(referral, standing, user)
    status = standing.status_of(referral)
    answers = Answers(referral)
    police = standing.decides_at_gateway
    running = promises.running_clocks([referral.pk], police=police).get(referral.pk, [])
    recipients = _RECIPIENTS(case=referral.pk)
    for recipient in recipients:
        recipient.referral = referral
    said = conversation(referral, user, before, team=standing.reads_team_notes)
    lines = timeline.of_case(referral, user=user, real=standing.sees_real_status)
    return render(
        request,
        "referrals/case.html",
        {
            "referral": referral,
            "status": status,
            "who": answers.who,
            "clock": promises.shown_clock(referral, status, running, now=now, police=police),
            "know": know.undelivered(referral.undelivered) + know.now(answers, recipients),
            "next": next_for(asking),
            "holder": queue.with_whom(referral, status, user),
            "since": _since(referral, status),
            "deputies": deputies(referral, standing, user),
            "opened": opened_words(referral.opened_by, first=before is None),
            "said": said,
            "new_count": sum(each.is_new for each in said),
            "reply": _reply_form(referral, standing, status),
            "sections": sections(referral, answers, standing),
            "earlier": earlier(referral, user, serves),
            "lines": lines,
            "police_notes": _police_notes(referral, standing),
            "bodies": [know.body_words(one) for one in recipients],
        },
    )


_RECIPIENTS = Prepared(
    lambda case: Recipient.objects.filter(referral=case).select_related("locality", "route")
)


def conversation(
    referral: Referral, user: User, before: datetime | None, *, team: bool
) -> list[Said]:
    """What was said since it was shared, newest first; what came since the last look is new."""
    kept = _KEPT(user, team, case=referral.pk, since=referral.submitted_at)
    return [
        Said(
            by=str(message.by),
            at=message.at,
            kind=str(message.get_kind_display()),
            body=message.body,
            mine=message.by_id == user.pk,
            is_new=before is not None and message.at > before and message.by_id != user.pk,
            to_referrer=message.to_referrer,
            tag=str(NOTE_TAG[message.readers]) if message.readers else "",
        )
        for message in kept
    ]


def _kept(user: User, team: bool, *, case: uuid.UUID, since: datetime) -> QuerySet[Message]:
    kept = Message.objects.filter(referral=case, at__gte=since).exclude(kind__in=BEFORE_SHARING)
    return kept.read_by(user, team=team).select_related("by").order_by("-at", "-pk")


_KEPT = people.PreparedFor(_kept)


def _sealed_notes() -> Any:
    """The notes of the police as they are stored, each in one value: read with the case's row."""
    body = Func(F("body"), Value("hex"), function="encode", output_field=TextField())
    one = JSONObject(id="id", target="target", at="at", name="by__name", body=body)
    return PoliceNote.objects.order_by("-at", "-pk").values(one=one)


def _police_notes(referral: Any, standing: Standing) -> list[PoliceNote]:
    """Why police gave it back or ended it: opened for the police of the area, and nobody else."""
    if not standing.decides_at_gateway:
        return []
    return [
        PoliceNote(
            id=uuid.UUID(one["id"]),
            referral=referral,
            target=one["target"],
            by=User(name=one["name"]),
            at=datetime.fromisoformat(one["at"]),
            body=cast(str, Sealed(bytes.fromhex(one["body"]))),  # opened when it is read
        )
        for one in referral.notes_of_police
    ]


def _reply_form(referral: Referral, standing: Standing, status: Status) -> WordsForm | None:
    if not standing.writes_to_referrer or status == Status.WITHDRAWN:
        return None
    form = WordsForm(
        _("Write to %(name)s") % {"name": referral.created_by},
        _("Write your message"),
        hint=_("They get an e-mail with a link, and nothing else in it."),
    )
    form.helper.form_tag = form.form_tag = False
    form.headings = {"words": "s"}
    return form


def _since(referral: Referral, status: Status) -> datetime | None:
    """Since when its first holder has it; after a hand-over the timeline says."""
    person = referral.officer_id if status in AT_GATEWAY else referral.holder_id
    same = person is not None and person == referral.acknowledged_by_id
    return referral.acknowledged_at if same else None


def deputies(referral: Any, standing: Standing, user: User) -> list[User]:
    """Who stands in for the holder, of the same work, close to the case or not (AC-07)."""
    police = standing.decides_at_gateway
    role = Role.GATEWAY_SUPERVISOR if police else Role.PREVENT_DEPUTY
    out = {user.pk, referral.officer_id if police else referral.holder_id}
    return [one for one in people.holders(referral.locality, [role]) if one.pk not in out]


def opened_words(number: int | None, *, first: bool) -> str:
    """ "Opened by 2 people.", the one who opens it now included."""
    count = (number or 0) + first
    return ngettext("Opened by %(n)s person.", "Opened by %(n)s people.", count) % {"n": count}


# What was recorded ----------------------------------------------------------------------------
@dataclass(frozen=True)
class Part:
    """A section in a details: its long answers one by one, its short ones as a list."""

    title: str
    long: Sequence[Shown]
    short: Sequence[Shown]
    note: str = ""
    is_open: bool = False


def sections(referral: Referral, answers: Answers, standing: Standing) -> list[Part]:
    """Notice, Check and Share; triage and gateway for those who may see them."""
    author = referral.created_by.first_name_only
    written = dates.paper_moment(referral.created_at)
    found = [
        _part(
            answers,
            _of_section(Section.NOTICE),
            _("Notice: what %(name)s saw and heard") % {"name": author},
            note=f"{referral.created_by}, {written}",
            is_open=True,
        ),
        _part(answers, _of_section(Section.CHECK), _check_title(answers)),
        _part(answers, _of_section(Section.SHARE), _("Share: what went with it")),
    ]
    if standing.sees_triage:
        found.append(_part(answers, of_record("triage_record"), _("Triage")))
    found.append(_part(answers, _gateway_questions(referral, answers, standing), _("Gateway")))
    return [part for part in found if part.long or part.short]


def _part(answers: Answers, questions: Iterable[Question], title: str, **more: Any) -> Part:
    shown = list(answers.shown(questions))
    long = [one for one in shown if one.is_long]
    return Part(
        title=title,
        long=sorted(long, key=lambda one: not one.question.said),  # exact words first
        short=[one for one in shown if not one.is_long],
        **more,
    )


def _of_section(section: Section) -> list[Question]:
    return [q for q in steps.questions_of(section) if q.record not in NOT_SHOWN]


def _check_title(answers: Answers) -> str:
    record = answers.referral.check_record
    if record.signed_by is None:
        return _("Check")
    if answers.alone:
        return _("Check: done with the advice line")
    return _("Check: decided by %(name)s") % {"name": record.signed_by}


def _gateway_questions(
    referral: Referral, answers: Answers, standing: Standing
) -> Iterable[Question]:
    """X fields: for police and chair. A Prevent lead reads why it was closed, to tell of it."""
    if standing.sees_real_status:
        return of_record("gateway_record")
    closing = (GatewayOutcome.NO_CONCERN, GatewayOutcome.OTHER_SERVICES)
    if (
        standing.leads_locality
        and referral.status == referral.outward_status == Status.CLOSED
        and answers.get("outcome") in closing
    ):
        told = ("outcome", "closure_reason", "rationale", "signposted")
        return named("national_earlier", "national_detail", *told)
    return named("national_earlier", "national_detail") if standing.leads_locality else ()


# Earlier records ------------------------------------------------------------------------------
@dataclass(frozen=True)
class Earlier:
    """Another case of what may be the same person: a possible match, no more (rule 7)."""

    referral: Referral
    status: str
    is_same: bool
    """Recorded at triage as the same person (T3)."""


def earlier(referral: Referral, user: User, serves: Serves) -> list[Earlier]:
    """Possible matches among what this person may see, and how they ended: one query."""
    record = getattr(referral, "triage_record", None)
    same = (record.earlier_records or []) if record else []
    found = []
    for one in possible_matches(referral, user, MOST):
        standing, label = Standing.of(serves, one), ""
        if standing.sees_case:
            real = standing.status_of(one)
            label = ending(one) if real == one.outward_status else str(real.label)
        found.append(Earlier(one, label, is_same=one.reference in same and standing.sees_case))
    return found


# Who opened it --------------------------------------------------------------------------------
@require_safe
def opened(request: SignedInRequest, key: str) -> HttpResponse:
    """The case's own access list: who opened it, as what, and when."""
    referral = common.visible(request, key)
    if not _standing(request, referral).sees_case:
        raise PermissionDenied
    looks = (
        AuditEvent.objects.about(referral.pk)
        .filter(kind="referral.viewed")
        .select_related("person")
        .order_by("-pk")[:MOST_LOOKS]
    )
    rows = [
        {
            "who": str(look.person or ""),
            "role": str(Role(look.role).label) if look.role in Role.values else "",
            "at": look.at,
        }
        for look in looks
    ]
    return render(
        request, "referrals/opened.html", {"referral": referral, "rows": rows, "most": MOST_LOOKS}
    )


# Acts -----------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: SignedInRequest, key: str, verb: str) -> HttpResponse:
    """One page for each act: GET asks for what it needs, POST does it."""
    what = ACTS[verb]
    referral = common.visible(request, key, with_answers=True)
    standing = _standing(request, referral)
    if not what.who(standing):
        raise PermissionDenied
    typed = request.POST if request.method == "POST" else None
    asks = what.is_sensitive and typed is not None
    if asks and not fresh.is_fresh(request, now=timezone.now()):
        return fresh.ask(request)
    seen = None
    if what.keeps:
        seen = workflow.version_of(referral, what.keeps) if typed is None else seen_version(request)
    picked = request.GET.get("template", "")
    asking = Asking(referral, standing, request.user, typed, picked, seen)
    if typed is None and asking.status not in what.states:
        messages.warning(request, _who_was_first(asking))
        return redirect("referrals:case", key)
    form = what.make(asking)
    form.helper.form_tag = form.form_tag = False
    form.page_heading = False
    if typed is not None:
        if "later" in typed and what.record is not None and isinstance(form, QuestionsForm):
            return _keep(request, asking, what, form)
        if form.is_valid():
            return _do(request, asking, what, form)
    return _act_page(request, asking, what, form)


def _do(request: SignedInRequest, asking: Asking, what: Act, form: PageForm) -> HttpResponse:
    try:
        what.do(asking, form)
    except NotReady as problem:
        form.elsewhere = places(what, asking)
        form.add_error(None, problem.missing)
        return _act_page(request, asking, what, form)
    except Stale as stale:
        return _saved_meanwhile(request, asking, what, cast(QuestionsForm, form), stale.save)
    except TransitionError:
        return _overtaken(request, asking, what, form)
    messages.success(request, str(what.done))
    return _back(asking, what)


def _keep(request: SignedInRequest, asking: Asking, what: Act, form: QuestionsForm) -> HttpResponse:
    """Save what is there, half written as it is: triage and gateway are recorded bit by bit."""
    assert what.record is not None  # noqa: S101 - asked by the caller
    try:
        what.record(asking.referral, form.partial_values(), by=asking.user, seen=asking.seen)
    except Stale as stale:
        return _saved_meanwhile(request, asking, what, form, stale.save)
    except TransitionError:
        return _overtaken(request, asking, what, form)
    messages.success(request, _("Saved as far as it is written."))
    return _back(asking, what)


def _back(asking: Asking, what: Act) -> HttpResponse:
    if what.verb == "decline-transfer":
        return redirect("referrals:home")  # the other area's again, and no longer theirs to see
    if what.verb in ("keep-out", "who-is-named") and policy.is_excluded(
        asking.user, asking.referral
    ):
        return redirect("referrals:home")  # they named themselves, and no longer find it
    response = redirect("referrals:case", asking.referral.key)
    if what.verb in ("write-message", "write-note"):
        response["Location"] += "#talk"
    return response


def _overtaken(request: SignedInRequest, asking: Asking, what: Act, form: PageForm) -> HttpResponse:
    """Somebody else was first: who and when, and every word that was typed, still there."""
    said = _who_was_first(asking)
    if not form.fields:
        messages.warning(request, said)
        return redirect("referrals:case", asking.referral.key)
    return _act_page(request, asking, what, form, overtaken=said, status=CONFLICT)


def _saved_meanwhile(
    request: SignedInRequest, asking: Asking, what: Act, form: QuestionsForm, save: PageSave
) -> HttpResponse:
    """Somebody saved the same record meanwhile: both answers are shown, and both kept (WF-04)."""
    answers = Answers(common.visible(request, asking.referral.key, with_answers=True))
    kept = form.partial_values()
    page = steps.Step(name=what.keeps, task="share", title=what.title)
    keep(request, answers, page, form, kept)
    context = {"clashes": clashes_of(answers, form, kept), "save": save}
    asking = replace(asking, seen=save.version)  # pressed once more, theirs takes its place
    return _act_page(request, asking, what, form, status=CONFLICT, more=context)


def _who_was_first(asking: Asking) -> str:
    said = timeline.overtaken_by(
        asking.referral, user=asking.user, real=asking.standing.sees_real_status
    )
    return said or _("This cannot be done now: the case has moved on.")


def _act_page(
    request: SignedInRequest,
    asking: Asking,
    what: Act,
    form: PageForm,
    *,
    overtaken: str = "",
    status: int = 200,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    remedy = ACTS.get(what.remedy)
    context = {
        "referral": asking.referral,
        "act": what,
        "form": form,
        "overtaken": overtaken,
        "seen": asking.seen,
        "remedy_url": remedy.url(asking.referral) if remedy else "",
        "remedy": remedy if remedy and remedy.is_offered(asking.standing, asking.status) else None,
        **what.context(asking),
        **(more or {}),
    }
    return render(request, what.template, context, status=status)


# The part that a team is sent -----------------------------------------------------------------
PART = (
    "forenames",
    "surname",
    "also_known_as",
    "born",
    "age",
    "gender",
    "addresses",
    "reach",
    "language",
    "interpreter",
    "household",
    "parents",
    "cares_for_child",
    "school",
    *(question.name for question in of_record("concern")),
    "worry",
    "other_concerns",
    "other_concerns_detail",
    "action_taken",
    "action_detail",
    "contact_notes",
)
"""Section 8.3: identity, N, W6, W7, C13 and S10. Not S6, not triage or after."""


@require_safe
def part(request: SignedInRequest, key: str) -> HttpResponse:
    """What the children's front door or an adult team reads: its own part, and nothing after."""
    referral = common.visible(request, key, with_answers=True)
    if not _standing(request, referral).sees_part_only:
        return redirect("referrals:case", key)
    mine = _mine(request.user, referral)
    if not mine:
        raise Http404
    workflow.view(referral, by=request.user, role=_role(request, referral))
    answers = _as_shared(Answers(referral))
    shown = list(answers.shown(named(*PART)))
    return render(
        request,
        "referrals/part.html",
        {
            "referral": referral,
            "who": answers.who,
            "mine": mine,
            "waiting": any(one.received_at is None for one in mine),
            "long": [one for one in shown if one.is_long],
            "short": [one for one in shown if not one.is_long],
        },
    )


def _as_shared(answers: Answers) -> Answers:
    """Without the files that came later: all else is as it was sent."""
    shared = answers.referral.submitted_at
    files = answers.get("attachments") or []
    then = [one for one in files if shared and datetime.fromisoformat(one["added_at"]) <= shared]
    return answers.with_changes({"attachments": then})


def _mine(user: User, referral: Referral) -> list[Recipient]:
    sent = Recipient.objects.open_to(user).filter(referral=referral)
    return list(sent.select_related("received_by"))


@require_POST
def confirm_receipt(request: SignedInRequest, key: str) -> HttpResponse:
    """ "We have it": said once for each team that the person serves."""
    referral = common.visible(request, key)
    mine = _mine(request.user, referral)
    if not mine:
        raise PermissionDenied
    for recipient in mine:
        workflow.confirm_receipt(referral, recipient, by=request.user)
    messages.success(request, _("Thank you. The Prevent lead sees that you have it."))
    return redirect("referrals:part", key)
