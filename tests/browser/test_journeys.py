"""Whole stories of the record's section 15, walked by their people in their own browsers."""

import re

import pytest
from django.core import mail
from playwright.sync_api import expect

from agencies import workdays
from referrals import tasks
from referrals.models import Document, Referral
from referrals.steps import STEPS
from referrals.terms import Section, Status
from tests.browser import walks
from tests.browser.person import Person

pytestmark = pytest.mark.django_db

ALL_PAGES = {step.name for step in STEPS if step.section == Section.NOTICE}


def cannot_find(person: Person, referral: Referral) -> None:
    """Not there, or not theirs: one page for both."""
    answer = person.page.goto(person.base + referral.get_absolute_url())
    assert answer is not None
    assert answer.status == 404
    person.sees("We cannot find that page, or it is not yours to see.")


def queue_of(person: Person) -> list[str]:
    """The references in the queue, from the top."""
    person.go("referrals:queue", query="?view=open")
    return person.page.locator(".p-list h3 a").all_inner_texts()


def test_s01_four_people_and_a_boy_of_15(stage, seat):
    given, said = stage.answers("S01"), stage.said("S01")
    ruth, joanna, alice = (seat(stage[key]) for key in ("ruth", "joanna", "alice"))

    # A teacher who is not signed in yet, with nothing but the address of the portal.
    hannah = seat(None)
    hannah.go("/")
    hannah.follow("Raise a concern")
    hannah.follow("No")
    hannah.write("email", stage["hannah"].email)
    hannah.press("Send me a code")
    [code] = re.findall(r"\d{4} \d{4}", str(mail.outbox[-1].body))
    hannah.write("code", code)
    hannah.page.keyboard.press("Enter")
    hannah.page.wait_for_url("**/referrals/new/")
    hannah.press("Record a concern")
    walked = walks.notice(hannah, given)
    assert set(walked) == ALL_PAGES - {"called", "event", "age"}
    case = walks.hand_over(hannah, given, lead="Ruth Adeyemi")
    hannah.follow("See where it stands")
    hannah.sees("With your safeguarding lead", "Ruth Adeyemi has it.")
    assert case.get_absolute_url() not in joanna.page.content()
    cannot_find(joanna, case)

    # Her lead reads it, decides for a referral and another route, and shares it.
    ruth.go("referrals:home")
    ruth.sees("My checks")
    ruth.page.locator(f'.p-list h3 a[href="{case.get_absolute_url()}"]').click()
    ruth.sees("Check this concern with Hannah", given["features"]["material"])
    walks.check(ruth, given)
    ruth.sees("Your decision is recorded. Now add what goes with it.")
    ruth.walk(given)
    ruth.sees("Police Prevent team, North Yorkshire", "Children and families front door")
    case = walks.share(ruth, given)
    assert case.reference.startswith("NY-")
    assert (case.status, case.submission.answers["ideology"]) == (Status.SUBMITTED, "erw")
    hannah.go_case("case", case)
    hannah.sees(case.reference, "It is now: Received")

    # The worker makes the document; those who may, download it.
    tasks.make_referral_pdf.func(str(case.pk))
    assert Document.objects.filter(referral=case).count() == 1
    for person, words in (
        (ruth, "Copy of the referral (PDF)"),
        (joanna, "Download the referral (PDF)"),
    ):
        person.go_case("case", case)
        with person.page.expect_download() as download:
            person.page.get_by_role("link", name=words).click()
        assert download.value.path().read_bytes().startswith(b"%PDF-1.")
        assert download.value.suggested_filename == f"{case.reference}.pdf"

    # The Prevent lead takes it, asks, and is answered.
    assert case.reference in queue_of(joanna)
    joanna.follow(case.reference)
    joanna.press("Acknowledge the referral")
    joanna.sees("You have this referral.")
    hannah.go_case("case", case)
    hannah.sees("It is now: Being looked at. Joanna Firth has it.")
    joanna.follow("Ask the referrer for more")
    joanna.write("words", said["query"])
    joanna.press("Send my question")
    joanna.sees("Your question has been sent.", "Paused: waiting for Fellgate High School")
    ruth.go_case("case", case)
    ruth.sees(said["query"])
    ruth.write("words", said["answer"])
    ruth.press("Send my answer")
    ruth.sees("Your answer has been sent.")
    hannah.go_case("case", case)
    hannah.sees(said["query"], said["answer"], "Being looked at")

    # Triage, and on to the police.
    joanna.go_case("case", case)
    joanna.sees(said["answer"], "New")
    joanna.follow("Record the triage")
    joanna.press("Save the triage")
    assert joanna.problems() != []
    joanna.answer(**stage.answers_of("S01", "pass"))
    joanna.press("Save the triage")
    joanna.press("Pass to police")
    joanna.sees("The referral is with the police gateway.")
    hannah.go_case("case", case)
    hannah.sees("It is now: With specialist officers")
    hannah.does_not_see(stage.answers_of("S01", "pass")["data_quality"])

    # An officer takes it.
    assert case.reference in queue_of(alice)
    alice.follow(case.reference)
    alice.follow("Take the case")
    alice.press("Take the case")
    alice.sees("You have this case.")
    case.refresh_from_db()
    assert (case.status, case.officer, case.holder) == (
        Status.GATEWAY,
        stage["alice"],
        stage["joanna"],
    )
    hannah.go_case("case", case)
    hannah.sees("With specialist officers")
    hannah.does_not_see("Alice Moor")


