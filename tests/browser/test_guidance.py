"""A page of the guidance, from an editor's draft to a reader who finds, compares and prints it."""

import re
import subprocess
from collections.abc import Callable

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from agencies import people
from guidance.models import GuidancePage, NewsPage
from guidance.readers import printing, reading
from guidance.readers.models import PrintKind
from tests.browser.looking import see
from tests.browser.person import MOST_TABS, Person, axe

pytestmark = pytest.mark.django_db
PATH = "/guidance/what-to-do/"


def send_on(tab: Tab) -> None:
    """To those who agree: the button stands behind the others of the foot of the page."""
    submit = tab.get_by_role("button", name=re.compile("Submit to|Resubmit|Restart"))
    if not submit.first.is_visible():
        tab.get_by_role("button", name="More actions").last.click()
    with tab.expect_navigation():  # or the next person would come before it is sent
        submit.first.click()


def decide(tab: Tab, action: str, reason: str) -> None:
    button = tab.get_by_role("button", name=re.compile(action))
    if not button.first.is_visible():
        tab.get_by_role("button", name="More actions").last.click()
    button.first.click()
    dialog = tab.get_by_role("dialog")
    dialog.get_by_role("button").last.click()  # without a reason
    expect(dialog.get_by_text("Say why")).to_be_visible()
    dialog.get_by_role("textbox").fill(reason)
    with tab.expect_navigation():  # the page is kept first, then the decision
        dialog.get_by_role("button").last.click()


def test_a_change_is_written_sent_back_agreed_found_and_read_again(stage, seat):
    page = GuidancePage.objects.get(slug="what-to-do", locale__language_code="en-gb")
    ruth, hannah = stage["ruth"], stage["hannah"]
    agency, edition = people.agency_of(ruth), reading.edition_of(page)
    assert agency is not None
    assert edition is not None
    asked = reading.ask(agency, page, by=ruth, now=timezone.now())
    reading.confirm(page, edition=edition.number, by=hannah, now=timezone.now())

    editor = seat(stage["beth"])
    edit = f"/cms/pages/{page.pk}/edit/"
    editor.page.goto(editor.base + edit)
    editor.page.locator("[name=summary]").fill("Three steps. The word lighthouse is new here.")
    send_on(editor.page)  # without saying what changed
    expect(editor.page.get_by_text("Tell readers what changed.")).to_be_visible()
    editor.page.locator("[name=what_changed]").fill("A shorter first sentence.")
    editor.page.locator("[name=why_changed]").fill("Readers lost their way.")
    editor.page.locator("[name=read_again]").select_option("yes")
    send_on(editor.page)
    expect(editor.page.get_by_text("submitted").first).to_be_visible()

    second = seat(stage["hazel"])
    second.page.goto(second.base + edit)
    decide(second.page, "Send back", "The second sentence says too little.")
    editor.page.goto(editor.base + edit)
    editor.page.get_by_role("button", name="Toggle status").click()
    editor.page.get_by_role("button", name="View details").click()
    expect(editor.page.get_by_text("says too little").first).to_be_visible()
    editor.page.keyboard.press("Escape")
    editor.page.locator("[name=summary]").fill("Three steps. A lighthouse leads you through them.")
    send_on(editor.page)

    reader = seat(None)
    reader.go(PATH)
    assert "lighthouse" not in reader.page.content()  # nothing is public yet
    second.page.goto(second.base + edit)
    decide(second.page, "Agree", "It says what the law says.")
    approver = seat(stage["simon"])
    approver.page.goto(approver.base + edit)
    decide(approver.page, "Agree", "Agreed by the board.")

    reader.go("/search/", query="?q=lighthouse")
    reader.page.get_by_role("link", name=page.title).click()
    expect(reader.page.get_by_text("A lighthouse leads you")).to_be_visible()
    reader.page.get_by_role("link", name="What changed, and why").click()
    expect(reader.page.get_by_text("Readers lost their way.")).to_be_visible()
    assert see(reader) == []
    page.refresh_from_db()
    printing.make(page, PrintKind.PAGE, timezone.now())  # as the worker does within minutes
    reader.go(PATH)
    link = reader.page.get_by_role("link", name="This page (PDF)")
    document = reader.page.request.get(reader.base + str(link.get_attribute("href")))
    assert document.headers["content-type"] == "application/pdf"
    paper = subprocess.run(["pdftotext", "-", "-"], input=document.body(), capture_output=True)
    assert "A lighthouse leads you" in " ".join(paper.stdout.decode().split())

    staff = seat(hannah)
    staff.go("/reading/")
    staff.page.get_by_role("link", name=page.title).click()
    staff.page.get_by_role("button", name="I have read and understood this page").click()
    expect(staff.page.get_by_text("Your agency sees that you have read")).to_be_visible()
    assert [each.person for each in reading.state(asked) if each.read_at] == [hannah]


