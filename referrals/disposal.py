"""What happens to a case when its time has come (section 12): nothing, until two people say so.

The signed rules say which cases are past their time. Whoever answers for one proposes that it be
deleted, a privacy officer signs, and after a wait the worker destroys its key and its records.
Anybody of them stops it meanwhile, and so do a hold, another rule, or a case that is opened again.
What stays is the log, a certificate, and a stub for statistics. Time is an argument.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Case, CharField, Exists, OuterRef, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from agencies import people
from agencies.models import RetentionRule
from agencies.terms import AGENCY_LEADS, PREVENT, Kept, Role
from agencies.workdays import LOCAL
from audit import events
from outbox import post
from outbox.parts import alone
from referrals import workflow
from referrals.models import (
    Clock,
    Disposal,
    Exclusion,
    Hold,
    Referral,
    ReferralQuerySet,
)
from referrals.moves import NotReady, agency_key, locked
from referrals.terms import CHILDREN, GatewayOutcome, HoldReason, Status, YesNoUnknown

OF_AGENCY = (Status.AGENCY_CLOSED, Status.OTHER_ROUTE)
"""The agency's own affair: its lead proposes, and Prevent leads never hear of them."""
OF_LOCALITY = (Status.CLOSED, Status.WITHDRAWN)
ENDED: dict[Kept, Q] = {
    Kept.AGENCY_CLOSED: Q(status=Status.AGENCY_CLOSED),
    Kept.OTHER_ROUTE: Q(status=Status.OTHER_ROUTE),
    # Closed here because another area has accepted it: the gateway said nothing.
    Kept.WITHDRAWN: Q(status=Status.WITHDRAWN)
    | Q(status=Status.CLOSED) & (Q(gateway_record__isnull=True) | Q(gateway_record__outcome="")),
    Kept.NO_CONCERN: Q(status=Status.CLOSED, gateway_record__outcome=GatewayOutcome.NO_CONCERN),
    Kept.OTHER_SERVICES: Q(
        status=Status.CLOSED, gateway_record__outcome=GatewayOutcome.OTHER_SERVICES
    ),
}
"""Cases of each kind. Those of the panel and the police end outside the portal for now, so none of
theirs is ever due."""
CHILD = Q(age_band__in=CHILDREN) | Q(concern__under_18=YesNoUnknown.YES)
AT_ONCE = 50
"""Cases in one minute, so that no lock is held for long."""