def test_s04_a_girl_of_6_and_a_misheard_word(stage, seat):
    given = stage.answers("S04")
    pat, claire, joanna = (seat(stage[key]) for key in ("pat", "claire", "joanna"))
    case = walks.record(pat, given, lead=stage["claire"].name)
    claire.go_case("case", case)
    claire.sees("The child is 10 or under. Who gave a second opinion?")

    # To refer a child of 6 without a second opinion is not possible.
    unheard = {**given, "second_opinion": ""}
    unheard.pop("second_opinion_by")
    walks.check(claire, {**unheard, "decision": "b"})
    assert "Select who gave a second opinion" in claire.problems()
    assert claire.follow_error_links() == []
    walks.check(claire, given)
    case.refresh_from_db()
    assert case.status == Status.AGENCY_CLOSED
    assert case.check_record.second_opinion == given["second_opinion"]
    assert case.check_record.second_opinion_by == stage["anna"]
    pat.go_case("case", case)
    pat.sees("It is now: Closed", given["decision_reasons"], "Refer it myself")
    pat.does_not_see(given["facts_verified"])
    cannot_find(joanna, case)
    assert case.reference == ""


def test_s06_a_man_who_is_ill_goes_another_route(stage, seat):
    given = stage.answers("S06")
    owen, meera, joanna = (seat(stage[key]) for key in ("owen", "meera", "joanna"))
    case = walks.record(owen, given, lead=stage["meera"].name)
    meera.go_case("case", case)
    meera.sees("Have you sought a clinical or special needs view?")
    walks.check(meera, given)
    meera.press("Record my decision")
    assert "Select at least one kind of help" in meera.problems()
    assert meera.follow_error_links() == []
    meera.answer_page("other-route", given)
    meera.press("Record my decision")
    meera.sees("No Prevent lead will see it.", "Look at it again by")
    case.refresh_from_db()
    assert case.status == Status.OTHER_ROUTE
    assert sorted(case.route_record.routes) == ["adult", "crisis"]
    assert case.route_record.look_again_on == given["look_again_on"]
    owen.go_case("case", case)
    owen.sees("It is now: Closed", given["decision_reasons"])
    cannot_find(joanna, case)
    cannot_find(seat(stage["sheila"]), case)

    # Something new, and it is checked again.
    owen.follow("Something is new: look at this again")
    owen.write("words", "His sister found a leaflet of a group in his coat.")
    owen.press("Send it to the check")
    meera.go_case("case", case)
    meera.sees("His sister found a leaflet of a group in his coat.")
    case.refresh_from_db()
    assert case.status == Status.AGENCY_CHECK


