"""Rules on how long things are kept: one person proposes, another signs."""

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from agencies import policy
from agencies.models import RetentionRule
from agencies.terms import Kept
from agencies.workflow import RefusedError
from audit import events


@transaction.atomic
def propose(
    kind: Kept, *, months: int, child_months: int | None, source: str, by: User
) -> RetentionRule:
    """Put a rule to the other person; one that waited for the same kind is taken back.

    Raises:
        PermissionDenied: ``by`` is neither portal administrator nor privacy officer.
    """
    if not policy.keeps_rules(by):
        raise PermissionDenied
    _lock()
    now = timezone.now()
    RetentionRule.objects.proposed().filter(kind=kind).update(ended_at=now)
    rule = RetentionRule.objects.create(
        kind=kind,
        months=months,
        child_months=child_months,
        source=source,
        proposed_by=by,
        proposed_at=now,
    )
    events.record("retention.proposed", rule, by=by, about=str(kind), months=months)
    return rule


@transaction.atomic
def sign(rule: RetentionRule, *, by: User) -> RetentionRule:
    """Bring a proposed rule into force, in place of the one before.

    Raises:
        PermissionDenied: ``by`` may not keep rules, or proposed this one.
        RefusedError: it is signed already, or another has been proposed instead.
    """
    _lock()
    rule = RetentionRule.objects.get(pk=rule.pk)
    if not policy.can_sign(by, rule):
        raise PermissionDenied
    if rule.signed_at or rule.ended_at:
        raise RefusedError(_("This rule is no longer waiting to be signed. Look at it again."))
    now = timezone.now()
    RetentionRule.objects.in_force().filter(kind=rule.kind).update(ended_at=now)
    rule.signed_by, rule.signed_at = by, now
    rule.save(update_fields=["signed_by", "signed_at"])
    events.record("retention.signed", rule, by=by, about=str(rule.kind), months=rule.months)
    return rule


def _lock() -> None:
    """Rules change one after the other, so that there is one in force for each kind."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('agencies.retention'))")
