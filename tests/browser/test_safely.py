"""Nothing twice, nothing lost, nothing left behind."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from outbox.models import Message as Mail
from referrals.models import KeptText, Submission
from referrals.terms import Status
from tests.browser import walks
from tests.browser.person import Person
from tests.referrals.cases import fresh

pytestmark = pytest.mark.django_db

WORDS = "He said it again on the stairs, louder, and the two boys with him laughed at it."
OTHER_WORDS = "Only once, and I may not have heard it well, because the door was closing then."
SECOND = 1_000


@pytest.fixture
def draft(stage):
    return walks.written(stage["hannah"], stage.answers("S01"))


def wait_until(true: Callable[[], bool], seconds: float = 10) -> None:
    """For what a browser sends while it leaves."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


# --- Once -------------------------------------------------------------------------------------
@pytest.mark.parametrize("script", [True, False], ids=["script", "without-script"])
def test_a_double_click_shares_once(stage, seat, script):
    case = walks.decided(stage["hannah"], stage.answers("S01"), lead=stage["ruth"])
    ruth = seat(stage["ruth"], java_script_enabled=script)
    ruth.go_case("answers", case)
    ruth.fill("declared", "yes")
    ruth.page.get_by_role("button", name="Share this referral").dblclick()
    ruth.page.wait_for_url("**/sent/")
    case = fresh(case)
    ruth.sees(case.reference)
    assert case.status == Status.SUBMITTED
    assert Submission.objects.filter(referral=case).count() == 1
    told = list(Mail.objects.filter(case=str(case.pk)).values_list("key", flat=True))
    assert len(told) == len(set(told))
    # Back, and the button again: the same referral, said again.
    ruth.page.go_back()
    if ruth.page.get_by_role("button", name="Share this referral").count():
        ruth.press("Share this referral")
    ruth.go_case("sent", case)
    ruth.sees(case.reference)
    assert Submission.objects.filter(referral=case).count() == 1


def test_a_double_click_begins_one_draft(stage, seat):
    carol = seat(stage["carol"], java_script_enabled=False)
    carol.go("referrals:new")
    carol.page.get_by_role("button", name="Record a concern").dblclick()
    carol.page.wait_for_url("**/danger/")
    carol.go("referrals:home")
    expect(carol.page.locator("#drafts + p + ul li")).to_have_count(1)


# --- Saved ------------------------------------------------------------------------------------
def test_what_is_typed_is_saved_and_is_there_on_another_device(stage, seat, draft):
    hannah = seat(stage["hannah"])
    hannah.page.clock.install()
    hannah.go_case("step", draft, "worry")
    hannah.page.wait_for_function("document.body.classList.contains('js-enabled')")
    with hannah.page.expect_response(re.compile("/worry/autosave/")) as saved:
        hannah.write("worry", WORDS)
        hannah.page.clock.run_for(15 * SECOND)
    assert saved.value.status == 200
    hannah.sees(re.compile(r"Saved at \d"))
    assert fresh(draft).context.worry == WORDS
    elsewhere = seat(stage["hannah"])
    elsewhere.go("referrals:home")
    elsewhere.follow(re.compile("Callum R"))
    elsewhere.go_case("step", draft, "worry")
    expect(elsewhere.page.locator("[name=worry]")).to_have_value(WORDS)


def test_two_windows_on_one_page_lose_neither_text(stage, seat, draft):
    hannah = seat(stage["hannah"])
    second = Person(hannah.context, hannah.base, hannah.user)
    for person in (hannah, second):
        person.go_case("step", draft, "worry")
    hannah.write("worry", WORDS)
    hannah.press("Save and continue")
    second.write("worry", OTHER_WORDS)
    second.press("Save and continue")
    second.sees("Two versions of this page", WORDS, OTHER_WORDS)
    assert fresh(draft).context.worry == WORDS
    assert KeptText.objects.get(referral=draft).answers["worry"] == OTHER_WORDS
    second.tick("choose_worry", "mine")
    second.press("Save what I have chosen")
    second.sees("Read it once more", OTHER_WORDS)
    assert fresh(draft).context.worry == OTHER_WORDS
    assert second.faults == []


def test_two_windows_on_two_pages_keep_both(stage, seat, draft):
    hannah = seat(stage["hannah"])
    second = Person(hannah.context, hannah.base, hannah.user)
    hannah.go_case("step", draft, "worry")
    second.go_case("step", draft, "observed")
    hannah.write("worry", WORDS)
    second.write("observed", OTHER_WORDS)
    hannah.press("Save and continue")
    second.press("Save and continue")
    now = fresh(draft)
    assert (now.context.worry, now.concern.observed) == (WORDS, OTHER_WORDS)


