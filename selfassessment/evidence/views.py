"""Pages of evidence: what a form shows, one piece with its files, and all of it as a ZIP."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import SignedInRequest
from accounts.models import User
from agencies.models import Membership
from agencies.terms import AGENCY_ROLES
from files import serving
from files.names import ENDING
from files.terms import FileKind
from selfassessment.evidence import pack, packs, policy, terms, workflow
from selfassessment.evidence.forms import (
    EvidenceForm,
    FileForm,
    StandardsForm,
    initial_of,
)
from selfassessment.evidence.models import (
    WITHOUT_CONTENT,
    Evidence,
    EvidenceUse,
    EvidenceVersion,
)
from selfassessment.evidence.queries import EvidenceItem, items_of, versions_of
from selfassessment.evidence.shown import shown
from selfassessment.moves import NotReady, TransitionError
from selfassessment.standards.models import Standard
from selfassessment.views.common import Desk, desk, posted
from ui import uploads
from vault import keys

WHOLE = "all"
"""What stands at the end of a form with a file: missing, the upload was cut off on its way."""
GET_OR_POST = ["GET", "HEAD", "POST"]


# What a form shows -----------------------------------------------------------------------------
@require_safe
def library(request: SignedInRequest, key: str) -> HttpResponse:
    """What the form shows, and what else the agency holds."""
    place = desk(request, key)
    place.looked_at()
    today = timezone.localdate()
    items = items_of(place.form)
    mine = _mine(place)
    others = _others(place, items) if place.is_agency else []
    earlier: list[workflow.FromLastYear] = []
    if mine and place.is_open:
        earlier = workflow.last_year(place.form, today=today, asked=place.standards)
    context = {
        **_basics(place),
        "shown": shown(
            place.form, request.user, today=today, of_agency=place.is_agency, items=items
        ),
        "others": others,
        "may_add": bool(mine) and place.form.status in policy.TAKES,
        "may_change": bool(mine) and place.is_open,
        "last_year": bool(earlier),
        "has_files": any(item.version for item in items),
    }
    return render(request, "selfassessment/evidence/library.html", context)


def _basics(place: Desk) -> dict[str, Any]:
    return {
        "form_of": place.form,
        "desk": place,
        "REQUIRE_SCAN": settings.REQUIRE_SCAN,
        "whole": WHOLE,
    }


def _mine(place: Desk) -> list[Standard]:
    if not place.is_agency:
        return []
    return policy.standards_for(place.user, place.form, place.standards)


def _others(place: Desk, items: list[EvidenceItem]) -> list[Evidence]:
    """What the agency holds and this form does not show; at most what a page bears."""
    there = Evidence.objects.of_agency(place.form.agency_id).select_related("owner")
    return list(there.exclude(pk__in=[item.pk for item in items])[:100])


def _people(place: Desk) -> list[User]:
    held = Membership.objects.active().filter(
        agency=place.form.agency_id, role__in=AGENCY_ROLES, person__is_active=True
    )
    people = {each.person_id: each.person for each in held.select_related("person")}
    return sorted(people.values(), key=lambda each: (each.name, each.pk))


# New -------------------------------------------------------------------------------------------
@require_http_methods(GET_OR_POST)
def add(request: SignedInRequest, key: str) -> HttpResponse:
    """One more piece, for the standards that are ticked; ``?for=LG1`` ticks the first."""
    place = desk(request, key)
    mine = _mine(place)
    if not mine:
        raise PermissionDenied
    wanted = [code for code in request.GET.getlist("for") if code in {each.code for each in mine}]
    form = EvidenceForm(
        posted(request),
        request.FILES if request.method == "POST" else None,
        people=_people(place),
        standards=mine,
        initial={"standards": wanted, "owner": str(request.user.pk)},
    )
    if request.method == "POST" and not _was_cut(request, form) and form.is_valid():
        try:
            evidence = workflow.add(
                place.form,
                form.details,
                form.chosen,
                file=form.cleaned_data["upload"],
                by=request.user,
            )
        except NotReady as problem:
            form.add_error("upload", problem.missing[0])
        except TransitionError:
            form.add_error(None, _closed())
        else:
            words = _("“%(title)s” has been added.") % {"title": evidence.title}
            messages.success(request, words)
            if wanted:
                return redirect("selfassessment:standard", key, wanted[0])
            return redirect("selfassessment:evidence", key)
    context = {**_basics(place), "form": form, "wanted": wanted}
    return render(request, "selfassessment/evidence/add.html", context)


def _closed() -> str:
    return _("Nothing was kept: the form is not being filled in any more")


def _was_cut(request: SignedInRequest, form: EvidenceForm | FileForm) -> bool:
    """Say so where the upload was too large to be read, or broke off on its way (FI-05)."""
    sentence = ""
    if uploads.was_cut_short(request):
        sentence = _("That is far too much at once. Choose one file of up to 10 MB")
    elif request.POST.get("end") != WHOLE:
        sentence = _("The upload was cut off, so nothing was added. Choose the file again")
    if sentence:
        form.full_clean()
        form.add_error("upload", sentence)
    return bool(sentence)


# One piece -------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Line:
    """One of its files, as the page shows it to one person."""

    version: EvidenceVersion
    opens: bool
    is_newest: bool

    @property
    def shows_picture(self) -> bool:
        return self.is_newest and self.version.has_picture and policy.may_be_shown(self.version)


def _piece(place: Desk, pk: UUID) -> tuple[Evidence, list[str], list[EvidenceVersion]]:
    """A piece with the codes and files that the person may know of; else what is not there."""
    evidence = get_object_or_404(
        Evidence.objects.select_related("owner", "created_by"), pk=pk, agency=place.form.agency_id
    )
    if place.form.signed_copy is not None:
        return _as_signed(place, evidence)
    uses = EvidenceUse.objects.filter(
        assessment=place.form.source_id, evidence=evidence, added_for__isnull=True
    )
    codes = list(uses.order_by("standard__order").values_list("standard__code", flat=True))
    versions = versions_of([evidence.pk]).get(evidence.pk, [])
    if not place.is_agency:
        if not codes:
            raise Http404
        item = next(item for item in items_of(place.form) if item.pk == evidence.pk)
        if not item.is_clean:
            raise Http404
        versions = [item.version] if item.version else []
    return evidence, codes, versions


def _as_signed(
    place: Desk, evidence: Evidence
) -> tuple[Evidence, list[str], list[EvidenceVersion]]:
    """A piece as the signed form shows it, with the file that it had; of what the form does not
    show, the agency sees what it holds."""
    found = [each for each in items_of(place.form) if each.pk == evidence.pk]
    if not found and place.is_agency:
        return evidence, [], versions_of([evidence.pk]).get(evidence.pk, [])
    if not found or not (place.is_agency or found[0].is_clean):
        raise Http404
    codes = [code for item in found for code in item.codes]
    return found[0].evidence, codes, [found[0].version] if found[0].version else []


@require_http_methods(GET_OR_POST)
def item(request: SignedInRequest, key: str, pk: UUID) -> HttpResponse:
    """What is known of it, its files, and the standards it is for: a tick list."""
    place = desk(request, key)
    evidence, codes, versions = _piece(place, pk)
    place.looked_at()
    mine, ticked = _ticks(place, evidence, codes)
    form = StandardsForm(posted(request), standards=mine, initial={"standards": ticked})
    if request.method == "POST":
        if not mine:
            raise PermissionDenied
        if form.is_valid():
            return _ticked(request, place, evidence, form)
    if versions:
        keys.load([evidence.pk])
    today = timezone.localdate()
    context = {
        **_basics(place),
        "evidence": evidence,
        "owner": _owner(place, evidence),
        "codes": codes,
        "lines": [
            Line(
                version,
                policy.may_open(request.user, version, of_agency=place.is_agency),
                version == versions[-1],
            )
            for version in reversed(versions)
        ],
        "form": form if mine else None,
        "is_expired": evidence.is_expired(today),
        "is_old": evidence.is_old(today),
        "may_change": _may_change(place, evidence),
    }
    return render(request, "selfassessment/evidence/item.html", context)


def _owner(place: Desk, evidence: Evidence) -> str:
    """Who answers for it; of a signed form, who did then."""
    if evidence.owner_id:
        return evidence.owner.name
    return next(each.owner for each in items_of(place.form) if each.pk == evidence.pk)


def _ticks(place: Desk, evidence: Evidence, codes: list[str]) -> tuple[list[Standard], list[str]]:
    """The standards that may be ticked, and those that are; in moderation but what was signed."""
    if evidence.ended_at is not None or place.form.status not in policy.TAKES:
        return [], []
    mine = _mine(place)
    if place.is_open:
        return mine, codes
    found = [item for item in items_of(place.form) if item.pk == evidence.pk]
    signed = {code for item in found if not item.is_later for code in item.codes}
    later = [code for item in found if item.is_later for code in item.codes]
    return [each for each in mine if each.code not in signed], later


def _ticked(
    request: SignedInRequest, place: Desk, evidence: Evidence, form: StandardsForm
) -> HttpResponse:
    try:
        codes = workflow.show_for(place.form, evidence, form.chosen, by=request.user)
    except TransitionError:
        messages.error(request, _closed() + ".")
    else:
        if codes:
            messages.success(request, _("The standards that it is for have been saved."))
    return redirect("selfassessment:evidence_item", place.form.key, evidence.pk)


def _may_change(place: Desk, evidence: Evidence) -> bool:
    if not (place.is_agency and place.is_open) or evidence.ended_at is not None:
        return False
    if policy.writes(place.user, place.form):
        return True
    return evidence.created_by_id == place.user.pk and bool(_mine(place))


def _to_change(request: SignedInRequest, key: str, pk: UUID) -> tuple[Desk, Evidence]:
    """The piece for a page that changes it; who sees but may not is refused."""
    place = desk(request, key)
    evidence, _codes, _versions = _piece(place, pk)
    if not _may_change(place, evidence):
        raise PermissionDenied
    return place, evidence


@require_http_methods(GET_OR_POST)
def change(request: SignedInRequest, key: str, pk: UUID) -> HttpResponse:
    """Say something else of it."""
    place, evidence = _to_change(request, key, pk)
    people = {each.pk: each for each in _people(place)} | {evidence.owner_id: evidence.owner}
    form = EvidenceForm(
        posted(request), people=people.values(), evidence=evidence, initial=initial_of(evidence)
    )
    if request.method == "POST" and form.is_valid():
        try:
            workflow.change(place.form, evidence, form.details, by=request.user)
        except TransitionError:
            form.add_error(None, _closed())
        else:
            messages.success(request, _("The evidence has been saved."))
            return redirect("selfassessment:evidence_item", key, pk)
    context = {**_basics(place), "form": form, "evidence": evidence}
    return render(request, "selfassessment/evidence/change.html", context)


@require_http_methods(GET_OR_POST)
def replace(request: SignedInRequest, key: str, pk: UUID) -> HttpResponse:
    """A newer file; the earlier ones stay."""
    place, evidence = _to_change(request, key, pk)
    form = FileForm(posted(request), request.FILES if request.method == "POST" else None)
    if request.method == "POST" and not _was_cut(request, form) and form.is_valid():
        try:
            workflow.replace(place.form, evidence, form.cleaned_data["upload"], by=request.user)
        except NotReady as problem:
            form.add_error("upload", problem.missing[0])
        except TransitionError:
            form.add_error("upload", _closed())
        else:
            messages.success(request, _("The newer file has been added. The earlier one is kept."))
            return redirect("selfassessment:evidence_item", key, pk)
    context = {**_basics(place), "form": form, "evidence": evidence}
    return render(request, "selfassessment/evidence/replace.html", context)


@require_http_methods(GET_OR_POST)
def take_away(request: SignedInRequest, key: str, pk: UUID) -> HttpResponse:
    """A page of its own for what is not offered again."""
    place, evidence = _to_change(request, key, pk)
    if request.method == "POST":
        try:
            workflow.take_away(place.form, evidence, by=request.user)
        except TransitionError:
            messages.error(request, _closed() + ".")
        else:
            messages.success(request, _("The evidence has been taken away."))
        return redirect("selfassessment:evidence", key)
    context = {**_basics(place), "evidence": evidence}
    return render(request, "selfassessment/evidence/take_away.html", context)


# Last year's -----------------------------------------------------------------------------------
@require_http_methods(GET_OR_POST)
def carry(request: SignedInRequest, key: str) -> HttpResponse:
    """What last year's form showed: ticked, but for what has expired (rows S15, S16)."""
    place = desk(request, key)
    if not _mine(place):
        raise PermissionDenied
    if request.method == "POST":
        try:
            count = workflow.carry(
                place.form, by=request.user, chosen=_uuids(request.POST.getlist("chosen"))
            )
        except TransitionError:
            messages.error(request, _closed() + ".")
        else:
            said = ngettext(
                "%(count)d piece of evidence is shown again.",
                "%(count)d pieces of evidence are shown again.",
                count,
            )
            messages.success(request, said % {"count": count})
        return redirect("selfassessment:evidence", key)
    found = workflow.last_year(place.form, today=timezone.localdate(), asked=place.standards)
    context = {**_basics(place), "found": found}
    return render(request, "selfassessment/evidence/carry.html", context)


