"""Getting in and out at a browser: time running out, passkeys, an agency's own provider."""

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from accounts import sessions
from accounts.session_store import SessionStore
from tests.browser import walks
from tests.browser.looking import see
from tests.referrals.cases import fresh

pytestmark = pytest.mark.django_db

WORDS = "He said it again on the stairs, louder, and the two boys with him laughed at it."


def age(person, span):
    """Let the person's session, as it is stored, be older than it is."""
    for cookie in person.context.cookies():
        if Session.objects.filter(pk=cookie["value"]).exists():
            session = SessionStore(cookie["value"])
            for key in (sessions.SEEN, sessions.OPENED):
                session[key] -= int(span.total_seconds())
            session.save()


def code_of_the_mail(mailoutbox):
    return "".join(re.findall(r"\b\d{4}\b", str(mailoutbox[-1].body))[:2])


def test_time_runs_out_and_is_given_again(stage, seat):
    hannah = seat(stage["hannah"])
    hannah.page.clock.install()
    hannah.go("agencies:details")
    hannah.sees(re.compile("You are signed in until .* gives you 30 minutes more"))
    warning = hannah.page.get_by_role("dialog")
    hannah.page.clock.run_for(24 * 60 * 1_000)
    expect(warning).to_be_hidden()
    age(hannah, timedelta(minutes=26))
    hannah.page.locator("[name=job_title]").focus()
    hannah.page.clock.run_for(2 * 60 * 1_000)
    expect(warning).to_be_visible()
    expect(warning.get_by_role("heading")).to_be_focused()
    hannah.sees(re.compile("In [34] minutes, because nothing has been opened or saved"))
    assert see(hannah) == []
    warning.get_by_role("button", name="Stay signed in").click()
    expect(warning).to_be_hidden()
    expect(hannah.page.locator("[name=job_title]")).to_be_focused()
    hannah.page.clock.run_for(20 * 60 * 1_000)
    expect(warning).to_be_hidden()
    age(hannah, timedelta(minutes=31))
    hannah.page.clock.run_for(15 * 60 * 1_000)
    hannah.sees("You have been signed out. What you wrote is still in this page")
    assert warning.get_by_role("button", name="Stay signed in").count() == 0


@pytest.mark.parametrize("script", [True, False], ids=["script", "without-script"])
def test_what_was_written_when_time_ran_out_is_there_after_signing_in(
    stage, seat, mailoutbox, script
):
    draft = walks.written(stage["hannah"], stage.answers("S01"))
    before = draft.context.worry
    hannah = seat(stage["hannah"], java_script_enabled=script)
    hannah.go_case("step", draft, "worry")
    place = hannah.path
    hannah.write("worry", WORDS)
    age(hannah, timedelta(minutes=31))
    hannah.press("Save and continue")
    hannah.sees("You were signed out, so it has not been saved")
    if script:
        assert see(hannah) == []
    hannah.write("email", stage["hannah"].email)
    hannah.press("Send me a code")
    hannah.write("code", code_of_the_mail(mailoutbox))
    hannah.press("Sign in")
    if not script:
        hannah.press("Go on with what you wrote")
    hannah.sees("It is not saved yet")
    assert hannah.path == place
    expect(hannah.page.locator("[name=worry]")).to_have_value(WORDS)
    assert fresh(draft).context.worry == before
    hannah.press("Save and continue")
    assert fresh(draft).context.worry == WORDS
