"""Who is close to a concern: asked before it leaves its author, or named later (AC-06)."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import User
from agencies.models import Absence, Membership
from agencies.terms import Role
from audit.models import AuditEvent
from outbox.models import Message as Mail
from referrals import clocks, policy, workflow
from referrals.models import Clock, ExclusionReason, PageSave, Referral
from referrals.moves import CLOSE_UNASKED, NotReady
from referrals.terms import ClockKind, Status
from tests.accounts.conftest import SECRET, app_code, long_ago
from tests.accounts.test_time_out import sealed_in
from tests.entry import enter
from tests.factories import MembershipFactory, UserFactory
from tests.referrals import cases
from tests.referrals.cases import MONDAY, fresh

S = Status
WHY = "CANARYwhy: he is her nephew."
VOLATILE = re.compile(
    r'(csrfmiddlewaretoken" value="|nonce-|nonce="|form_key" value=")[\w+/=-]+|'
    r'data-left="\d+"|\b\d{1,2}(:\d\d)?(am|pm)\b|midday|midnight'
)


def unasked(referral: Referral) -> None:
    PageSave.objects.filter(referral=referral, step="closeness").delete()


def sees(person: User, referral: Referral) -> bool:
    return Referral.objects.visible_to(person).filter(pk=referral.pk).exists()


# Before the hand-over ---------------------------------------------------------------------------
def test_nothing_is_handed_over_before_closeness_was_asked(cast):
    referral = cases.draft(cast)
    unasked(referral)
    cases.fill(referral, {"spoken_to": cast.lead, "spoken_at": MONDAY}, by=cast.practitioner)
    with pytest.raises(NotReady) as caught:
        workflow.hand_over(fresh(referral), by=cast.practitioner, now=MONDAY)
    assert caught.value.missing == [str(CLOSE_UNASKED)]
    cases.nobody_close(referral, by=cast.practitioner)
    assert workflow.hand_over(fresh(referral), by=cast.practitioner).status == S.AGENCY_CHECK


@pytest.mark.parametrize("decision", ["b", "c", "d"])
def test_a_leads_own_walk_does_not_end_before_closeness_was_asked(decision, cast):
    referral = workflow.start(cast.lead, now=MONDAY)
    given = cases.NOTICE | cases.CHECK | cases.SHARE | cases.ROUTE | {"decision": decision}
    cases.fill(referral, given, by=cast.lead)
    doors: dict[str, Any] = {
        "b": lambda: workflow.submit(
            fresh(referral), by=cast.lead, form_key=uuid.uuid4(), now=MONDAY
        ),
        "c": lambda: workflow.take_other_route(fresh(referral), by=cast.lead, now=MONDAY),
        "d": lambda: workflow.decide(fresh(referral), by=cast.lead, now=MONDAY),
    }
    with pytest.raises(NotReady) as caught:
        doors[decision]()
    assert caught.value.missing == [str(CLOSE_UNASKED)]
    cases.nobody_close(referral, by=cast.lead)
    assert doors[decision]().status != S.DRAFT


def test_somebody_who_waits_for_their_agency_is_asked_about_its_leads(cast):
    person = UserFactory(name="New Person")
    MembershipFactory(person=person, role=Role.PRACTITIONER, agency=cast.agency, confirmed_at=None)
    referral = workflow.start(person, now=MONDAY)
    advice = {"advice_line": "not_reached", "advice_line_detail": "It rang out twice at 4pm."}
    cases.fill(referral, cases.NOTICE | cases.CHECK | advice | cases.SHARE, by=person)
    cases.fill(fresh(referral), {"legal_basis": "public_task"}, by=person)
    page = enter(person).get(f"/referrals/{referral.key}/closeness/").content.decode()
    assert cast.lead.name in page
    with pytest.raises(NotReady):
        workflow.submit(fresh(referral), by=person, form_key=uuid.uuid4(), now=MONDAY)
    workflow.exclude(referral, [cast.lead], by=person)
    workflow.submit(fresh(referral), by=person, form_key=uuid.uuid4(), now=MONDAY)
    assert sees(cast.deputy, referral)
    assert not sees(cast.lead, referral)


# Later ------------------------------------------------------------------------------------------
def test_a_lead_keeps_out_whoever_turns_out_to_be_close_to_it(cast, case_in):
    referral = case_in(S.AGENCY_CHECK)
    workflow.hand_to(referral, cast.deputy, by=cast.lead, now=MONDAY)
    unsent = Mail.objects.filter(to_person=cast.deputy, case=str(referral.pk), cancelled_at=None)
    assert unsent.exists()
    workflow.keep_out(fresh(referral), cast.deputy, WHY, by=cast.lead, now=MONDAY)
    assert fresh(referral).lead == cast.lead
    assert not sees(cast.deputy, referral)
    assert not unsent.exists()
    clock = Clock.objects.running().get(referral=referral, kind=ClockKind.CHECK)
    assert clocks.owners(clock) == [cast.lead]
    clocks.run_due(referral.stage_since + timedelta(days=30))
    assert not unsent.exists()
    event = AuditEvent.objects.filter(case=referral.pk, person=cast.lead).latest("pk")
    assert event.kind == "referral.closeness_asked"
    words = f"{event.detail}{event.reason}"
    assert "CANARY" not in words
    assert "Della" not in words
    assert ExclusionReason.objects.get(referral=referral).reason == WHY


@pytest.mark.parametrize("status", [S.SUBMITTED, S.TRIAGE, S.QUERY, S.TRANSFERRED, S.CLOSED])
def test_a_prevent_lead_keeps_out_after_submission_and_the_work_moves_on(status, cast, case_in):
    referral = case_in(status)
    held = referral.holder is not None
    workflow.keep_out(referral, cast.prevent_lead, WHY, by=cast.prevent_senior, now=MONDAY)
    assert not sees(cast.prevent_lead, referral)
    if held and status != S.CLOSED:
        assert fresh(referral).holder in (cast.prevent_deputy, cast.prevent_senior)
    workflow.keep_out(fresh(referral), cast.lead, WHY, by=cast.prevent_senior, now=MONDAY)
    assert fresh(referral).lead == cast.deputy
    assert not sees(cast.lead, referral)


def test_a_lead_may_keep_herself_out_and_nobody_undoes_it_for_themselves(cast, case_in):
    referral = case_in(S.AGENCY_CHECK)
    form = {"close": str(cast.lead.pk), "words": WHY, "sure": "on"}
    browser = enter(cast.lead)
    response = browser.post(f"/referrals/{referral.key}/keep-out/", form)
    assert response["Location"] == "/referrals/"
    assert fresh(referral).lead == cast.deputy
    assert browser.get(f"/referrals/{referral.key}/keep-out/").status_code == 404
    with pytest.raises(PermissionDenied):
        workflow.keep_out(fresh(referral), cast.deputy, WHY, by=cast.lead)
    with pytest.raises(PermissionDenied):
        workflow.exclude(fresh(referral), [], by=cast.lead)


def test_it_is_never_left_with_nobody(cast, case_in):
    referral = case_in(S.AGENCY_CHECK)
    workflow.keep_out(referral, cast.deputy, WHY, by=cast.lead, now=MONDAY)
    with pytest.raises(NotReady) as caught:
        workflow.keep_out(fresh(referral), cast.lead, WHY, by=cast.lead, now=MONDAY)
    assert "Ring" in caught.value.missing[0]
    assert sees(cast.lead, referral)
    shared = case_in(S.TRIAGE)
    for person in (cast.prevent_deputy, cast.prevent_lead):
        workflow.keep_out(fresh(shared), person, WHY, by=cast.prevent_senior, now=MONDAY)
    with pytest.raises(NotReady):
        workflow.keep_out(
            fresh(shared), cast.prevent_senior, WHY, by=cast.prevent_senior, now=MONDAY
        )
    assert fresh(shared).holder == cast.prevent_senior
    with pytest.raises(NotReady):  # the only person of the front door
        workflow.keep_out(fresh(shared), cast.front_door, WHY, by=cast.prevent_senior, now=MONDAY)
    assert sees(cast.front_door, shared)


def test_work_goes_to_somebody_who_is_there(cast, case_in):
    referral = case_in(S.TRIAGE)
    today = datetime.now(UTC).date()
    Absence.objects.create(person=cast.prevent_deputy, starts_on=today, ends_on=today)
    workflow.keep_out(referral, cast.prevent_lead, WHY, by=cast.prevent_senior)
    assert fresh(referral).holder == cast.prevent_senior


def test_only_those_who_answer_for_it_keep_somebody_out(cast, case_in):
    check, shared = case_in(S.AGENCY_CHECK), case_in(S.TRIAGE)
    for person in (cast.practitioner, cast.outsider_lead, cast.prevent_lead, cast.officer):
        with pytest.raises(PermissionDenied):
            workflow.keep_out(check, cast.deputy, WHY, by=person)
    for person in (cast.practitioner, cast.officer, cast.front_door, cast.york_lead):
        with pytest.raises(PermissionDenied):
            workflow.keep_out(shared, cast.deputy, WHY, by=person)
    for nobody in (cast.practitioner, cast.outsider):  # its author knows; a stranger is not offered
        with pytest.raises(NotReady):
            workflow.keep_out(check, nobody, WHY, by=cast.lead)
    with pytest.raises(NotReady):
        workflow.keep_out(check, cast.deputy, "  ", by=cast.lead)


def test_the_page_asks_for_a_person_a_reason_and_a_confirmation(cast, case_in):
    referral = case_in(S.AGENCY_CHECK)
    browser, url = enter(cast.lead), f"/referrals/{referral.key}/keep-out/"
    assert url in browser.get(f"/referrals/{referral.key}/check/").content.decode()
    page = browser.post(url, {}).content.decode()
    for sentence in ("Select who is close to it", "Write why they are", "Confirm that they are"):
        assert sentence in page
    form = {"close": str(cast.deputy.pk), "words": WHY}
    assert browser.post(url, form).status_code == 200
    assert sees(cast.deputy, referral)
    browser.post(url, form | {"sure": "on"})
    assert not sees(cast.deputy, referral)
    # Naming the same person again is no news, and the list is the same as before.
    assert "Della Deputy" in browser.get(url).content.decode()
    case_page = enter(cast.prevent_lead).get(f"/referrals/{case_in(S.TRIAGE).key}/")
    assert "keep-out/" in case_page.content.decode()


def test_keeping_out_asks_for_a_fresh_factor_and_the_words_come_back(cast, case_in):
    referral = case_in(S.AGENCY_CHECK)
    TOTP.activate(cast.lead, SECRET)
    browser, url = enter(cast.lead), f"/referrals/{referral.key}/keep-out/"
    long_ago(browser)
    assert browser.get(url).status_code == 200  # looking asks for nothing
    form = {"close": str(cast.deputy.pk), "words": WHY, "sure": "on"}
    asked = browser.post(url, form)
    assert "Before you go on" in asked.content.decode()
    assert "CANARY" not in asked.content.decode()
    assert sees(cast.deputy, referral)
    there = browser.post(
        "/accounts/2fa/reauthenticate/",
        {"code": app_code(), "next": url, "kept": sealed_in(asked)},
    )
    back = browser.post(url, {"kept": sealed_in(there)}).content.decode()
    assert WHY in back
    assert (
        f'value="{cast.deputy.pk}" selected' in back or f'value="{cast.deputy.pk}" checked' in back
    )
    assert sees(cast.deputy, referral)  # shown, not obeyed
    browser.post(url, form)
    assert not sees(cast.deputy, referral)


def test_no_page_of_the_case_tells_a_lead_who_is_kept_out_or_why(cast, case_in):
    referral = case_in(S.AGENCY_CHECK)
    browser = enter(cast.lead)
    pages = [f"/referrals/{referral.key}/{name}" for name in ("ask-colleague/", "status/")]
    before = [plain(browser.get(url)) for url in pages]
    workflow.keep_out(referral, cast.deputy, WHY, by=cast.lead)
    assert [plain(browser.get(url)) for url in pages] == before
    assert "Della" not in before[0]  # no list of names, so nobody is missing from one
    pages += [f"/referrals/{referral.key}/{name}" for name in ("check/", "keep-out/")]
    for url in [*pages, "/audit/", "/referrals/"]:
        assert "CANARY" not in browser.get(url).content.decode()


def test_a_team_of_two_is_asked_alike_whether_or_not_one_is_kept_out(cast, case_in):
    free, close = case_in(S.AGENCY_CHECK), case_in(S.AGENCY_CHECK)
    workflow.keep_out(close, cast.deputy, WHY, by=cast.lead)
    pages = []
    for referral in (free, close):
        url = f"/referrals/{referral.key}/"
        browser = enter(cast.lead)
        asked = browser.post(f"{url}ask-colleague/", follow=True)
        assert "Your team has been asked." in asked.content.decode()
        pages.append(plain(asked).replace(free.key, "").replace(close.key, ""))
        assert fresh(referral).lead == cast.lead
    assert pages[0] == pages[1]
    mails = Mail.objects.filter(kind="referral.take_check")
    assert [(one.case, one.to_person) for one in mails] == [(str(free.pk), cast.deputy)]


def test_a_check_is_taken_over_by_whoever_opens_it(cast, case_in):
    referral = case_in(S.AGENCY_CHECK)
    workflow.ask_colleague(referral, by=cast.lead)
    url = f"/referrals/{referral.key}/"
    assert "has this check." in enter(cast.deputy).get(f"{url}check/").content.decode()
    assert enter(cast.deputy).post(f"{url}take-check/").status_code == 302
    assert fresh(referral).lead == cast.deputy
    assert Mail.objects.filter(kind="referral.check_taken", to_person=cast.lead).count() == 1
    assert enter(cast.practitioner).post(f"{url}take-check/").status_code == 403
    cast.agency.memberships.filter(person=cast.lead).delete()
    with pytest.raises(NotReady):  # nobody is there, close to it or not
        workflow.ask_colleague(fresh(referral), by=cast.deputy)


def test_a_case_is_handed_to_nobody_close_to_it_in_the_words_for_who_is_away(cast, case_in):
    referral = case_in(S.TRIAGE)
    url = f"/referrals/{referral.key}/hand-to/"
    browser = enter(cast.prevent_lead)
    before = plain(browser.get(url))
    workflow.keep_out(referral, cast.prevent_senior, WHY, by=cast.prevent_lead)
    Absence.objects.create(
        person=cast.prevent_deputy,
        starts_on=timezone.localdate(),
        ends_on=timezone.localdate(),
    )
    assert plain(browser.get(url)) == before  # nobody is missing from the list
    said = []
    for person in (cast.prevent_senior, cast.prevent_deputy):
        page = plain(browser.post(url, {"person": str(person.pk)}))
        said.append(page.replace(" checked", ""))
        assert "They cannot take it now." in page
    assert said[0] == said[1]
    assert fresh(referral).holder == cast.prevent_lead


def test_the_police_and_the_place_read_the_same_names_whoever_is_kept_out(cast, case_in):
    third = UserFactory(name="Third Officer")
    MembershipFactory(person=third, role=Role.GATEWAY_OFFICER, locality=cast.locality)
    case = case_in(S.GATEWAY)
    url = f"/referrals/{case.key}/record-gateway/"
    officer, lead = enter(cast.officer), enter(cast.prevent_lead)
    before = plain(officer.get(url)), names_of(lead.get(f"/referrals/{case.key}/"))
    for person in (cast.supervisor, cast.prevent_deputy):
        workflow.keep_out(fresh(case), person, WHY, by=cast.prevent_lead)
    assert (plain(officer.get(url)), names_of(lead.get(f"/referrals/{case.key}/"))) == before
    today = timezone.localdate()
    Absence.objects.create(person=third, starts_on=today, ends_on=today)
    for person in (cast.supervisor, third):
        page = officer.post(
            url, {"seen": "1", "outcome": "no_concern", "second_officer": str(person.pk)}
        )
        assert "They cannot be named now. Select somebody else" in page.content.decode()
        assert fresh(case).gateway_record.second_officer is None


def names_of(response: Any) -> list[str]:
    return re.findall(r"Deputy: [^<]*", response.content.decode())


def plain(response: Any) -> str:
    return VOLATILE.sub("", response.content.decode())


def test_the_pages_of_somebody_kept_out_are_the_same_byte_for_byte(cast, case_in):
    """Without the case, with it before the hand-over, and after: no list, count or page differs."""
    case_in(S.AGENCY_CHECK)
    known = case_in(S.TRIAGE)
    kept_out = {
        cast.deputy: ("", "all/?of=agency", "new/", "search/?ref=NY-2026-0002"),
        cast.prevent_deputy: ("", "queue/?view=open", "queue/?view=waiting"),
    }
    others = {cast.deputy: ("/agency/", "/agency/health/"), cast.prevent_deputy: ()}
    browsers = {person: enter(person) for person in kept_out}

    def read() -> list[tuple[str, str]]:
        return [
            (url, plain(browsers[person].get(url)))
            for person, names in kept_out.items()
            for url in (*(f"/referrals/{name}" for name in names), *others[person])
        ]

    read()
    before = read()
    mails = Mail.objects.filter(to_person__in=kept_out).count()
    referral = cases.draft(cast)
    workflow.exclude(referral, list(kept_out), by=cast.practitioner, now=MONDAY)
    assert read() == before
    cases.fill(referral, {"spoken_to": cast.lead, "spoken_at": MONDAY}, by=cast.practitioner)
    workflow.hand_over(fresh(referral), by=cast.practitioner, now=MONDAY)
    assert read() == before
    cases.fill(fresh(referral), cases.CHECK, by=cast.lead)
    workflow.decide(fresh(referral), by=cast.lead, now=MONDAY)
    cases.fill(fresh(referral), cases.SHARE, by=cast.lead)
    sent = workflow.submit(fresh(referral), by=cast.lead, form_key=uuid.uuid4(), now=MONDAY)
    workflow.acknowledge(sent, by=cast.prevent_lead, now=MONDAY)
    assert read() == before
    assert Mail.objects.filter(to_person__in=kept_out).count() == mails
    assert sees(cast.deputy, known)


# An author who becomes a lead -------------------------------------------------------------------
def test_an_author_who_becomes_a_lead_leaves_the_check_to_another(cast, case_in):
    referral = case_in(S.AGENCY_CHECK)
    MembershipFactory(person=cast.practitioner, role=Role.LEAD, agency=cast.agency)
    cases.fill(referral, cases.CHECK, by=cast.lead)
    with pytest.raises(PermissionDenied):
        workflow.decide(fresh(referral), by=cast.practitioner)
    with pytest.raises(PermissionDenied):
        workflow.ask_author(fresh(referral), "What did I mean?", by=cast.practitioner)
    browser = enter(cast.practitioner)
    assert browser.get(f"/referrals/{referral.key}/check/").status_code == 403
    assert browser.get(f"/referrals/{referral.key}/")["Location"].endswith("/status/")


def test_an_author_who_became_the_only_lead_decides_and_it_is_marked(cast, case_in):
    referral = case_in(S.AGENCY_CHECK)
    MembershipFactory(person=cast.practitioner, role=Role.LEAD, agency=cast.agency)
    Membership.objects.filter(person__in=[cast.lead, cast.deputy]).update(confirmed_at=None)
    cases.fill(referral, cases.CHECK, by=cast.practitioner)
    decided = workflow.decide(fresh(referral), by=cast.practitioner)
    assert decided.one_walk
    assert policy.checks(cast.practitioner, decided)
