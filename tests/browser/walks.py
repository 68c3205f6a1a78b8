"""What the people of a story do, each in their own browser."""

from typing import Any

from accounts.models import User
from referrals import workflow
from referrals.answers import NOTICE_RECORDS
from referrals.models import Referral
from referrals.questions import BY_NAME
from tests.browser.person import Person
from tests.referrals.cases import fill, fresh

Given = dict[str, Any]


def begin(author: Person) -> None:
    """From the front page, past the danger gate, to the first question."""
    author.go("/")
    author.follow("Raise a concern")
    author.sees("Is anyone in danger now?", "We do not store your answer")
    author.follow("No")
    author.press("Record a concern")


def notice(author: Person, given: Given) -> list[str]:
    """All of NOTICE, and that nobody in the safeguarding team is close to it."""
    walked = author.walk(given)
    if author.path.endswith("/closeness/"):
        author.fill("close", ["nobody"])
        author.press("Save and continue")
    return walked


def hand_over(author: Person, given: Given, *, lead: str) -> Referral:
    """Name the lead, read it through, send it."""
    author.walk(given)
    author.sees("Check your answers", "Who will see this", f"{lead}, your safeguarding lead.")
    case = author.case
    author.press(f"Send to {lead}")
    author.sees(f"Sent to {lead}", "Thank you. You did the right thing.")
    return case


def record(author: Person, given: Given, *, lead: str) -> Referral:
    begin(author)
    notice(author, given)
    return hand_over(author, given, lead=lead)


def check(lead: Person, given: Given) -> None:
    """The CHECK page and the decision; what an answer opens is asked once it was pressed."""
    answered = lead.answer_page("check", given)
    lead.press("Record my decision")
    if lead.path.endswith("/check/"):
        opened = {name: value for name, value in given.items() if name not in answered}
        if lead.answer_page("check", opened):
            lead.press("Record my decision")


def share(sender: Person, given: Given) -> Referral:
    """What goes with the referral, and the last button."""
    sender.walk(given)
    sender.sees("Check your answers", "Who will see this")
    case = sender.case
    sender.fill("declared", "yes")
    sender.press("Share this referral")
    case.refresh_from_db()
    sender.sees(case.reference, "Thank you. You did the right thing.", "What happens next")
    return case


# --- Without a browser ------------------------------------------------------------------------
def of(given: Given, *records: str) -> Given:
    """The answers that are kept in these records."""
    return {name: value for name, value in given.items() if BY_NAME[name].record in records}


def written(author: User, given: Given, *, chosen: User | None = None) -> Referral:
    """A draft in which all of NOTICE is answered, and ``chosen`` is named to check it."""
    referral = workflow.start(author)
    fill(referral, of(given, *NOTICE_RECORDS), by=author)
    if chosen:
        fill(referral, {"spoken_to": chosen}, by=author)
        workflow.exclude(referral, [], by=author)
    return fresh(referral)


def handed_over(author: User, given: Given, *, lead: User) -> Referral:
    workflow.hand_over(written(author, given, chosen=lead), by=author)
    return fresh(Referral.objects.filter(created_by=author).latest("created_at"))


def decided(author: User, given: Given, *, lead: User) -> Referral:
    """Decided for sharing, and all that goes with it filled in: the last button is left."""
    referral = handed_over(author, given, lead=lead)
    fill(referral, of(given, "check_record"), by=lead)
    workflow.decide(fresh(referral), by=lead)
    known = {"referrer": {"name": lead.name}, "prevent_contact": {"name": lead.name}}
    fill(fresh(referral), known | of(given, "share"), by=lead)
    return fresh(referral)
