"""What colleagues say about a standard, on its page."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.http import SignedInRequest
from selfassessment import workflow
from selfassessment.forms import CommentForm
from selfassessment.models import Comment
from selfassessment.moves import TransitionError
from selfassessment.views.standard import Page, draw, find


@require_POST
def comment(request: SignedInRequest, key: str, code: str) -> HttpResponse:
    page = find(request, key, code)
    if not page.desk.is_agency:
        raise PermissionDenied
    form = CommentForm(request.POST)
    if not form.is_valid():
        return draw(request, page, page.form() if page.writes else None, talk=form)
    words = form.cleaned_data["words"]
    try:
        workflow.comment(page.desk.form, page.standard, words, by=request.user)
    except TransitionError:
        return draw(request, page, None, talk=form)
    return _back(page)


@require_POST
def deal_with(request: SignedInRequest, key: str, code: str, pk: int) -> HttpResponse:
    page = find(request, key, code)
    said = get_object_or_404(
        Comment, pk=pk, assessment=page.desk.form.source_id, standard=page.standard
    )
    try:
        workflow.deal_with(said, by=request.user)
    except TransitionError:
        messages.error(request, _("Somebody has marked it as dealt with already."))
    return _back(page)


def _back(page: Page) -> HttpResponse:
    return redirect(f"{page.url('standard')}#said")