# What is due ------------------------------------------------------------------------------------
def months_before(day: date, months: int) -> date:
    """The same day of an earlier month; its last day where it has fewer."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, _days_in(year, month + 1)))


def kept_until(ended: date, months: int) -> date:
    """The first day on which something that ended then is past its time: never a day early."""
    year, month = divmod(ended.year * 12 + ended.month - 1 + months, 12)
    if ended.day <= _days_in(year, month + 1):
        return date(year, month + 1, ended.day)
    return date(year, month + 1, _days_in(year, month + 1)) + timedelta(days=1)


def _days_in(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - timedelta(days=1)).day


Rules = dict[Kept, RetentionRule]


def rules() -> Rules:
    """Those in force, of kinds that a case can end as."""
    found = {Kept(rule.kind): rule for rule in RetentionRule.objects.in_force()}
    return {kind: rule for kind, rule in found.items() if kind in ENDED}


def due(today: date, by_rules: Rules | None = None) -> ReferralQuerySet:
    """Cases past their time, with ``kept_as``: not those on hold, or with a promise that runs."""
    whens = [
        When(ENDED[kind] & _past(rule, today), then=Value(kind.value))
        for kind, rule in (rules() if by_rules is None else by_rules).items()
    ]
    if not whens:
        return Referral.objects.none()
    promised = Clock.objects.unfinished().filter(referral=OuterRef("pk"))
    held = Hold.objects.in_force(today).filter(referral=OuterRef("pk"))
    return (
        Referral.objects.filter(status__in=[*OF_AGENCY, *OF_LOCALITY])
        .annotate(kept_as=Case(*whens, default=Value(""), output_field=CharField()))
        .exclude(kept_as="")
        .filter(~Exists(promised), ~Exists(held))
    )


def kind_of(referral: Referral) -> Kept:
    """Of a case that ``due`` has found."""
    return Kept(referral.kept_as)  # type: ignore[attr-defined]


def _past(rule: RetentionRule, today: date) -> Q:
    def before(months: int) -> Q:
        after = months_before(today, months) + timedelta(days=1)
        return Q(stage_since__lt=datetime.combine(after, time.min, LOCAL))

    if rule.child_months is None:
        return before(rule.months)
    return CHILD & before(rule.child_months) | ~CHILD & before(rule.months)


def unproposed(user: User, today: date, by_rules: Rules | None = None) -> ReferralQuerySet:
    """What is due and this person may propose, the oldest first."""
    proposed = Disposal.objects.open().filter(referral=OuterRef("pk"))
    close = Exclusion.objects.filter(referral=OuterRef("pk"), person=user)
    found = due(today, by_rules).filter(~Exists(proposed), ~Exists(close))
    if not is_officer(user):
        found = found.filter(_answers_for(user))
    return found.order_by("stage_since", "pk")


def _answers_for(user: User) -> Q:
    places = people.Places.of(user)
    mine = Q(pk__in=[])
    if (led := places.led()) is not None:
        mine |= Q(agency__in=led, status__in=OF_AGENCY)
    if (prevent := places.served(*PREVENT)) is not None:
        mine |= Q(locality__in=prevent, status__in=OF_LOCALITY)
    return mine


# Who --------------------------------------------------------------------------------------------
def _holds_role(user: User, *roles: Role) -> bool:
    """As ``has_role``, without asking again what the request has read."""
    known = people.read_already(user)
    if known is None:
        return people.has_role(user, *roles)
    return any(each.role in roles for each in known)


def is_officer(user: User) -> bool:
    return _holds_role(user, Role.PRIVACY_OFFICER)


def takes_part(user: User) -> bool:
    """Who has a page of what is past its time."""
    return _holds_role(user, Role.PRIVACY_OFFICER, *AGENCY_LEADS, *PREVENT)


def may_stop(user: User, referral: Referral) -> bool:
    """A privacy officer, or who answers for it; nobody who is close to it."""
    if referral.exclusions.filter(person=user).exists():
        return False
    mine = Referral.objects.filter(_answers_for(user), pk=referral.pk)
    return is_officer(user) or mine.exists()


# Two people -------------------------------------------------------------------------------------
@transaction.atomic
def propose(keys: Iterable[str], *, by: User, now: datetime) -> int:
    """Put cases that are due to a privacy officer; how many.

    Those that are not due any more, or not this person's to propose, are left out.
    """
    today = timezone.localdate(now)
    by_rules = rules()
    # Of the key alone: the columns that were joined for the rules are not ours to lock.
    chosen = unproposed(by, today, by_rules).filter(key__in=list(keys)).select_related("concern")
    count = 0
    for referral in chosen.select_for_update(of=("self",)):
        rule = by_rules[kind_of(referral)]
        case = Disposal.objects.create(
            referral=referral,
            rule=rule,
            due_on=due_on(referral, rule),
            proposed_by=by,
            proposed_at=now,
        )
        _record("disposal.proposed", case, by=by)
        count += 1
    return count


def due_on(referral: Referral, rule: RetentionRule) -> date:
    child = referral.age_band in CHILDREN or referral.concern.under_18 == YesNoUnknown.YES
    months = rule.child_months if child and rule.child_months is not None else rule.months
    return kept_until(timezone.localdate(referral.stage_since), months)


def waiting(user: User) -> tuple[list[Disposal], list[Disposal]]:
    """What a privacy officer can sign, as others proposed it; and what else this person can stop.

    Nobody finds what they are close to.
    """
    close = Exclusion.objects.filter(person=user).values("referral_id")
    found = Disposal.objects.open().exclude(referral__in=close)
    if not is_officer(user):
        mine = Referral.objects.filter(_answers_for(user)).values("pk")
        found = found.filter(referral__in=mine)
    found = found.select_related("referral__agency", "rule", "proposed_by", "signed_by")
    to_sign: list[Disposal] = []
    coming: list[Disposal] = []
    for one in found.order_by("due_on", "pk"):
        signs = is_officer(user) and one.signed_at is None and one.proposed_by_id != user.pk
        (to_sign if signs else coming).append(one)
    return to_sign, coming


@transaction.atomic
def sign(pks: Iterable[int], *, by: User, now: datetime) -> int:
    """Sign what somebody else proposed; how many. The worker does the rest after the wait.

    Raises:
        PermissionDenied: ``by`` is no privacy officer.
    """
    if not is_officer(by):
        raise PermissionDenied
    goes_on = timezone.localdate(now) + timedelta(days=settings.DISPOSAL_WAIT_DAYS)
    close = Exclusion.objects.filter(person=by).values("referral_id")
    chosen = Disposal.objects.proposed().filter(pk__in=list(pks)).exclude(proposed_by=by)
    count = 0
    for case in chosen.exclude(referral__in=close).select_for_update():
        case.signed_by, case.signed_at, case.goes_on = by, now, goes_on
        case.save(update_fields=["signed_by", "signed_at", "goes_on"])
        _record("disposal.signed", case, by=by)
        count += 1
    return count


@transaction.atomic
def stop(pk: int, *, by: User, now: datetime) -> bool:
    """Take a case back from those that are to be deleted; whether it was among them.

    Raises:
        PermissionDenied: ``by`` is no privacy officer and does not answer for it.
    """
    case = Disposal.objects.open().select_for_update().filter(pk=pk).first()
    if case is None:
        return False
    if not may_stop(by, case.referral):
        raise PermissionDenied
    _stop(case, by=by, now=now)
    return True


def _stop(case: Disposal, *, by: User | None, now: datetime) -> None:
    case.stopped_by, case.stopped_at = by, now
    case.save(update_fields=["stopped_by", "stopped_at"])
    _record("disposal.stopped", case, by=by)


def _record(kind: str, case: Disposal, *, by: User | None) -> None:
    events.record(
        kind, case.referral, by=by, agency=agency_key(case.referral), rule=str(case.rule.kind)
    )


# Holds ------------------------------------------------------------------------------------------
@transaction.atomic
def hold(
    referral: Referral, why: HoldReason, words: str, until: date, *, by: User, now: datetime
) -> Hold:
    """Nothing deletes this case until that day is over, or the hold is lifted.

    It never stops a move or a promise of the case. One that is on its way to be deleted is taken
    back; a hold that is there already gives way to this one.

    Raises:
        PermissionDenied: ``by`` is no privacy officer and does not answer for it.
        NotReady: the day has gone, or there is nothing left to hold.
    """
    referral = locked(referral)
    if not may_stop(by, referral):
        raise PermissionDenied
    if referral.status in (Status.DRAFT, Status.DISPOSED):
        raise NotReady([_("There is no such referral, or it has been deleted")])
    if until <= timezone.localdate(now):
        raise NotReady([_("Write a day that is still to come")])
    _lift(referral, by=by, now=now)
    made = Hold.objects.create(referral=referral, why=why, words=words, until=until, by=by, at=now)
    for case in Disposal.objects.open().select_for_update().filter(referral=referral):
        _stop(case, by=by, now=now)
    events.record("hold.set", referral, by=by, agency=agency_key(referral), why=str(why))
    return made


@transaction.atomic
def lift(pk: UUID, *, by: User, now: datetime) -> bool:
    """Let the rules hold again; whether there was anything to lift.

    Raises:
        PermissionDenied: as for ``hold``.
    """
    found = Hold.objects.filter(pk=pk, lifted_at__isnull=True).select_related("referral").first()
    if found is None:
        return False
    referral = locked(found.referral)
    if not may_stop(by, referral):
        raise PermissionDenied
    return _lift(referral, by=by, now=now)


def _lift(referral: Referral, *, by: User, now: datetime) -> bool:
    there = Hold.objects.filter(referral=referral, lifted_at__isnull=True)
    if not there.update(lifted_by=by, lifted_at=now):
        return False
    events.record("hold.lifted", referral, by=by, agency=agency_key(referral))
    return True


def holds(user: User) -> list[Hold]:
    """Those that nobody has lifted, their last day soonest first."""
    close = Exclusion.objects.filter(person=user).values("referral_id")
    found = Hold.objects.filter(lifted_at__isnull=True).exclude(referral__in=close)
    if not is_officer(user):
        found = found.filter(referral__in=Referral.objects.filter(_answers_for(user)).values("pk"))
    return list(found.select_related("referral__agency", "by").order_by("until", "pk"))


# The end ----------------------------------------------------------------------------------------
def carry_out(now: datetime) -> int:
    """Destroy what was signed and has waited, or stop it where it is not due any more; how many."""
    today = timezone.localdate(now)
    ready = Disposal.objects.signed().filter(goes_on__lte=today).order_by("goes_on", "pk")
    count = 0
    for pk, referral_id in ready.values_list("pk", "referral_id")[:AT_ONCE]:
        with alone(f"Disposal {pk}"):
            referral = locked(Referral(pk=referral_id))  # before its disposal, as `hold` does
            case = Disposal.objects.signed().select_for_update().filter(pk=pk).first()
            if case is None:
                continue  # stopped meanwhile
            case.referral = referral
            found = due(today).filter(pk=case.referral_id).first()
            if found is not None and kind_of(found) == case.rule.kind:
                _destroy(case, now=now)
                count += 1
            else:
                _stop(case, by=None, now=now)
    return count


def _destroy(case: Disposal, *, now: datetime) -> None:
    referral = case.referral
    before, leads = str(referral.status), _who_have_copies(referral)
    case.records = workflow.destroy_content(referral)
    case.done_at = now
    case.save(update_fields=["records", "done_at"])
    events.record(
        "referral.disposed",
        referral,
        by=None,
        agency=agency_key(referral),
        before=before,
        rule=str(case.rule.kind),
        records=case.records,
    )
    _coarsen(referral)
    for person in leads:
        post.send(
            person,
            kind="referral.delete_copies",
            subject=_("Delete your copies of a referral"),
            what=_("A referral has been deleted from the portal, because its time is over."),
            why=_("Your agency may hold copies of it. Delete them too, unless you must keep them."),
            path="/referrals/",
            key=f"{referral.pk}:delete_copies:{person.pk}",
            reference=referral.reference,
        )


def _who_have_copies(referral: Referral) -> list[User]:
    if referral.submitted_at is None or referral.agency is None:
        return []
    close = set(referral.exclusions.values_list("person_id", flat=True))
    return [one for one in people.leads_of(referral.agency) if one.pk not in close]


def _coarsen(referral: Referral) -> None:
    """What is left: year, place, sector, age band; nobody who worked on it but its author."""
    year = timezone.localdate(referral.created_at).year
    begin = datetime(year, 1, 1, 12, tzinfo=UTC)
    referral.status = referral.outward_status = Status.DISPOSED
    referral.created_at = referral.touched_at = referral.stage_since = begin
    if referral.submitted_at is not None:  # the log still tells it from a draft that was not sent
        referral.submitted_at, referral.lead = begin, None
    referral.acknowledged_at = referral.decided_at = referral.due_at = None
    referral.holder = referral.officer = referral.offered_to = None
    referral.submitted_by = referral.acknowledged_by = None
    referral.asked_from, referral.emergency, referral.paused = "", False, False
    referral.one_walk = referral.despite_lead = False
    referral.save()
