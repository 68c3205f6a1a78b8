"""Whatever people do in whatever order, no open case is ever without an owner (WF-14)."""

import os
import random
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from agencies import workflow as staff
from agencies.models import Absence, Membership
from agencies.terms import AGENCY_LEADS, POLICE, PREVENT
from agencies.workflow import RefusedError
from referrals import clocks, policy, workflow
from referrals.answers import Answers
from referrals.models import Clock, Referral
from referrals.moves import TransitionError
from referrals.terms import BEFORE_CLOSED, Status
from tests.factories import MembershipFactory
from tests.referrals import cases
from tests.referrals.cases import fresh

S = Status
RUNS = int(os.environ.get("PORTAL_ROUNDS", "6"))
STEPS = 40
WORKERS = (*AGENCY_LEADS, *PREVENT, *POLICE)
STARTS = (S.AGENCY_CHECK, S.RETURNED, S.SUBMITTED, S.TRIAGE, S.TRANSFERRED, S.GATEWAY)
REFUSED = (PermissionDenied, TransitionError, RefusedError)


class Walk:
    """One case, its people, and what any of them may try next."""

    def __init__(self, cast: cases.Cast, referral: Referral, seed: int) -> None:
        self.cast, self.chance = cast, random.Random(seed)  # noqa: S311 - repeatable
        self.referral, self.done, self.said = referral, 0, [f"seed {seed}", referral.status]
        self.now = timezone.now()
        self.acts: list[Callable[[], Any]] = [
            self.leaves,
            self.leaves,
            self.is_away,
            self.is_back,
            self.joins,
            self.is_kept_out,
            self.is_kept_out,
            self.hands_on,
            self.moves_on,
            self.moves_on,
        ]

    @property
    def case(self) -> Referral:
        return fresh(self.referral)

    def somebody(self) -> User:
        held = Membership.objects.active().filter(role__in=WORKERS).order_by("pk")
        return self.chance.choice(list(held)).person

    def leaves(self) -> None:
        held = Membership.objects.active().filter(role__in=WORKERS).order_by("pk")
        staff.end_membership(self.chance.choice(list(held)), by=self.cast.portal_admin)

    def is_away(self) -> None:
        today = timezone.localdate()
        staff.set_absence(
            self.somebody(), today, today + timedelta(days=3), by=self.cast.portal_admin
        )

    def is_back(self) -> None:
        for absence in Absence.objects.all()[:1]:
            staff.end_absence(absence, by=self.cast.portal_admin)

    def joins(self) -> None:
        role = self.chance.choice(WORKERS)
        place = {
            "agency": self.cast.agency if role in AGENCY_LEADS else None,
            "locality": None if role in AGENCY_LEADS else self.cast.locality,
        }
        MembershipFactory(role=role, **place)

    def is_kept_out(self) -> None:
        workflow.keep_out(
            self.case, self.somebody(), "They are related.", by=self.somebody(), now=self.now
        )

    def hands_on(self) -> None:
        by, to = self.somebody(), self.somebody()
        workflow.hand_to(self.case, to, by=by, now=self.now)

    def moves_on(self) -> None:
        by, case = self.somebody(), self.case
        doors: dict[str, list[Callable[[], Any]]] = {
            S.AGENCY_CHECK: [
                lambda: workflow.ask_author(case, "Who?", by=by, now=self.now),
                lambda: workflow.take_check(case, by=by, now=self.now),
                self.is_shared,
            ],
            S.RETURNED: [
                lambda: workflow.reply_to_lead(
                    case, "Jack.", by=self.cast.practitioner, now=self.now
                )
            ],
            S.SUBMITTED: [
                lambda: workflow.acknowledge(case, by=by, now=self.now),
                lambda: workflow.take_at_gateway(case, by=by, now=self.now),
            ],
            S.TRIAGE: [
                lambda: workflow.ask_referrer(case, "Which?", by=by, now=self.now),
                lambda: workflow.transfer(
                    case, self.cast.other_locality, "Moved.", by=by, now=self.now
                ),
                lambda: workflow.pass_to_gateway(case, by=by, now=self.now),
            ],
            S.QUERY: [lambda: workflow.answer_query(case, "That.", by=by, now=self.now)],
            S.TRANSFERRED: [
                lambda: workflow.accept_transfer(case, by=self.cast.york_lead, now=self.now),
                lambda: workflow.take_back_transfer(case, "A slip.", by=by, now=self.now),
            ],
            S.GATEWAY: [
                lambda: workflow.take_case(case, by=by, now=self.now),
                lambda: workflow.lead_by_police(case, S.POLICE_LED, by=by, now=self.now),
            ],
            S.POLICE_LED: [
                lambda: workflow.lead_by_police(case, S.GATEWAY, "Back.", by=by, now=self.now)
            ],
        }
        self.chance.choice(doors.get(case.status, [lambda: None]))()

    def is_shared(self) -> None:
        by = self.somebody()
        cases.fill(self.case, cases.CHECK | {"clinical_view": "not_needed"}, by=by, now=self.now)
        workflow.decide(self.case, by=by, now=self.now)
        cases.fill(self.case, cases.SHARE, by=by, now=self.now)
        workflow.submit(self.case, by=by, form_key=uuid.uuid4(), now=self.now)

    def step(self) -> None:
        act = self.chance.choice(self.acts)
        try:
            with transaction.atomic():
                act()
        except REFUSED as refused:
            self.said.append(f"{act.__name__}: {refused!r}")
        else:
            self.done += 1
            self.said.append(f"{act.__name__} -> {self.case.status}")
        self.has_an_owner()

    def has_an_owner(self) -> None:
        case, told = self.case, "\n".join(map(str, self.said))
        if case.status in (S.AGENCY_CHECK, S.RETURNED):
            assert case.lead is not None, told
            assert policy.leads_agency(case.lead, case), told
            assert case.lead in Answers(case).leads or case.lead == case.created_by, told
        if case.status in BEFORE_CLOSED:
            owners = workflow.holders(case)
            assert owners, told
            assert not any(policy.is_excluded(one, case) for one in owners), told
            for one, may in (
                (case.holder, policy.leads_locality),
                (case.officer, policy.decides_at_gateway),
            ):
                assert one is None or may(one, case), told
        for clock in Clock.objects.running().filter(referral=case):
            assert clocks.owners(clock), f"{told}\n{clock.kind}"


