"""The table of moves, by every role, allowed and refused (section 8.2 of the record)."""

from dataclasses import fields

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import User
from audit.models import AuditEvent
from outbox.models import Message as Mail
from referrals import moves, workflow
from referrals.models import Referral
from referrals.moves import MOVES, NotReady, TransitionError
from referrals.terms import BEFORE_CLOSED, HIDDEN_FROM_MOST, Status
from tests.referrals import cases

S = Status
LEADS = {"lead", "deputy"}
PREVENT = {"prevent_lead", "prevent_deputy", "prevent_senior"}
POLICE = {"officer", "supervisor"}

# Written a second time, by hand, from the record's dictionary: who may take each move of the
# ordinary case (a practitioner with a lead, who has not chosen to refer despite them).
WHO: dict[tuple[Status, Status], set[str]] = {
    (S.DRAFT, S.AGENCY_CHECK): {"practitioner"},
    (S.DRAFT, S.SUBMITTED): set(),
    (S.DRAFT, S.AGENCY_CLOSED): set(),
    (S.DRAFT, S.OTHER_ROUTE): set(),
    (S.DRAFT, S.DISPOSED): {"practitioner"},
    (S.AGENCY_CHECK, S.RETURNED): LEADS,
    (S.AGENCY_CHECK, S.AGENCY_CLOSED): LEADS,
    (S.AGENCY_CHECK, S.OTHER_ROUTE): LEADS,
    (S.AGENCY_CHECK, S.SUBMITTED): LEADS,
    (S.RETURNED, S.AGENCY_CHECK): {"practitioner"},
    (S.RETURNED, S.SUBMITTED): set(),
    (S.AGENCY_CLOSED, S.SUBMITTED): set(),
    (S.OTHER_ROUTE, S.SUBMITTED): set(),
    (S.AGENCY_CLOSED, S.AGENCY_CHECK): LEADS | {"practitioner"},
    (S.OTHER_ROUTE, S.AGENCY_CHECK): LEADS | {"practitioner"},
    (S.AGENCY_CLOSED, S.DISPOSED): set(),
    (S.OTHER_ROUTE, S.DISPOSED): set(),
    (S.SUBMITTED, S.TRIAGE): PREVENT,
    (S.SUBMITTED, S.GATEWAY): POLICE,
    (S.SUBMITTED, S.WITHDRAWN): LEADS,
    (S.TRIAGE, S.QUERY): PREVENT | POLICE,
    (S.GATEWAY, S.QUERY): PREVENT | POLICE,
    (S.QUERY, S.TRIAGE): LEADS,
    (S.QUERY, S.GATEWAY): LEADS,
    (S.TRIAGE, S.TRANSFERRED): PREVENT,
    (S.TRANSFERRED, S.TRIAGE): PREVENT | {"york_lead"},
    (S.TRANSFERRED, S.CLOSED): PREVENT,
    (S.TRIAGE, S.GATEWAY): PREVENT | POLICE,
    (S.GATEWAY, S.INFO_GATHERING): POLICE,
    (S.GATEWAY, S.CLOSED): POLICE,
    (S.INFO_GATHERING, S.S36_PENDING): POLICE,
    (S.S36_PENDING, S.PANEL_LISTED): PREVENT | {"supervisor"},
    (S.S36_PENDING, S.CLOSED): PREVENT | {"supervisor"},
    (S.PANEL_LISTED, S.PANEL_ADJOURNED): {"chair"},
    (S.PANEL_LISTED, S.CONSENT_PENDING): {"chair"},
    (S.PANEL_ADJOURNED, S.CONSENT_PENDING): {"chair"},
    (S.PANEL_LISTED, S.CLOSED): {"chair"},
    (S.PANEL_ADJOURNED, S.CLOSED): {"chair"},
    (S.PANEL_ADJOURNED, S.PANEL_LISTED): {"coordinator"},
    (S.CONSENT_PENDING, S.IN_SUPPORT): {"coordinator"},
    (S.CONSENT_PENDING, S.CLOSED): {"chair"},
    (S.IN_SUPPORT, S.IN_SUPPORT): {"chair"},
    (S.IN_SUPPORT, S.CONSENT_PENDING): {"coordinator"},
    (S.IN_SUPPORT, S.POST_EXIT): {"chair"},
    (S.POST_EXIT, S.IN_SUPPORT): {"chair"},
    (S.POST_EXIT, S.S36_PENDING): {"chair"},
    (S.POST_EXIT, S.CLOSED): {"chair"},
    (S.POLICE_LED, S.GATEWAY): POLICE,
    (S.POLICE_LED, S.PANEL_LISTED): POLICE,
    (S.POLICE_LED, S.CLOSED): POLICE,
    (S.INVESTIGATION_HOLD, S.GATEWAY): POLICE,
    (S.INVESTIGATION_HOLD, S.POLICE_LED): POLICE,
    (S.INVESTIGATION_HOLD, S.CLOSED): POLICE,
    (S.CLOSED, S.GATEWAY): PREVENT | POLICE,
    (S.CLOSED, S.DISPOSED): set(),
    (S.WITHDRAWN, S.DISPOSED): set(),
    **{
        (source, target): POLICE
        for source in BEFORE_CLOSED - HIDDEN_FROM_MOST - {S.TRANSFERRED}
        for target in HIDDEN_FROM_MOST
    },
}
BEYOND = {S.DISPOSED}