def _uuids(sent: Iterable[str]) -> set[UUID]:
    found = set()
    for one in sent:
        try:
            found.add(UUID(one))
        except ValueError:
            continue
    return found


# Files -----------------------------------------------------------------------------------------
def _version(place: Desk, pk: UUID) -> EvidenceVersion:
    """One file that the person may know of; else what is not there."""
    version = get_object_or_404(
        EvidenceVersion.objects.defer(*WITHOUT_CONTENT).select_related("evidence"),
        pk=pk,
        evidence__agency=place.form.agency_id,
    )
    if not place.is_agency:
        allowed = {item.version.pk for item in items_of(place.form) if item.version}
        if version.pk not in allowed or not policy.may_open(place.user, version, of_agency=False):
            raise Http404
    return version


@require_http_methods(GET_OR_POST)
def file(request: SignedInRequest, key: str, pk: UUID) -> HttpResponse:
    """The file as a download. What nobody has looked at for viruses says so first."""
    place = desk(request, key)
    version = _version(place, pk)
    if not policy.may_open(request.user, version, of_agency=place.is_agency):
        messages.warning(request, _("This file cannot be opened now. Its state is given below."))
        return redirect("selfassessment:evidence_item", key, version.evidence_id)
    if request.method != "POST" and policy.needs_warning(request.user, version):
        context = {**_basics(place), "version": version}
        return render(request, "selfassessment/evidence/unchecked.html", context)
    version = workflow.open_file(place.form, version.pk, by=request.user)
    kind = FileKind(version.kind)
    name = f"evidence-{str(version.evidence_id)[:8]}-{version.number}.{ENDING[kind]}"
    return serving.download(version.content, kind, name)