@pytest.mark.parametrize("start", STARTS)
def test_no_open_case_is_ever_without_an_owner(start, cast, case_in):
    done = 0
    referral = case_in(start)
    for seed in range(RUNS // 6 or 1):
        with transaction.atomic():
            walk = Walk(cast, referral, seed=seed * 100 + STARTS.index(start))
            walk.has_an_owner()
            for _step in range(STEPS):
                walk.step()
            done += walk.done
            transaction.set_rollback(True)
    assert done > STEPS // 4


@pytest.mark.parametrize(
    ("team", "start"),
    [
        (["prevent_lead", "prevent_deputy", "prevent_senior"], S.SUBMITTED),
        (["officer", "supervisor"], S.GATEWAY),
        (["front_door"], S.TRIAGE),
        (["york_lead"], S.TRANSFERRED),
    ],
)
def test_the_last_of_a_team_does_not_leave_what_waits_for_it(team, start, cast, case_in):
    """What nobody has taken yet is held by nobody in person."""
    referral = case_in(start)
    *first, last = (getattr(cast, name) for name in team)
    for one in first:
        staff.leave(one, by=cast.portal_admin)
    with pytest.raises(RefusedError, match="Open work would have no owner"):
        staff.leave(last, by=cast.portal_admin)
    held = last.memberships.get()
    MembershipFactory(role=held.role, locality=held.locality)
    staff.leave(last, by=cast.portal_admin)
    assert fresh(referral).status == start


def test_nor_does_the_last_who_is_not_close_to_it(cast, case_in):
    referral = case_in(S.SUBMITTED)
    for one in (cast.prevent_deputy, cast.prevent_senior):
        workflow.keep_out(referral, one, "They are related.", by=cast.prevent_lead)
    with pytest.raises(RefusedError):
        staff.leave(cast.prevent_lead, by=cast.portal_admin)
    staff.leave(cast.prevent_deputy, by=cast.portal_admin)  # had no part in it


def test_a_promise_stays_with_whoever_is_left_though_away(cast, case_in):
    referral = case_in(S.TRIAGE)
    for one in (cast.prevent_deputy, cast.prevent_senior):
        workflow.keep_out(referral, one, "They are related.", by=cast.prevent_lead)
    today = timezone.localdate()
    staff.set_absence(cast.prevent_lead, today, today, by=cast.prevent_lead)
    promises = Clock.objects.running().filter(referral=referral)
    assert promises
    assert all(clocks.owners(one) == [cast.prevent_lead] for one in promises)