def people_of(cast: cases.Cast) -> dict[str, User]:
    found = {f.name: getattr(cast, f.name) for f in fields(cast)}
    return {name: person for name, person in found.items() if isinstance(person, User)}


def test_the_table_is_the_one_in_the_record():
    assert set(MOVES) == set(WHO)


@pytest.mark.parametrize("source", [s for s in Status if s not in BEYOND])
def test_every_move_from_a_state_is_open_to_the_right_people_only(source, cast, case_in):
    referral = case_in(source)
    allowed, refused = 0, 0
    for target in Status:
        for name, person in people_of(cast).items():
            may = name in WHO.get((source, target), set())
            if source in HIDDEN_FROM_MOST and name not in POLICE:
                # For everybody else it goes on as if nothing had happened: they move what shows.
                may = name in WHO.get((S(referral.outward_status), target), set())
            assert moves.can(person, referral, target) is may, (source, target, name)
            allowed, refused = allowed + may, refused + (not may)
            if may:
                continue
            with pytest.raises((PermissionDenied, TransitionError)):
                moves.move(referral, target, by=person, now=cases.MONDAY)
    assert refused > allowed


@pytest.mark.parametrize("source", [s for s in Status if s not in BEYOND])
def test_a_refused_move_changes_nothing(source, cast, case_in):
    referral = case_in(source)
    before = Referral.objects.filter(pk=referral.pk).values().get()
    events, mails = AuditEvent.objects.count(), Mail.objects.count()
    for target in Status:
        with pytest.raises((PermissionDenied, TransitionError)):
            moves.move(referral, target, by=cast.outsider, now=cases.MONDAY)
    assert Referral.objects.filter(pk=referral.pk).values().get() == before
    assert (AuditEvent.objects.count(), Mail.objects.count()) == (events, mails)


def test_moves_that_wait_for_panel_records_say_so(cast, case_in):
    referral = case_in(S.INFO_GATHERING)
    with pytest.raises(NotReady) as caught:
        moves.move(referral, S.S36_PENDING, by=cast.officer, now=cases.MONDAY)
    assert "I2" in caught.value.missing[0]


def test_a_move_needs_what_the_table_names(cast, case_in):
    referral = case_in(S.AGENCY_CHECK)
    with pytest.raises(NotReady) as caught:
        moves.move(referral, S.SUBMITTED, by=cast.lead, now=cases.MONDAY)
    assert "Select your decision" in caught.value.missing


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"complete": "ask"}, "Ask them, or record that it is complete enough"),
        ({"right_locality": "transfer"}, "Offer it to that area, or record that it is yours"),
    ],
)
def test_what_triage_sends_elsewhere_does_not_pass_to_the_police(changed, says, cast, case_in):
    referral = case_in(S.TRIAGE)
    workflow.record_triage(referral, cases.TRIAGE | changed, by=cast.prevent_lead)
    with pytest.raises(NotReady) as caught:
        workflow.pass_to_gateway(referral, by=cast.prevent_lead)
    assert len(caught.value.missing) == 1
    assert says in caught.value.missing[0]
    assert cases.fresh(referral).status == S.TRIAGE
    workflow.record_triage(referral, cases.TRIAGE, by=cast.prevent_lead)
    workflow.pass_to_gateway(referral, by=cast.prevent_lead)
    assert cases.fresh(referral).status == S.GATEWAY