WHERE = """() => {
  const one = document.activeElement;
  const shown = getComputedStyle(one), box = one.getBoundingClientRect();
  return {
    words: (one.getAttribute("aria-label") || one.innerText || one.value || "").trim(),
    name: one.getAttribute("name") || "", role: one.getAttribute("role") || one.tagName,
    seen: box.width > 0 && box.height > 0 && shown.visibility !== "hidden",
    written: one.isContentEditable ? one.innerText : "",
  };
}"""


def tab_to(person: Person, what: Callable[[dict[str, str]], bool], *, back: bool = False) -> None:
    """Press the tab key until something is reached; nothing on the way may hold the focus."""
    keys = "Shift+Tab" if back else "Tab"
    passed: list[object] = []
    for _press in range(MOST_TABS):
        person.page.keyboard.press(keys)
        at = person.page.evaluate(WHERE)
        if what(at):
            assert at["seen"], f"the focus is on something that is not seen: {at}"
            return
        passed.append(at)
    raise AssertionError(f"not reached; last of {len(passed)}: {passed[-3:]}")


def named(name: str) -> Callable[[dict[str, str]], bool]:
    return lambda at: at["name"] == name


def saying(words: str) -> Callable[[dict[str, str]], bool]:
    return lambda at: at["words"].startswith(words)


def test_an_editor_needs_no_mouse_from_the_list_of_pages_to_the_approval(stage, seat):
    editor = seat(stage["beth"])
    keys, tab = editor.page.keyboard, editor.page
    page = NewsPage.objects.get(slug="free-online-courses")  # short: each block has eight stops
    tab.goto(editor.base + reverse("wagtailadmin_explore", args=[page.get_parent().pk]))
    tab_to(editor, saying(page.title))
    with tab.expect_navigation():
        keys.press("Enter")
    expect(tab.locator("[name=summary]")).to_be_visible()
    tab_to(editor, lambda at: at["role"] == "textbox" and bool(at["written"]))
    keys.press("Control+End")
    keys.type(" Write it as a lighthouse would.")
    expect(tab.get_by_text("as a lighthouse would").first).to_be_visible()
    tab_to(editor, named("what_changed"))
    keys.type("One more sentence.")
    tab_to(editor, named("why_changed"))
    keys.type("Asked for by readers.")
    tab_to(editor, named("read_again"))
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    tab_to(editor, saying("More actions"))
    keys.press("Enter")
    tab_to(editor, saying("Submit to"))
    with tab.expect_navigation():
        keys.press("Enter")
    expect(tab.get_by_text("submitted").first).to_be_visible()
    page.refresh_from_db()
    assert page.current_workflow_state is not None
    assert "lighthouse" in str(page.get_latest_revision_as_object().body)
    for report in ("guidance_to_check", "guidance_to_put_right"):
        tab.goto(editor.base + reverse(report))
        assert axe(tab) == []
