"""What the portal does for cases on its own: every minute, and when people leave or are away."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.dispatch import receiver
from django.utils import timezone

from accounts.models import User
from agencies.models import Absence, Membership
from agencies.signals import (
    absence_set,
    details_changed,
    membership_confirmed,
    membership_ended,
    work_held,
)
from agencies.workflow import RefusedError
from audit.signals import hidden_cases
from files.terms import FileState
from outbox.parts import alone, in_parts
from outbox.signals import housekeeping
from referrals import clocks, disposal, retention, workflow
from referrals.models import Exclusion, Referral
from referrals.moves import NotReady
from referrals.terms import Status


@receiver(housekeeping, dispatch_uid="referrals.clocks")
@in_parts
def escalate_clocks(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    clocks.run_due(now)


@receiver(housekeeping, dispatch_uid="referrals.drafts")
@in_parts
def look_after_drafts(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    with alone("Reminders of drafts"):
        retention.remind_drafts(now)
    retention.dispose_stale_drafts(now)


@receiver(housekeeping, dispatch_uid="referrals.disposal")
@in_parts
def dispose_of_what_was_signed(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    disposal.carry_out(now)


@receiver(housekeeping, dispatch_uid="referrals.documents")
@in_parts
def make_missing_documents(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    """A PDF whose job was lost is made all the same; one that cannot be made stops no other."""
    from referrals import report  # WeasyPrint is slow to import, and only the worker needs it

    for pk in report.missing(now):
        with alone(f"Document of case {pk}", locked=False):
            report.make(Referral.objects.get(pk=pk))


@receiver(housekeeping, dispatch_uid="referrals.scans")
@in_parts
def scan_what_waits(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    """Files whose virus check got no answer, or whose job was lost."""
    if not settings.SCANNER:
        return
    for pk in workflow.waiting_for_scan(now):
        with alone(f"Scan of file {pk}", locked=False):
            if workflow.scan(pk, now=now) == FileState.PENDING:
                return  # nobody is there: the others wait too


@receiver(membership_ended, dispatch_uid="referrals.leaver")
def give_away_leavers_work(sender: Any, *, membership: Membership, **kwargs: Any) -> None:
    """Nobody leaves while their work would be without an owner: the change is refused instead."""
    try:
        workflow.find_new_owners(membership.person, left=True)
        workflow.see_that_a_team_is_left(membership)
    except NotReady as problem:
        raise RefusedError(problem.missing[0]) from problem


@receiver(work_held, dispatch_uid="referrals.held")
def count_work(sender: Any, *, person: User, **kwargs: Any) -> int:
    return workflow.open_work_of(person).count()


@receiver(membership_confirmed, dispatch_uid="referrals.joined")
def give_waiting_drafts_their_agency(sender: Any, *, membership: Membership, **kwargs: Any) -> None:
    if membership.agency is not None:
        workflow.give_agency(membership.person, membership.agency)


@receiver(membership_confirmed, dispatch_uid="referrals.named_there")
def look_for_them_in_records(sender: Any, *, membership: Membership, **kwargs: Any) -> None:
    """Whoever joins may be named in a record that they could now come across (AC-08)."""
    workflow.look_for_person(membership.person)


@receiver(details_changed, dispatch_uid="referrals.named_anew")
def look_for_their_new_name(sender: Any, *, person: User, **kwargs: Any) -> None:
    workflow.look_for_person(person)


@receiver(housekeeping, dispatch_uid="referrals.findable")
def make_records_findable(sender: Any, **kwargs: Any) -> None:
    workflow.make_findable()


@receiver(absence_set, dispatch_uid="referrals.absent")
def give_away_absent_work(sender: Any, *, absence: Absence, **kwargs: Any) -> None:
    """The deputy gets the work of somebody who is away from today."""
    workflow.cover(absence)


@receiver(housekeeping, dispatch_uid="referrals.cover")
@in_parts
def cover_absences_that_began(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    """An absence set for later takes effect on its first day."""
    for absence in Absence.objects.covering(timezone.localdate(now)).select_related("person"):
        with alone(f"Cover of absence {absence.pk}"):
            workflow.cover(absence, now=now)


@receiver(hidden_cases, dispatch_uid="referrals.hidden_cases")
def keep_out_of_the_log(sender: Any, *, user: User, **kwargs: Any) -> QuerySet[Any, Any]:
    """Concerns that the reader is close to, and drafts of others that nobody else may know of."""
    close = Exclusion.objects.filter(person=user).values("referral_id")
    unsent = Q(status=Status.DRAFT) | Q(status=Status.DISPOSED, submitted_at=None, lead=None)
    drafts = Referral.objects.filter(unsent).exclude(created_by=user)
    return Referral.objects.filter(Q(pk__in=close) | Q(pk__in=drafts.values("pk"))).values("pk")
