"""Read and understood: an agency asks, its people confirm, and only its leads see who has.

A confirmation holds for the page, until a change that its editor calls material; then it is asked
again. Who leaves the agency leaves its lists.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.models import Page

from accounts.models import User
from agencies import people
from agencies.models import Agency, Membership
from agencies.terms import AGENCY_LEADS, AGENCY_ROLES
from audit import events
from clauses.models import Edition
from guidance.models import PageEdition
from guidance.readers import notices
from guidance.readers.models import Reading, ReadingRequest


class RefusedError(Exception):
    """What was asked cannot be done now; the message says why."""


@dataclass(frozen=True)
class Reader:
    """One person of the agency, and when they confirmed the page as it stands."""

    person: User
    read_at: datetime | None


# --- Asking ---------------------------------------------------------------------------------------
def led_by(user: User) -> list[Agency]:
    """The agencies that a person may ask for, by name."""
    return list(Agency.objects.led_by(user).order_by("name"))


@transaction.atomic
def ask(
    agency: Agency, page: Page, *, by: User, now: datetime, due_on: date | None = None
) -> ReadingRequest:
    """Ask everybody of an agency, leads too, to read a page.

    Raises:
        PermissionDenied: ``by`` does not lead the agency.
        RefusedError: the page is being asked for already.
    """
    if not people.has_role(by, *AGENCY_LEADS, agency=agency):
        raise PermissionDenied
    try:
        with transaction.atomic():
            request = ReadingRequest.objects.create(
                agency=agency, page_id=page.pk, asked_by=by, asked_at=now, due_on=due_on
            )
    except IntegrityError:
        raise RefusedError(_("Your agency is being asked to read this page already.")) from None
    events.record("reading.asked", request, by=by, agency=str(agency.pk))
    for reader in state(request):
        if reader.read_at is None and reader.person != by:
            notices.asked_to_read(request, reader.person)
    return request


@transaction.atomic
def end(request: ReadingRequest, *, by: User, now: datetime) -> None:
    """Ask no longer. What was confirmed stays known.

    Raises:
        PermissionDenied: ``by`` does not lead the agency.
    """
    if not people.has_role(by, *AGENCY_LEADS, agency=request.agency):
        raise PermissionDenied
    ended = ReadingRequest.objects.filter(pk=request.pk, ended_at__isnull=True).update(ended_at=now)
    if ended:
        notices.no_longer_asked(request)
        events.record("reading.ended", request, by=by, agency=str(request.agency_id))


@transaction.atomic
def remind(request: ReadingRequest, *, by: User, now: datetime) -> int:
    """Remind who has not confirmed, once a day at most.

    Returns:
        How many were reminded.
    Raises:
        PermissionDenied: ``by`` does not lead the agency.
    """
    if not people.has_role(by, *AGENCY_LEADS, agency=request.agency):
        raise PermissionDenied
    waiting = [reader.person for reader in state(request) if reader.read_at is None]
    today = timezone.localdate(now)
    return sum(notices.asked_to_read(request, each, on=today) for each in waiting)


def state(request: ReadingRequest) -> list[Reader]:
    """Everybody of the agency today, who has not confirmed first."""
    persons = people.holders(request.agency, AGENCY_ROLES)
    read = _read([person.pk for person in persons], [request.page_id])
    readers = [Reader(each, read.get((request.page_id, each.pk))) for each in persons]
    return sorted(readers, key=lambda each: (each.read_at is not None, each.person.name))


def counts(requests: list[ReadingRequest]) -> dict[int, tuple[int, int]]:
    """By request: how many have confirmed, of how many. Three queries for any number."""
    held = Membership.objects.active().filter(
        agency__in={each.agency_id for each in requests},
        role__in=AGENCY_ROLES,
        person__is_active=True,
    )
    members: dict[int, set[int]] = {}
    for agency, person in held.values_list("agency", "person"):
        members.setdefault(agency, set()).add(person)
    everybody = {person for persons in members.values() for person in persons}
    read = _read(everybody, [each.page_id for each in requests])
    return {
        each.pk: (
            sum((each.page_id, person) in read for person in members.get(each.agency_id, ())),
            len(members.get(each.agency_id, ())),
        )
        for each in requests
    }


# --- Confirming -----------------------------------------------------------------------------------
def asked_of(user: User) -> list[tuple[ReadingRequest, datetime | None]]:
    """What a person's agencies ask of them, with when they confirmed; what is open comes first."""
    requests = list(
        ReadingRequest.objects.filter(
            agency__in=Agency.objects.belonging_to(user), ended_at__isnull=True, page__live=True
        )
        .select_related("page", "agency")
        .order_by("due_on", "asked_at")
    )
    read = _read([user.pk], [each.page_id for each in requests])
    seen: dict[int, tuple[ReadingRequest, datetime | None]] = {}
    for each in requests:  # two agencies of one person ask once
        seen.setdefault(each.page_id, (each, read.get((each.page_id, user.pk))))
    return sorted(seen.values(), key=lambda pair: pair[1] is not None)


def waits_for(user: User, page: Page) -> bool:
    """Whether a person is asked to confirm a page, and has not. One query where nobody asks."""
    asked = ReadingRequest.objects.filter(
        agency__in=Agency.objects.belonging_to(user), page_id=page.pk, ended_at__isnull=True
    )
    return asked.exists() and not _read([user.pk], [page.pk])


@transaction.atomic
def confirm(page: Page, *, edition: int, by: User, now: datetime) -> None:
    """Note that a person has read and understood a page; twice counts once.

    Args:
        edition: the number of the edition that they were shown.
    Raises:
        RefusedError: the page has been published anew since.
    """
    current = edition_of(page)
    if current is None or current.number != edition:
        raise RefusedError(
            _("The page has changed since you opened it. Read it once more, then confirm.")
        )
    Reading.objects.get_or_create(
        person=by, page_id=page.pk, edition=current, defaults={"read_at": now}
    )
    events.record("reading.confirmed", page, by=by)
    notices.read_by(page, by)


def edition_of(page: Page) -> Edition | None:
    """The edition in which a page got the words that it has now."""
    newest = PageEdition.objects.filter(page=page.pk).select_related("edition")
    one = newest.defer("content").order_by("-edition__number").first()
    return one.edition if one else None


def _read(persons: Iterable[int], pages: Iterable[int]) -> dict[tuple[int, int], datetime]:
    """Who confirmed which page since it last changed materially: (page, person), and when last."""
    pages = set(pages)
    changes = PageEdition.objects.filter(page__in=pages, read_again=True).order_by().values("page")
    since = dict(changes.annotate(last=Max("edition__number")).values_list("page", "last"))
    found = Reading.objects.filter(page__in=pages, person__in=set(persons)).order_by("read_at")
    return {
        (page, person): read_at
        for page, person, edition, read_at in found.values_list(
            "page", "person", "edition__number", "read_at"
        )
        if edition >= since.get(page, 0)
    }


# --- What an editor says of a change --------------------------------------------------------------
def ask_again(pages: Iterable[Page], *, on: date) -> None:
    """Tell everybody who is asked to read these pages that what they read stands there no more."""
    open_ones = ReadingRequest.objects.filter(
        page__in=[page.pk for page in pages], ended_at__isnull=True
    )
    for request in open_ones.select_related("agency", "page"):
        for reader in state(request):
            if reader.read_at is None:
                notices.asked_to_read(request, reader.person, on=on, again=True)
