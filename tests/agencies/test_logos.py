"""Logos: who sets them, what becomes of the picture, and where they are printed."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from agencies import logos
from agencies.models import Logo
from agencies.terms import Role
from audit.models import AuditEvent
from tests.entry import enter
from tests.factories import AgencyFactory, LocalityFactory, MembershipFactory

pytestmark = pytest.mark.django_db


def picture(kind="PNG", size=(1200, 400)) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA" if kind == "PNG" else "RGB", size, "navy").save(out, kind)
    return out.getvalue()


def send(browser, place, content=None, name="logo.png", **more):
    url = reverse("agencies:logo", args=[place])
    upload = SimpleUploadedFile(name, picture() if content is None else content)
    said = {"upload": upload, "words": "Three hills", "end": "all", **more}
    return browser.post(url, said)


def test_an_administrator_sets_and_takes_away_the_logo_of_an_agency():
    agency = AgencyFactory()
    admin = MembershipFactory(agency=agency, role=Role.AGENCY_ADMIN).person
    browser = enter(admin)
    assert send(browser, agency.pk).status_code == 302
    logo = Logo.objects.get(agency=agency)
    with Image.open(io.BytesIO(bytes(logo.picture))) as kept:
        assert (kept.format, kept.mode, kept.size) == ("PNG", "RGB", (900, 300))
    page = browser.get(reverse("agencies:logo", args=[agency.pk])).text
    assert 'alt="Three hills"' in page
    send(browser, agency.pk, words="Four hills")
    assert Logo.objects.get().words == "Four hills"
    browser.post(reverse("agencies:logo", args=[agency.pk]), {"take_away": "1"})
    assert not Logo.objects.exists()
    kinds = AuditEvent.objects.filter(kind__startswith="agency.logo").values_list("kind", flat=True)
    assert sorted(kinds) == ["agency.logo_set", "agency.logo_set", "agency.logo_taken_away"]


def test_the_logo_of_a_board_is_its_managers_and_nobody_elses():
    board = LocalityFactory()
    manager = MembershipFactory(role=Role.MODERATION_MANAGER).person
    assert send(enter(manager), board.code).status_code == 302
    assert Logo.objects.get().locality == board
    agency = AgencyFactory(locality=board)
    others = [
        MembershipFactory(agency=agency, role=Role.LEAD).person,
        MembershipFactory(agency=AgencyFactory(), role=Role.AGENCY_ADMIN).person,
        MembershipFactory(role=Role.BOARD_MEMBER).person,
    ]
    for person in others:
        for place in (board.code, agency.pk, "portal"):
            url = reverse("agencies:logo", args=[place])
            assert enter(person).get(url).status_code == 404
            assert send(enter(person), place).status_code == 404
    assert Logo.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "logo.png", "is empty"),
        (b"<svg onload=alert(1)>", "logo.svg", "of a kind that we do not take"),
        (b"not a picture", "logo.png", "cannot be read as the picture"),
        (b"Just words.", "logo.txt", "is not a picture"),
    ],
)
def test_only_pictures_are_taken(content, name, said):
    agency = AgencyFactory()
    admin = MembershipFactory(agency=agency, role=Role.AGENCY_ADMIN).person
    assert said in send(enter(admin), agency.pk, content, name).text
    assert not Logo.objects.exists()


def test_a_head_has_what_there_is():
    agency, board = AgencyFactory(), LocalityFactory(code="YK")
    assert logos.head(agency=agency.pk, board=board.pk).logos == []
    by = MembershipFactory(role=Role.PORTAL_ADMIN).person
    Logo.objects.create(locality=board, picture=b"b", words="Board", added_by=by)
    Logo.objects.create(agency=agency, picture=b"a", words="Agency", added_by=by)
    assert [words for _path, words in logos.head(agency=agency.pk, board=board.pk).logos] == [
        "Agency",
        "Board",
    ]
    assert logos.head().logos == []
