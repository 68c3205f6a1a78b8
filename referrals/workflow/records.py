"""What every act uses: the section records, and words kept with the case."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.models import User
from audit import events
from referrals import policy
from referrals.answers import Answers
from referrals.models import (
    CheckRecord,
    ConcernRecord,
    ContextRecord,
    DespiteRecord,
    GateRecord,
    GatewayRecord,
    Message,
    MonitoringRecord,
    OtherRouteRecord,
    PageSave,
    PersonRecord,
    Referral,
    ShareRecord,
    TriageRecord,
)
from referrals.moves import (
    Stale,
    agency_key,
)
from referrals.terms import (
    HIDDEN_FROM_MOST,
    MessageKind,
)

RECORD_CLASS: dict[str, type[Any]] = {
    "gate": GateRecord,
    "concern": ConcernRecord,
    "person": PersonRecord,
    "monitoring": MonitoringRecord,
    "context": ContextRecord,
    "check_record": CheckRecord,
    "share": ShareRecord,
    "despite": DespiteRecord,
    "route_record": OtherRouteRecord,
    "triage_record": TriageRecord,
    "gateway_record": GatewayRecord,
}
ONE_PRESS = timedelta(minutes=1)
FORM_USED = gettext_lazy("This form has sent another referral already. Press the button once more")
CLOSENESS = "closeness"
"""Where ``PageSave`` keeps that the question before the hand-over was asked."""
NOT_FROZEN = frozenset({"monitoring", "route_record", "triage_record", "gateway_record"})
"""Kept out of what is shared: monitoring, the agency's other routes, and what comes after."""


def say(
    referral: Referral,
    kind: MessageKind,
    body: str,
    *,
    by: User,
    now: datetime,
    to_referrer: bool = False,
    readers: str = "",
) -> Message:
    """Keep words of a case: sealed, dated, never changed."""
    return Message.objects.create(
        referral=referral,
        kind=kind,
        body=body,
        by=by,
        at=now,
        to_referrer=to_referrer,
        readers=readers,
    )


def record_of(referral: Referral, name: str) -> Any:
    found = Answers(referral).record(name)
    if found is None:
        # A row read with its records remembers that one was missing; another act may have made it.
        found, _made = RECORD_CLASS[name].objects.get_or_create(referral=referral)
    return found


def plain(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.pk if isinstance(value, models.Model) else value
        for name, value in values.items()
    }


def version_of(referral: Referral, name: str) -> int:
    """How often a record that is written after sharing was saved."""
    found = referral.page_saves.filter(step=name).values_list("version", flat=True)
    return found.first() or 0


def write_record(
    referral: Referral,
    name: str,
    changes: dict[str, Any],
    *,
    by: User,
    seen: int | None = None,
    now: datetime | None = None,
) -> None:
    """Save what was recorded of a case that is locked by the caller.

    Args:
        seen: the version that the page was opened with; None for what no page was drawn for.
    Raises:
        Stale: another window or person saved it meanwhile; nothing was written.
    """
    record = record_of(referral, name)
    now = now or timezone.now()
    save, _made = PageSave.objects.get_or_create(
        referral=referral, step=name, defaults={"by": by, "at": now}
    )
    if seen is not None and seen != save.version:
        if any((getattr(record, field) or "") != (new or "") for field, new in changes.items()):
            raise Stale(save)
        return  # the same press twice: it is saved already
    for field, value in changes.items():
        setattr(record, field, value)
    record.save(update_fields=[*changes])
    save.version += 1
    save.by, save.at = by, now
    save.save()
    events.record(
        f"referral.{name}_saved",
        referral,
        by=by,
        # Not in the log that the referrer's agency reads: assessments are not for it.
        agency="",
        fields=sorted(changes),
    )


def log_of(referral: Referral, by: User | None) -> str:
    """Whose log an act on a case stands in: not the agency's while police work out of sight."""
    if referral.status in HIDDEN_FROM_MOST and (
        by is None or policy.sees_real_status(by, referral)
    ):
        return ""
    return agency_key(referral)
