"""Finding a case: by its exact reference in the address, by a name never there."""

import re
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.http import SignedInRequest
from accounts.models import User
from accounts.prepared import Prepared
from agencies import people
from audit import events
from referrals import policy
from referrals.forms import NameSearchForm
from referrals.models import NameSearch, PersonRecord, Referral
from referrals.standing import Serves, Standing
from referrals.workflow import name_digests
from ui import dates

MOST_FOUND = 50
SEARCHES_AN_HOUR = 30
AN_HOUR = timedelta(hours=1)
TOO_MANY = 429
REFERENCE = re.compile(r"\s*([A-Za-z]{2,4})[\s\-/]*(\d{4})[\s\-/]*(\d{1,8})\s*")


def search_form(typed: Any = None) -> NameSearchForm:
    form = NameSearchForm(typed)
    form.button = _("Look for this person")
    form.action = reverse("referrals:search")
    form.page_heading = False
    return form


@require_http_methods(["GET", "HEAD", "POST"])
def search(request: SignedInRequest) -> HttpResponse:
    by_name = policy.may_search_names(request.user)
    if request.method == "POST":
        if not by_name:
            raise PermissionDenied
        return _by_name(request)
    said = request.GET.get("ref", "")[:40]
    reference = normal(said)
    if reference:
        found = Referral.objects.visible_to(request.user).filter(reference=reference).first()
        if found is not None:
            return redirect("referrals:case", found.key)
    form = search_form() if by_name else None
    return render(request, "referrals/search.html", {"said": said.strip(), "form": form})


def normal(said: str) -> str:
    """A reference as it is stored, however it was typed: "ny 2026 42" is ``NY-2026-0042``."""
    match = REFERENCE.fullmatch(said)
    if match is None or not said.isascii():
        return ""
    place, year, number = match.groups()
    return f"{place.upper()}-{year}-{int(number):04}"


@dataclass(frozen=True)
class Found:
    """A case of somebody of that name; the name itself is not shown again."""

    referral: Referral
    match: str
    status: str


def _by_name(request: SignedInRequest) -> HttpResponse:
    """Over what the person may see; the words are neither kept nor put in an address."""
    user, now = request.user, timezone.now()
    form = search_form(request.POST)
    # One search of a person at a time: two at once would both be within the limit.
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
    open_again = _open_again(user, now)
    if open_again is not None:
        said = {"again": dates.time_of_day(open_again), "form": form, "most": SEARCHES_AN_HOUR}
        return render(request, "referrals/search.html", said, status=TOO_MANY)
    if not form.is_valid():
        return render(request, "referrals/search.html", {"form": form})
    given = form.cleaned_data
    found = _found(request, given["forenames"], given["surname"], given["born"])
    NameSearch.objects.create(by=user, at=now, reason=given["reason"], found=len(found))
    agency = people.agency_of(user)
    events.record(
        "referral.searched", by=user, agency=str(agency.pk) if agency else "", found=len(found)
    )
    return render(
        request, "referrals/search.html", {"form": form, "found": found, "searched": True}
    )


def _open_again(user: User, now: datetime) -> datetime | None:
    """When the person may search again; None while they may."""
    recent = NameSearch.objects.filter(by=user, at__gt=now - AN_HOUR).order_by("-at")
    times = list(recent.values_list("at", flat=True)[:SEARCHES_AN_HOUR])
    return times[-1] + AN_HOUR if len(times) == SEARCHES_AN_HOUR else None


def _found(
    request: SignedInRequest, forenames: str, surname: str, born: date | None
) -> list[Found]:
    parts = {"year": born.year, "month": born.month, "day": born.day} if born else {}
    name, with_birth = name_digests(forenames, surname, parts)
    if name is None:
        return []
    serves = Serves.of(request.user, people.roles_for(request))
    named = dict(_NAMED(name=name))
    rows = _VISIBLE(request.user, pks=list(named)) if named else []
    sure, maybe = [], []
    for one in rows:
        status = _status(one, Standing.of(serves, one))
        if with_birth is not None and bytes(named[one.pk] or b"") == with_birth:
            sure.append(Found(one, _("Same name and date of birth"), status))
        elif with_birth is not None:
            maybe.append(Found(one, _("Same name, not the same date of birth"), status))
        else:
            maybe.append(Found(one, _("Same name"), status))
    return sure + maybe


def _named(name: bytes) -> QuerySet[Any]:
    """The cases of everybody of that name, with the digest of the birth date: for the next query.

    Asked apart, as the planner cannot tell how few they are and would begin with all that is seen.
    """
    named = PersonRecord.objects.filter(name_digest=name)
    return named.values_list("referral_id", "name_born_digest")


def _visible(user: User, pks: list[uuid.UUID]) -> QuerySet[Referral]:
    found = Referral.objects.visible_to(user).filter(pk__in=pks)
    return found.select_related("agency", "locality").order_by("-created_at")[:MOST_FOUND]


_NAMED, _VISIBLE = Prepared(_named), people.PreparedFor(_visible)


def _status(referral: Referral, standing: Standing) -> str:
    """The stage for those who work the case; the plain phrase for the agency; nothing of a part."""
    if standing.sees_case:
        return str(standing.status_of(referral).label)
    if standing.sees_part_only:
        return ""
    word = referral.status_word
    return str(word.label if word else referral.get_outward_status_display())
