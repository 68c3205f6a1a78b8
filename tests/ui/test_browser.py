"""What script adds, and that nothing is missing without it."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.ui import pages as server

AXE = (Path(__file__).parent.parent / "vendor" / "axe.min.js").read_text()
RULES = """axe.run(document, {
  runOnly: ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  rules: {"color-contrast-enhanced": {enabled: true}},
})"""
TYPED = "In form time he said something that worried me, and I wrote it down."
SECOND = 1_000

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nothing_saved() -> None:
    server.saved.clear()
    server.answers.clear()


@pytest.fixture
def opened(page: Page, live_server: Any) -> Page:
    """The page of every field, whose script is at work, with the clock in our hands."""
    page.clock.install()
    page.goto(live_server.url)
    page.wait_for_selector("[data-govuk-radios-init]")
    return page


def findings(page: Page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate(RULES)["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("width", [320, 1280])
def test_every_field_clean_open_and_in_error(page, live_server, width):
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} or "Error" in message.text:
            faults.append(message.text)

    page.on("console", note)
    hosts = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(live_server.url)
    page.wait_for_selector("[data-govuk-radios-init]")
    assert findings(page) == []
    page.get_by_label("Yes", exact=True).check()
    page.get_by_label("Other", exact=True).check()
    page.get_by_label("Use of devices").first.check()
    expect(page.get_by_label("How often?")).to_be_visible()
    expect(page.get_by_label("Which way?")).to_be_visible()
    assert findings(page) == []
    page.get_by_role("button", name="Save and continue").click()
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert hosts == {live_server.url.split("/")[2]}
    assert faults == []


def test_each_error_leads_to_its_field(opened):
    opened.get_by_role("button", name="Save and continue").click()
    links = opened.locator(".govuk-error-summary__list a")
    expect(links).not_to_have_count(0)
    for number in range(links.count()):
        links.nth(number).click()
        place = links.nth(number).get_attribute("href")
        assert opened.evaluate("'#' + document.activeElement.id") == place


def test_without_script_everything_shows_and_can_be_sent(browser: Browser, live_server):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(live_server.url)
    for label in ("How often?", "Which way?"):
        expect(page.get_by_label(label)).to_be_visible()
    page.get_by_label("What happened?").fill(TYPED)
    page.get_by_role("button", name="Add another").click()
    expect(page.get_by_label("Address", exact=True).nth(1)).to_be_focused()
    expect(page.get_by_label("What happened?")).to_have_value(TYPED)
    expect(page.locator(".govuk-error-summary")).to_have_count(0)
    page.get_by_label("First name").press("Enter")
    expect(page.locator(".govuk-error-summary")).to_be_visible()
    page.locator(".govuk-error-summary a").first.click()
    assert page.url.endswith("#id_name")
    page.get_by_role("link", name="Leave this page").click()
    assert page.url.endswith("/away/")
    context.close()


def test_an_answer_taken_back_takes_its_words_along(opened):
    opened.get_by_label("Contact with people").first.check()
    opened.locator("#id_features_contacts_words").fill("An older boy")
    opened.get_by_label("Contact with people").first.uncheck()
    opened.get_by_role("button", name="Save and continue").click()
    expect(opened.locator(".govuk-error-summary")).to_be_visible()
    expect(opened.get_by_text("to keep what you wrote")).to_have_count(0)


# --- Saving while people type -----------------------------------------------------------------
def status(page: Page) -> Any:
    return page.locator("[data-autosave-status]")


def test_what_is_typed_is_saved_soon_after(opened):
    opened.get_by_label("What happened?").fill(TYPED)
    opened.clock.run_for(4 * SECOND)
    expect(status(opened)).to_have_text("")
    opened.clock.run_for(11 * SECOND)
    expect(status(opened)).to_have_text("Saved at 3:52pm")
    assert server.saved[0]["what"] == TYPED
    assert opened.locator("input[name=seen]").input_value() == "after 1"
    opened.clock.run_for(60 * SECOND)
    assert len(server.saved) == 1  # nothing more to save


def test_saves_are_never_closer_than_fifteen_seconds_nor_later(opened):
    box = opened.get_by_label("What happened?")
    for number in range(20):  # somebody who never stops
        box.press_sequentially(str(number % 10))
        opened.clock.run_for(2 * SECOND)
    expect(status(opened)).to_have_text("Saved at 3:52pm")
    assert len(server.saved) == 2


def test_a_page_changed_elsewhere_is_said_and_not_saved_over(opened):
    server.answers.append(409)
    opened.get_by_label("What happened?").fill(TYPED)
    opened.clock.run_for(16 * SECOND)
    expect(status(opened)).to_contain_text("changed in another window")
    opened.get_by_label("What happened?").fill(TYPED + " More.")
    opened.clock.run_for(60 * SECOND)
    assert server.saved == []


@pytest.mark.parametrize(("answer", "said"), [(500, "Not saved yet"), (403, "signed out")])
def test_a_save_that_did_not_work_is_said_and_tried_again(opened, answer, said):
    server.answers.append(answer)
    opened.get_by_label("What happened?").fill(TYPED)
    opened.clock.run_for(16 * SECOND)
    expect(status(opened)).to_contain_text(said)
    opened.clock.run_for(16 * SECOND)
    expect(status(opened)).to_have_text("Saved at 3:52pm")
    assert server.saved[0]["what"] == TYPED


def test_one_press_one_act(opened):
    posts = []
    opened.on("request", lambda r: posts.append(r.url) if r.method == "POST" else None)
    opened.get_by_label("What happened?").fill(TYPED)
    opened.evaluate(
        """() => { const form = document.querySelector("form");
                   form.requestSubmit(); form.requestSubmit(); form.requestSubmit(); }"""
    )
    expect(opened.locator(".govuk-error-summary")).to_be_visible()
    assert len(posts) == 1


# --- Leaving ----------------------------------------------------------------------------------
def test_leaving_saves_and_leaves_no_step_back(opened, live_server):
    opened.get_by_label("What happened?").fill(TYPED)
    with opened.expect_request(re.compile("/save/")):
        opened.get_by_role("link", name="Leave this page").click()
    opened.wait_for_url("**/away/")
    opened.go_back()
    assert "Every field" not in opened.content()
    assert server.saved[0]["what"] == TYPED


def test_the_page_is_covered_at_once(opened):
    opened.evaluate(
        """() => { document.addEventListener("click", () => {
             sessionStorage.covered = String(document.body.hidden) + document.title; }); }"""
    )
    opened.get_by_role("link", name="Leave this page").click()
    opened.wait_for_url("**/away/")
    assert opened.evaluate("sessionStorage.covered") == "true"
