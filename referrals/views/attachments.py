"""The files of a concern: a page of the wizard while it is written, a list for whoever reads it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

import files as cleaning
from accounts.http import SignedInRequest
from files import CleanFile, RefusedFileError, names, serving
from files.terms import FileKind
from referrals import policy, workflow
from referrals.models import Attachment, Referral
from referrals.moves import TransitionError
from referrals.steps import STEP
from referrals.terms import Section
from referrals.views import common
from referrals.views.wizard.pages import next_of
from referrals.views.wizard.place import REVIEW, Place, basics, find
from ui import uploads
from ui.forms import PageForm

WHOLE = "all"
"""What stands at the end of the form: where it is missing, the upload was cut off on its way."""


class FilesInput(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files, each looked at by ``files.clean``: nothing is left to check here."""

    def clean(self, data: Any, initial: Any = None) -> None:
        return None


class FilesForm(PageForm):
    """The box that takes files; what is wrong with one is said beside it."""

    page_heading = False
    upload = FilesField(
        label=gettext_lazy("Add files"),
        help_text=gettext_lazy(
            "PDF, picture (JPEG, PNG or WebP), Word (.docx), ODT or text, up to 10 MB each. "
            "You can choose more than one. Not HEIC, as an iPhone keeps pictures: take a "
            "screenshot of it, and choose that."
        ),
        required=False,
        widget=FilesInput(attrs={"accept": cleaning.ACCEPT, "multiple": True}),
    )

    def refuse(self, sentences: Iterable[str]) -> None:
        self.full_clean()
        for sentence in sentences:
            self.add_error("upload", sentence)


@dataclass(frozen=True)
class Line:
    """A file as the page shows it to one person."""

    file: Attachment
    opens: bool
    later: bool


# The page ---------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def files(request: SignedInRequest, key: str) -> HttpResponse:
    """What there is, and the box for more."""
    place = find(request, key)
    if request.method == "POST":
        return _added(request, place)
    workflow.view(place.referral, by=request.user)
    return _page(request, place, FilesForm())


def _added(request: SignedInRequest, place: Place) -> HttpResponse:
    """Keep each file that can be kept, then stay, go on or stop."""
    referral = place.referral
    form = FilesForm(request.POST, request.FILES)
    if not policy.may_add_files(request.user, referral):
        if not policy.is_author_or_leads_agency(request.user, referral):
            raise PermissionDenied
        messages.error(request, _("Files can no longer be added: the concern has moved on."))
        return redirect("referrals:files", referral.key)
    if uploads.was_cut_short(request):
        form.refuse([_("That is far too much at once. Choose up to five files of 10 MB each")])
        return _page(request, place, form)
    if request.POST.get("end") != WHOLE:
        form.refuse([_("The upload was cut off, so nothing was added. Choose the files again")])
        return _page(request, place, form)
    sent = request.FILES.getlist("upload")
    cleaned, refused = _cleaned(sent)
    if "add" in request.POST and not sent:
        refused = [_("Choose a file first")]
    added = workflow.Added()
    if cleaned:
        try:
            added = workflow.add_files(referral, cleaned, by=request.user)
        except TransitionError:
            refused.append(_("Nothing was added: the concern has moved on meanwhile"))
    refused += added.refused
    if refused:
        form.refuse(refused)
        return _page(request, find(request, referral.key), form, kept=added.kept)
    return _onward(request, place, len(added.kept))


def _cleaned(sent: list[Any]) -> tuple[list[CleanFile], list[str]]:
    """The files that are harmless, made so; and a sentence for each other one."""
    cleaned, refused = [], []
    for held in sent[: cleaning.MOST_FILES]:
        name = names.showable(held.name or "")
        if getattr(held, "too_large", False):
            refused.append(str(cleaning.too_large(name)))
            continue
        try:
            cleaned.append(cleaning.clean(name, held.read()))
        except RefusedFileError as problem:
            refused.append(str(problem))
    if len(sent) > cleaning.MOST_FILES:
        refused.append(_("Only the first five were looked at: a concern takes five files"))
    return cleaned, refused


def _onward(request: SignedInRequest, place: Place, count: int) -> HttpResponse:
    referral = place.referral
    step = place.walk.step("files")
    if step is not None and ("on" in request.POST or "later" in request.POST):
        workflow.leave_files(referral, by=request.user)
        if "later" in request.POST:
            return redirect(place.url("tasks"))
        if request.GET.get("next") == REVIEW:
            return redirect(place.url(REVIEW))
        return redirect(next_of(place, step))
    if count:
        messages.success(
            request,
            ngettext("%(count)d file has been added.", "%(count)d files have been added.", count)
            % {"count": count},
        )
    return redirect(request.get_full_path())


def _page(
    request: SignedInRequest, place: Place, form: FilesForm, kept: Iterable[Attachment] = ()
) -> HttpResponse:
    referral, user = place.referral, request.user
    step = place.walk.step("files")
    there = list(workflow.files_for(user, referral))
    shared = referral.submitted_at
    context = {
        **(basics(place, Section.NOTICE) if step else {"referral": referral}),
        "form": form,
        "in_walk": step is not None,
        "lines": [
            Line(
                one,
                opens=workflow.may_be_opened(one, by=user),
                later=shared is not None and one.at > shared,
            )
            for one in there
        ],
        "kept": [one.name for one in kept],
        "room": cleaning.MOST_FILES - len(there),
        "may_add": policy.may_add_files(user, referral),
        "may_remove": policy.may_remove_files(user, referral),
        "action": request.get_full_path(),
        "back": _back(request, place),
        "whole": WHOLE,
        "REQUIRE_SCAN": settings.REQUIRE_SCAN,
    }
    return render(request, "referrals/files.html", context)


def _back(request: SignedInRequest, place: Place) -> str:
    if request.GET.get("next") == REVIEW:
        return place.url(REVIEW)
    before = place.walk.before(STEP["files"], place.answers) if place.walk.step("files") else None
    return place.step_url(before) if before else place.url("case")


# One file ---------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def file(request: SignedInRequest, key: str, file: UUID) -> HttpResponse:
    """The file as a download. What nobody has looked at for viruses says so first, where it may
    be opened at all: only in the demonstration, and by who added it."""
    referral = common.visible(request, key)
    one = get_object_or_404(workflow.files_for(request.user, referral), pk=file)
    if not workflow.may_be_opened(one, by=request.user):
        messages.warning(request, _("This file cannot be opened now. Its state is given below."))
        return redirect("referrals:files", key)
    if request.method != "POST" and workflow.needs_warning(one, by=request.user):
        context = {"referral": referral, "file": one}
        return render(request, "referrals/file_unchecked.html", context)
    try:
        one = workflow.open_file(referral, file, by=request.user)
    except Attachment.DoesNotExist:  # removed meanwhile
        raise Http404 from None
    return _download(referral, one)


def _download(referral: Referral, one: Attachment) -> HttpResponse:
    name = names.of_download(referral.reference, one.number, one.kind)
    return serving.download(one.content, FileKind(one.kind), name)


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: SignedInRequest, key: str, file: UUID) -> HttpResponse:
    """A page of its own for what cannot be undone."""
    referral = common.visible(request, key)
    if not policy.may_remove_files(request.user, referral):
        raise PermissionDenied
    one = get_object_or_404(Attachment.objects.defer("content"), referral=referral, pk=file)
    if request.method == "POST":
        workflow.remove_file(referral, file, by=request.user)
        messages.success(request, _("The file has been removed."))
        return redirect("referrals:files", key)
    return render(request, "referrals/file_remove.html", {"referral": referral, "file": one})