def test_s11_a_childminder_alone_and_a_child_at_home(stage, seat):
    given = stage.answers("S11")
    carol, joanna, lena = (seat(stage[key]) for key in ("carol", "joanna", "lena"))
    walks.begin(carol)
    walks.notice(carol, given)
    carol.walk(given)
    carol.sees("Your check")
    walks.check(carol, given)
    carol.walk(given)
    carol.sees(
        "There is a child to think of too.",
        "Police Prevent team, North Yorkshire",
        "North Yorkshire Prevent lead",
        "Children and families front door",
    )
    case = walks.share(carol, given)
    assert case.lead is None
    assert case.submission.answers["advice_line"] == "reached"
    kinds = set(case.recipients.values_list("kind", flat=True))
    assert kinds == {"police", "prevent_lead", "front_door"}
    assert Referral.objects.filter(created_by=stage["carol"]).count() == 1  # none for the child

    # The front door reads its part about the child's home, and nothing of the views on him.
    lena.go("referrals:home")
    lena.follow(re.compile(case.reference))
    lena.sees(given["observed"][:40], "Poppy")
    lena.does_not_see("Extreme right-wing", given["decision_reasons"])
    lena.press("We have it")
    lena.sees("Thank you. The Prevent lead sees that you have it.")
    joanna.go_case("case", case)
    joanna.press("Acknowledge the referral")
    carol.go_case("case", case)
    carol.sees("It is now: Being looked at. Joanna Firth has it.", ": confirmed ")

    # Asked, it is she who answers.
    joanna.follow("Ask the referrer for more")
    joanna.write("words", "When does he collect her?")
    joanna.press("Send my question")
    carol.go_case("case", case)
    carol.write("words", "At half past five.")
    carol.press("Send my answer")
    case.refresh_from_db()
    assert case.status == Status.TRIAGE


def test_a_lead_notices_checks_and_shares_in_one_walk(stage, seat):
    given = stage.answers("S01", forenames="Kit", surname="Leadswalk")
    ruth, neil = seat(stage["ruth"]), seat(stage["neil"])
    ruth.go("referrals:new")
    ruth.fill("received_by", "portal")
    ruth.press("Record a concern")
    walks.notice(ruth, given)
    ruth.sees("Noticed and checked by the same person")
    cannot_find(neil, ruth.case)
    walks.check(ruth, given)
    case = walks.share(ruth, given)
    assert case.one_walk
    assert case.status == Status.SUBMITTED
    assert case.check_record.signed_by == stage["ruth"]
    assert not case.clocks.filter(kind="check").exists()
    neil.go_case("case", case)
    neil.sees(case.reference, "It is now: Received")


def test_an_emergency_stops_is_rung_and_comes_first(stage, seat, monkeypatch):
    monkeypatch.setattr(workdays, "is_open", lambda *args: False)
    given = stage.answers("S07")
    joanna, alice = seat(stage["joanna"]), seat(stage["alice"])
    gary, moira = seat(stage["gary"]), seat(stage["moira"])
    walks.begin(gary)
    gary.answer_page("danger", given)
    gary.press("Save and continue")
    gary.sees("Stop. Call 999 now", "What to say", "Keep safe")
    gary.does_not_see("Immediate danger?")
    gary.press("I have called 999: record it now")
    assert gary.step == "called"
    gary.walk(given)
    gary.sees("Stop. Call 999 now")  # a threat and a weapon set it off again
    gary.follow("Nobody is in danger now: go on")
    walks.notice(gary, given)
    case = walks.hand_over(gary, given, lead=stage["moira"].name)
    gary.sees("Ring your lead now", stage["moira"].phone)
    moira.go_case("case", case)
    moira.sees("Emergency", "The author says that 999 was called.")
    walks.check(moira, given)
    case = walks.share(moira, given)
    assert case.emergency
    moira.sees("Ring them now", "Police Prevent duty officer", "01632 960199")
    monkeypatch.setattr(workdays, "is_open", lambda *args: True)
    moira.go_case("sent", case)
    moira.sees("Ring them now", "01632 960101")
    expect(moira.page.locator("a[href='tel:01632960199']")).to_have_count(0)
    moira.press(re.compile("I rang them.*Police"))
    moira.sees("Moira Kendal rang them")
    assert case.recipients.get(kind="police").rung_by == stage["moira"]

    # First in both queues, whatever else is there, with a clock in hours.
    for person in (joanna, alice):
        assert queue_of(person)[0] == case.reference
        person.sees("999: confirm that police have it.")
    alice.follow(case.reference)
    alice.press("Take it to the gateway")
    alice.sees("The referral is at the gateway, and you are its officer.")
    gary.go_case("case", case)
    gary.sees("It is now: With specialist officers")