def test_what_is_typed_while_it_is_sent_from_another_window_is_shown_again(stage, seat):
    draft = walks.written(stage["hannah"], stage.answers("S01"), chosen=stage["ruth"])
    hannah = seat(stage["hannah"])
    second = Person(hannah.context, hannah.base, hannah.user)
    hannah.go_case("step", draft, "worry")
    second.go_case("answers", draft)
    second.press("Send to Ruth Adeyemi")
    hannah.write("worry", WORDS)
    hannah.press("Save and continue")
    hannah.sees("This cannot be changed here any more", WORDS)
    assert fresh(draft).status == Status.AGENCY_CHECK


# --- Left -------------------------------------------------------------------------------------
def test_the_quick_exit_keeps_the_words_and_leaves_no_way_back(stage, seat, draft):
    hannah = seat(stage["hannah"])
    hannah.context.route(
        "https://www.bbc.co.uk/**",
        lambda route: route.fulfill(content_type="text/html", body="<title>Weather</title>away"),
    )
    hannah.go_case("tasks", draft)
    hannah.go_case("step", draft, "worry")
    hannah.page.wait_for_function("document.body.classList.contains('js-enabled')")
    hannah.write("worry", WORDS)
    with hannah.page.expect_request(re.compile("/worry/autosave/")):
        hannah.page.get_by_role("link", name="Leave this page").click()
    hannah.page.wait_for_url("**/weather")
    assert hannah.page.title() == "Weather"
    wait_until(lambda: fresh(draft).context.worry == WORDS)
    hannah.page.go_back()
    assert WORDS not in hannah.page.content()


@pytest.mark.parametrize("script", [True, False], ids=["script", "without-script"])
def test_each_page_begins_with_the_way_to_its_words_and_the_way_out(stage, seat, script):
    """The skip link comes first; where the 999 line stands, one can leave without a trace."""
    given = stage.answers("S01")
    unread = walks.handed_over(stage["hannah"], given, lead=stage["ruth"])
    case = walks.decided(stage["hannah"], given, lead=stage["ruth"])
    ruth, joanna = (seat(stage[key], java_script_enabled=script) for key in ("ruth", "joanna"))
    asked: list[dict[str, str]] = []

    def away(route: Route) -> None:
        asked.append(route.request.headers)
        route.fulfill(content_type="text/html", body="<title>Weather</title>away")

    ruth.context.route("https://www.bbc.co.uk/**", away)
    for name, one in (
        ("check", unread),
        ("status", unread),
        ("tasks", case),
        ("answers", case),
        ("other_route", case),
    ):
        ruth.go_case(name, one)
        before = ruth.path
        ruth.page.get_by_role("link", name="Leave this page").click()
        ruth.page.wait_for_url("**/weather")
        assert ruth.page.title() == "Weather"
        if script:
            ruth.page.go_back()
            assert ruth.path != before
    assert len(asked) == 5
    assert not any("referer" in headers for headers in asked)
    ruth.go_case("check", unread)
    skips_to_its_words(ruth)
    for name in ("referrals:queue", "referrals:search"):
        joanna.go(name)
        skips_to_its_words(joanna)


def skips_to_its_words(person: Person) -> None:
    person.page.keyboard.press("Tab")
    skip = person.page.get_by_role("link", name="Skip to main content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    person.page.keyboard.press("Enter")
    person.page.keyboard.press("Tab")
    assert person.page.evaluate("Boolean(document.activeElement.closest('#main, footer'))")


def test_back_after_sign_out_shows_nothing(stage, seat, draft):
    hannah = seat(stage["hannah"])
    hannah.go_case("answers", draft)
    hannah.sees(fresh(draft).person.forenames)
    hannah.follow("Sign out")
    hannah.press("Sign out")
    for _page in range(3):
        hannah.page.go_back()
        assert "Callum" not in hannah.page.content()
        assert draft.concern.observed[:40] not in hannah.page.content()


# --- First ------------------------------------------------------------------------------------
def test_two_leads_acknowledge_and_the_second_is_told_who_was_first(stage, seat):
    case = walks.decided(stage["hannah"], stage.answers("S01"), lead=stage["ruth"])
    ruth, joanna, gwen = (seat(stage[key]) for key in ("ruth", "joanna", "gwen"))
    ruth.go_case("answers", case)
    ruth.fill("declared", "yes")
    ruth.press("Share this referral")
    for person in (joanna, gwen):
        person.go_case("case", case)
    joanna.press("Acknowledge the referral")
    gwen.press("Acknowledge the referral")
    gwen.sees(re.compile(r"Joanna Firth (took|acknowledged|has)"))
    assert fresh(case).holder == stage["joanna"]