@require_safe
def picture(request: SignedInRequest, key: str, pk: UUID) -> HttpResponse:
    """The small picture beside a standard, drawn by the portal itself from what is kept."""
    place = desk(request, key)
    version = _version(place, pk)
    may_open = policy.may_open(request.user, version, of_agency=place.is_agency)
    if not (version.has_picture and may_open and policy.may_be_shown(version)):
        raise Http404
    place.looked_at()
    response = HttpResponse(version.picture, content_type="image/jpeg")
    response["Content-Disposition"] = "inline"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


# All of it -------------------------------------------------------------------------------------
@require_http_methods(GET_OR_POST)
def take_pack(request: SignedInRequest, key: str) -> HttpResponseBase:
    """A ZIP of all at once; where that is a lot, of one section, or all of it by a job."""
    place = desk(request, key)
    items = pack.may_hold(items_of(place.form), of_agency=place.is_agency)
    sections = _sections(place, items)
    large = pack.size(items) > terms.LARGE_PACK
    section = request.POST.get("section", "")
    if request.method == "POST" and large and not section:
        packs.ask(place.form, by=request.user)
        return redirect("selfassessment:evidence_pack", key)
    if request.method == "POST" and (section in sections or not section):
        chosen = [item for item in items if _of_section(item, section)]
        pack.note_taking(place.form, chosen, by=request.user)
        return _zip(place, pack.stream(place.form, chosen, by=request.user), section)
    context = {
        **_basics(place),
        "count": len(items),
        "bytes": pack.size(items),
        "large": large,
        "sections": sections.items(),
        "packs": packs.of_person(place.form, request.user, now=timezone.now()),
        "hours": terms.PACK_HOURS,
    }
    return render(request, "selfassessment/evidence/pack.html", context)


@require_safe
def ready_pack(request: SignedInRequest, key: str, pk: UUID) -> HttpResponseBase:
    """The ZIP that the worker made for this person; nobody else finds it."""
    place = desk(request, key)
    found = packs.of_person(place.form, request.user, now=timezone.now())
    ready = next((each for each in found if each.pk == pk and each.made_at), None)
    if ready is None:
        raise Http404
    packs.note_taking(ready, by=request.user)
    return _zip(place, packs.stream(ready), "")


def _zip(place: Desk, stream: Iterable[bytes], section: str) -> HttpResponseBase:
    response = StreamingHttpResponse(stream, content_type="application/zip")
    part = f"-{section.lower()}" if section else ""
    return serving.guarded(response, f"evidence-{place.form.cycle.year}{part}.zip")


def _of_section(item: EvidenceItem, section: str) -> bool:
    return any(code.startswith(section) for code in item.codes)


def _sections(place: Desk, items: list[EvidenceItem]) -> dict[str, tuple[str, int]]:
    """Sections that have evidence: their names and bytes, by code."""
    found = {}
    for section, _standards in place.by_section():
        of_section = [item for item in items if _of_section(item, section.code)]
        if of_section:
            found[section.code] = (section.name, pack.size(of_section))
    return found
