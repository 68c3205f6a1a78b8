"""What administrators see of the outbox, and what they do about it (rows N10 and N14, DU-04)."""

import datetime
import uuid

import pytest
from django.core import mail as out
from django.utils import timezone

from agencies.health import problems
from agencies.mail_views import MOST
from agencies.terms import Role
from audit.models import AuditEvent
from outbox import post, sending
from outbox.models import RETURNED, Message
from tests.entry import enter
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db
PAGE = "/agency/mail/"


def write(to, **said):
    about = {"what": "Canary words.", "why": "You are a lead.", "path": "/referrals/canary/"}
    message = post.send(
        to,
        kind="referral.check",
        subject="A concern to check",
        key=uuid.uuid4().hex,
        reference="NY-2026-0042",
        **(about | said),
    )
    assert message is not None
    return message


@pytest.fixture
def park(lead):
    def park(to=lead, fault="SMTPRecipientsRefused"):
        message = write(to)
        changed = {"parked_at": timezone.now(), "attempts": 8, "last_error": fault}
        Message.objects.filter(pk=message.pk).update(**changed)
        return message

    return park


def words(response):
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def kinds():
    found = AuditEvent.objects.filter(kind__startswith="mail.").order_by("pk")
    return [(each.kind, each.person) for each in found]


def test_nobody_but_a_portal_administrator_finds_it(park, lead, admin, practitioner):
    message = park()
    chief = MembershipFactory(role=Role.PREVENT_LEAD).person
    one = f"{PAGE}{message.pk}/"
    for person in (lead, admin, practitioner, chief):
        client = enter(person)
        for path in (PAGE, f"{one}give-up/"):
            assert client.get(path).status_code == 404
        for path in (f"{PAGE}again/", f"{one}again/", f"{one}give-up/"):
            assert client.post(path).status_code == 404
    for path in (PAGE, f"{one}give-up/"):
        assert enter(None).get(path).status_code == 302
    assert Message.objects.parked().count() == 1


def test_the_page_is_calm_while_there_is_nothing(portal_admin):
    page = words(enter(portal_admin).get(PAGE))
    assert "No e-mail waits to be sent." in page
    assert "Every e-mail has been delivered" in page
    assert "Send all" not in page


def test_it_says_to_whom_and_why_and_nothing_of_the_case(park, lead, portal_admin):
    lead.phone = "01632 960123"
    lead.save()
    park()
    park("canary@route.example.org", RETURNED)
    write(lead)
    page = words(enter(portal_admin).get(PAGE))
    assert "1 e-mail waits to be sent, since " in page
    assert "To Ruth Adeyemi" in page
    assert 'href="tel:01632960123"' in page
    assert "“A concern to check”" in page
    assert "The mail server does not take the address. Tried 8 times." in page
    assert "To an address without an account: c…@route.example.org" in page
    assert "It was sent, and came back." in page
    for secret in ("NY-2026-0042", "anary"):
        assert secret not in page


def test_the_home_of_an_administrator_says_so(park, lead, portal_admin):
    assert not any("e-mail" in str(each) for each in problems())
    park()
    assert str(problems()[0]) == "E-mail: 1 e-mail could not be delivered."
    page = words(enter(portal_admin).get("/agency/"))
    assert "1 e-mail could not be delivered. <a" in page
    assert f'href="{PAGE}"' in words(enter(portal_admin).get("/agency/health/"))
    assert "could not be delivered" not in words(enter(lead).get("/agency/"))


def test_one_is_sent_again_to_the_address_of_today(park, lead, portal_admin):
    message, other = park(), park()
    lead.email = "new@fellgate.example.org"
    lead.save()
    client = enter(portal_admin)
    said = words(client.post(f"{PAGE}{message.pk}/again/", follow=True))
    assert "1 e-mail will be sent again in the next minute." in said
    assert list(Message.objects.parked()) == [other]
    assert kinds() == [("mail.retried", portal_admin)]
    sending.send_due(timezone.now())
    assert [each.to for each in out.outbox] == [["new@fellgate.example.org"]]
    said = words(client.post(f"{PAGE}{message.pk}/again/", follow=True))
    assert "Somebody has dealt with this already." in said


def test_all_are_sent_again(park, portal_admin):
    park("one@route.example.org")
    park()
    page = enter(portal_admin).post(f"{PAGE}again/", follow=True)
    assert "2 e-mails will be sent again" in words(page)
    assert not Message.objects.parked().exists()
    assert Message.objects.waiting().filter(attempts=0).count() == 2
    assert kinds() == [("mail.retried", portal_admin)] * 2


def test_giving_up_asks_first_and_is_for_good(park, portal_admin):
    message = park()
    client = enter(portal_admin)
    path = f"{PAGE}{message.pk}/give-up/"
    assert "It is never sent." in words(client.get(path))
    assert Message.objects.parked().exists()
    assert "The e-mail was given up." in words(client.post(path, follow=True))
    assert kinds() == [("mail.given_up", portal_admin)]
    assert "Somebody has dealt with this already." in words(client.post(path, follow=True))
    assert client.get(path).status_code == 404
    sending.send_due(timezone.now() + datetime.timedelta(days=1))
    assert out.outbox == []


def test_many_are_counted_and_shown_page_by_page(park, portal_admin, django_assert_max_num_queries):
    for _number in range(MOST + 2):
        park()
    client = enter(portal_admin)
    client.get(PAGE)
    with django_assert_max_num_queries(15):
        page = words(client.get(PAGE))
    assert page.count("To Ruth Adeyemi") == MOST
    assert f"There are {MOST + 2} in all, the oldest first." in page
    after = page.split('href="?after=')[1].split('"')[0]
    shown = list(Message.objects.parked().order_by("parked_at", "pk"))
    sending.give_up(shown[0].pk, timezone.now(), by=portal_admin)  # moves nothing
    second = words(client.get(f"{PAGE}?after={after}"))
    assert second.count("To Ruth Adeyemi") == 2
    assert all(str(each.pk) in second for each in shown[MOST:])
    assert "Back to the first page" in second
    for wrong in ("x", "1e999_x", f"nan_{shown[0].pk}", f"{10**30}_{shown[0].pk}"):
        assert words(client.get(f"{PAGE}?after={wrong}")).count("To Ruth Adeyemi") == MOST
