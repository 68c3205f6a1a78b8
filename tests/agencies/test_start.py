"""``manage.py start_partnership``: the first act in a new portal."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Terms, User
from agencies import opening, people
from agencies.models import Locality, Membership, Opening
from agencies.terms import Role

pytestmark = pytest.mark.django_db
SAID = [
    "--locality=NY=North Yorkshire",
    "--locality=yk=York",
    "--default=yk",
    "--day-starts=08:30",
    "--email=Noor@partnership.example.org",
    "--name=Noor Rahman",
]


@pytest.fixture(autouse=True)
def set_up():
    Opening.objects.all().delete()
    opening.forget()
    yield
    opening.forget()


def start(*said):
    out = StringIO()
    call_command("start_partnership", *said, stdout=out)
    return out.getvalue()


def test_it_makes_localities_and_the_first_administrator_and_says_what_is_left():
    said = start(*SAID)
    york = Locality.objects.get(code="YK")
    assert york.is_default
    assert f"{york.day_starts:%H:%M}" == "08:30"
    assert not Locality.objects.get(code="NY").is_default
    noor = User.objects.get(email="noor@partnership.example.org")
    assert people.has_role(noor, Role.PORTAL_ADMIN)
    assert "North Yorkshire, Police Prevent team: There is no such route." in said
    assert "There is no signed rule." in said
    assert "Privacy statement" in said
    assert "Day" in said  # a bank holiday


def test_the_first_administrator_sets_up_a_second_step_before_anything_else(client):
    start(*SAID)
    noor = User.objects.get(email="noor@partnership.example.org")
    client.force_login(noor)
    assert "/accounts/" in client.get("/agency/going-live/").headers["Location"]


def test_twice_is_once():
    start(*SAID)
    said = start(*SAID[:-2], "--email=other@partnership.example.org", "--name=Somebody Else")
    assert "There is a portal administrator already." in said
    assert "York: there already" in said
    assert Locality.objects.count() == 2
    assert Terms.objects.get().words.startswith("This is a draft")
    assert Membership.objects.filter(role=Role.PORTAL_ADMIN).count() == 1


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (["--locality=York", *SAID[4:]], "CODE=NAME"),
        ([*SAID[1:2], "--default=XX", *SAID[4:]], "none of the localities"),
        ([*SAID[:2], "--email=noor", "--name=Noor"], "not an e-mail address"),
        ([*SAID[:2], "--day-ends=07:00", *SAID[4:]], "must end after it starts"),
        (SAID[:2], "Say it by an option"),
        (["--locality=A=York", "--locality=B=York", *SAID[4:]], "already exists"),
    ],
)
def test_what_it_cannot_read_it_says_and_does_nothing(said, sentence):
    with pytest.raises(CommandError, match=sentence):
        start(*said)
    assert not Locality.objects.exists()
    assert not User.objects.exists()
