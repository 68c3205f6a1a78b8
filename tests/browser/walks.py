"""What the people of a story do, each in their own browser."""

import uuid
from typing import Any

from accounts.models import User
from agencies.models import Locality
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


# --- After it was shared ------------------------------------------------------------------------
def receive(member: Person, case: Referral, *sees: str) -> None:
    """A team reads its own part, and says that it has it."""
    member.go("referrals:home")
    member.pick(case)
    member.sees(*sees)
    member.press("We have it")
    member.sees("Thank you. The Prevent lead sees that you have it.")


def from_queue(person: Person, case: Referral) -> None:
    person.go("referrals:queue", query="?view=open")
    person.pick(case)


def offer_in_vain(lead: Person, other: Person, case: Referral, *, area: Locality) -> None:
    """Offered to another area, whose lead declines it: the first one has it still."""
    lead.follow("Transfer to another area")
    lead.press("Offer the referral")
    assert len(lead.problems()) == 2
    chosen = {"receiver": str(area.pk), "words": "He lives there now."}
    lead.answer_all(chosen, "Offer the referral")
    lead.sees("The referral is offered to the other area.")
    from_queue(other, case)
    other.follow("Decline it")
    other.answer_all({"words": "He lives with his mother, in your area."}, "Decline the referral")
    other.sees("You have declined the referral. The other area is told.")
    lead.go_case("case", case)


def query(lead: Person, referrer: Person, case: Referral, said: dict[str, str]) -> None:
    """A question, and the answer of whoever sent the referral."""
    lead.follow("Ask the referrer for more")
    lead.answer_all({"words": said["query"]}, "Send my question")
    lead.sees("Your question has been sent.")
    referrer.go_case("case", case)
    referrer.sees(said["query"])
    referrer.press("Send my answer")
    assert referrer.problems() != []
    referrer.answer_all({"words": said["answer"]}, "Send my answer")
    referrer.sees("Your answer has been sent.")
    lead.go_case("case", case)
    lead.sees(said["answer"])


def triage(lead: Person, given: Given) -> None:
    lead.follow("Record the triage")
    lead.press("Save the triage")
    assert lead.problems() != []
    lead.answer_all(given, "Save the triage")
    lead.press("Pass to police")
    lead.sees("The referral is with the police gateway.")


def close_at_gateway(officer: Person, case: Referral, given: Given) -> None:
    """Take it, write down what the gateway found, and bring that about."""
    from_queue(officer, case)
    officer.follow("Take the case")
    officer.press("Take the case")
    officer.sees("You have this case.")
    officer.follow("Record the gateway's answers")
    officer.press("Save the gateway's answers")
    assert officer.problems() != []
    officer.answer_all(given, "Save the gateway's answers")
    officer.press("Bring the outcome about")
    officer.sees("The outcome is recorded.")


def tell(lead: Person, case: Referral, template: str) -> None:
    """How it ended, in words that are picked and then changed."""
    lead.go_case("case", case)
    lead.follow("Tell the referrer how it stands")
    lead.follow(template)
    words = lead.page.locator("[name=words]").input_value()
    lead.answer_all({"words": f"{words}\n\nHe is well, she says."}, "Send it to the referrer")
    lead.sees("The referrer has been told.")


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


def shared(author: User, given: Given, *, lead: User) -> Referral:
    referral = decided(author, given, lead=lead)
    fill(referral, {"declared": "yes"}, by=lead)
    workflow.submit(fresh(referral), by=lead, form_key=uuid.uuid4())
    return fresh(referral)
