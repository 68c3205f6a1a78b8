"""A mail about a case that nobody got: who works the case is told (row N10)."""

from django.utils import timezone

from outbox import post
from outbox.models import Message
from referrals.terms import Status
from tests.entry import enter


def test_who_works_a_case_is_told_whom_to_ring(cast, case_in):
    referral = case_in(Status.TRIAGE)
    client = enter(cast.prevent_lead)

    def page() -> str:
        return client.get(referral.get_absolute_url()).content.decode()

    assert "was not delivered" not in page()
    cast.lead.phone = "01632 960123"
    cast.lead.save()
    for key, person in (("a", cast.lead), ("b", cast.lead), ("c", "duty@team.example.org")):
        post.send(
            person,
            kind="referral.message",
            subject="A message",
            what="Read it.",
            why="It is yours.",
            path="/",
            key=key,
            about=referral,
        )
    Message.objects.filter(key__in="abc").update(parked_at=timezone.now())
    assert page().count(f"An e-mail to {cast.lead} was not delivered.") == 1
    assert "Ring them: 01632 960123." in page()
    assert "An e-mail to somebody without an account was not delivered." in page()
    assert "duty@team" not in page()
    Message.objects.filter(key__in="abc").update(cancelled_at=timezone.now())
    assert "was not delivered" not in page()


def test_a_lead_reads_on_her_own_page_whom_of_her_agency_to_ring(cast, case_in):
    referral = case_in(Status.TRIAGE)
    client = enter(cast.lead)
    cast.practitioner.phone = "01632 960124"
    cast.practitioner.save()
    for key, person in (("a", cast.practitioner), ("b", cast.prevent_lead), ("c", cast.lead)):
        post.send(
            person,
            kind="referral.message",
            subject="A message",
            what="Read it.",
            why="It is yours.",
            path="/",
            key=key,
            about=referral,
        )
    Message.objects.filter(key__in="abc").update(parked_at=timezone.now())
    page = client.get(f"{referral.get_absolute_url()}status/").content.decode()
    assert f"An e-mail to {cast.practitioner} was not delivered." in page
    assert "Ring them: 01632 960124." in page
    assert page.count("was not delivered") == 1  # other bodies ring their own
    author = enter(cast.practitioner).get(f"{referral.get_absolute_url()}status/")
    assert "was not delivered" not in author.content.decode()
