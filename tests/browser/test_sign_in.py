"""Getting in and out at a browser: time running out, passkeys, an agency's own provider."""

import json
import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from accounts import sessions
from accounts.session_store import SessionStore
from prevent_portal import providers
from tests.accounts.provider import Stub
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


def with_device(person):
    """A device of the person's own, with a finger that is always right."""
    tools = person.context.new_cdp_session(person.page)
    tools.send("WebAuthn.enable")
    tools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return tools


def test_a_passkey_is_added_signs_in_confirms_and_is_removed(stage, seat):
    ruth = seat(stage["ruth"])
    with_device(ruth)
    ruth.go("account_home")
    ruth.follow("See your passkeys")
    assert see(ruth) == []
    ruth.follow("Add a passkey")
    assert see(ruth) == []
    ruth.write("name", "Work laptop")
    ruth.press("Make the passkey")
    ruth.sees("The passkey has been added")
    ruth.go("mfa_list_webauthn")
    ruth.sees("Work laptop")
    assert see(ruth) == []
    ruth.follow("Sign out")
    ruth.press("Sign out")
    # One touch is both steps: nothing else is asked of a lead.
    ruth.go("account_login", query="?next=/agency/details/")
    ruth.press("Use a passkey")
    ruth.page.wait_for_url("**/agency/details/")
    ruth.go("mfa_reauthenticate_webauthn", query="?next=/accounts/2fa/")
    assert see(ruth) == []
    ruth.press("Use your passkey")
    ruth.page.wait_for_url("**/accounts/2fa/")
    ruth.go("mfa_list_webauthn")
    ruth.follow(re.compile("Rename"))
    ruth.write("name", "Old laptop")
    ruth.press("Save")
    ruth.follow(re.compile("Remove"))
    ruth.sees("Remove “Old laptop”?")
    ruth.press("Remove the passkey")
    ruth.go("mfa_list_webauthn")
    ruth.sees("You have none yet")


def test_an_agencys_own_sign_in_on_another_origin(stage, seat, settings):
    stub = Stub()
    settings.OIDC_PROVIDERS = providers.read(json.dumps([stub.setting()]), https=False)
    settings.SOCIALACCOUNT_PROVIDERS = providers.for_allauth(settings.OIDC_PROVIDERS)
    stub.claims = {"email": stage["hannah"].email, "email_verified": True}
    somebody = seat(None)
    somebody.go("agencies:details")
    assert see(somebody) == []
    somebody.page.get_by_role("button", name="Sign in with Fellgate High School").click()
    somebody.page.wait_for_url(f"{stub.issuer}/**")
    somebody.page.get_by_role("link", name="I am Hannah").click()
    somebody.page.wait_for_url("**/agency/details/")
    somebody.sees("Hannah Ellis")
    stub.shutdown()
    stub.server_close()
