"""Interests that a moderator declares: they bar them from an agency's forms at once."""

import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from agencies.models import Agency
from audit import events
from selfassessment.moderation import policy
from selfassessment.moderation.models import Interest
from selfassessment.moderation.workflow.giving import leave_agency


@transaction.atomic
def declare(
    person: User,
    agency: Agency,
    *,
    words: str,
    from_on: datetime.date,
    until: datetime.date | None = None,
    now: datetime.datetime | None = None,
) -> Interest:
    """Declare an interest of one's own. A form of the agency that one has is given back.

    Raises:
        PermissionDenied: the person is no moderator.
    """
    now = now or timezone.now()
    if not policy.is_moderator(person):
        raise PermissionDenied
    declared = Interest.objects.create(
        person=person,
        agency=agency,
        words=words.strip(),
        from_on=from_on,
        until=until,
        declared_at=now,
    )
    events.record("moderation.interest", declared, by=person, about=str(agency.pk))
    if until is None or until >= timezone.localdate(now):
        leave_agency(person, agency, reason=_("Declared an interest."), now=now)
    return declared


@transaction.atomic
def end_interest(interest: Interest, *, by: User, today: datetime.date | None = None) -> None:
    """Say that it is over. What was given back stays given back.

    Raises:
        PermissionDenied: it is somebody else's.
    """
    if interest.person_id != by.pk or not policy.is_moderator(by):
        raise PermissionDenied
    yesterday = (today or timezone.localdate()) - datetime.timedelta(days=1)
    interest = Interest.objects.select_for_update().get(pk=interest.pk)
    interest.from_on = min(interest.from_on, yesterday)
    interest.until = yesterday
    interest.save(update_fields=["from_on", "until"])
    events.record("moderation.interest_ended", interest, by=by, about=str(interest.agency_id))
