"""Files are added, seen, removed and opened, with script and without."""

import re

import pytest
from playwright.sync_api import FilePayload, expect

import files
from files.terms import FileState
from referrals import workflow
from referrals.models import Attachment
from tests.browser import walks
from tests.browser.looking import see
from tests.browser.person import Person
from tests.referrals import hostile
from tests.referrals.cases import fresh

pytestmark = pytest.mark.django_db

BOX = "input[type=file]"


def choose(person: Person, *names: str, **more: bytes) -> None:
    sent = {name: hostile.GOOD[name] for name in names} | more
    person.page.set_input_files(
        BOX,
        [
            FilePayload(name=name, mimeType="application/octet-stream", buffer=content)
            for name, content in sent.items()
        ],
    )


@pytest.mark.parametrize("script", [True, False], ids=["script", "without-script"])
def test_files_are_added_refused_removed_and_downloaded(stage, seat, script):
    draft = walks.written(stage["hannah"], stage.answers("S01"))
    hannah = seat(stage["hannah"], java_script_enabled=script)
    hannah.go_case("tasks", draft)
    hannah.follow("Files (optional)")
    faults = see(hannah) if script else []
    if script:  # the bar and its words come only while something is on its way
        hannah.page.evaluate(
            """() => { window.said = []; new MutationObserver(() => window.said.push(
            document.querySelector("[data-files-status]")?.textContent)).observe(
            document.body, {childList: true, characterData: true, subtree: true}) }"""
        )
    choose(hannah, "notes.pdf", "screenshot.png")
    hannah.page.get_by_role("button", name="Upload").click()
    hannah.sees("notes.pdf", "screenshot.png", "Until then only you can open it")
    if script:
        said = hannah.page.evaluate("window.said")
        assert any(words and words.startswith("Sending: ") for words in said)
        assert any(words and words.startswith("Sent.") for words in said)
        expect(hannah.page.locator("[data-files-status]")).to_have_text(
            "Done. The list of files has been renewed."
        )
    choose(hannah, "words.txt", **{"evil.exe": hostile.EXE})
    hannah.page.get_by_role("button", name="Upload").click()
    hannah.sees("“evil.exe” is of a kind that we do not take", "words.txt")
    if script:
        expect(hannah.page.locator(".govuk-error-summary")).to_be_focused()
        faults += see(hannah)
    assert [one.name for one in workflow.files_of(draft)] == [
        "notes.pdf",
        "screenshot.png",
        "words.txt",
    ]
    hannah.page.get_by_role("link", name=re.compile("Remove ?: words.txt")).click()
    hannah.sees("Remove this file?")
    faults += see(hannah) if script else []
    hannah.press("Remove it")
    hannah.sees("The file has been removed.")
    with hannah.page.expect_download() as came:
        hannah.page.get_by_role("link", name=re.compile("Download ?: notes.pdf")).click()
    assert came.value.suggested_filename == "concern-attachment-1.pdf"
    choose(hannah, "letter.docx")
    hannah.press("Save and continue")
    assert not hannah.path.endswith("/files/")
    hannah.go_case("answers", draft)
    hannah.sees("notes.pdf (PDF, ", "letter.docx (Word document, ")
    assert faults == []


def test_a_lead_opens_what_has_been_checked(stage, seat):
    case = walks.handed_over(stage["hannah"], stage.answers("S01"), lead=stage["ruth"])
    kept = workflow.add_files(
        fresh(case),
        [files.clean("notes.pdf", hostile.GOOD["notes.pdf"])],
        by=stage["hannah"],
    ).kept
    ruth = seat(stage["ruth"])
    ruth.go_case("check", case)
    ruth.follow("Open the 1 file that goes with it")
    ruth.sees("Waiting for the virus check")
    assert see(ruth) == []
    assert ruth.page.get_by_role("link", name="Download").count() == 0
    Attachment.objects.filter(pk=kept[0].pk).update(state=FileState.CLEAN)
    ruth.page.reload()
    with ruth.page.expect_download() as came:
        ruth.page.get_by_role("link", name=re.compile("Download ?: notes.pdf")).click()
    assert came.value.suggested_filename == "concern-attachment-1.pdf"
