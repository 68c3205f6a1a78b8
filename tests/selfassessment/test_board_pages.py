"""The board's pages: who opens them, what they ask of the database, and their sheets."""

from io import BytesIO

import openpyxl
import pytest
from django.urls import reverse

from tests.entry import enter
from tests.selfassessment import forms

PAGES = ("board", "board_taking_part", "board_standards", "board_years")


@pytest.mark.parametrize("name", PAGES)
def test_only_the_board_opens_its_pages(full, name):
    for person in (full.lead, full.senior, full.moderator, full.stranger):
        assert enter(person).get(reverse(f"selfassessment:{name}")).status_code == 403
    for person in (full.board_member, full.manager):
        assert enter(person).get(reverse(f"selfassessment:{name}")).status_code == 200


@pytest.mark.parametrize("name", [*PAGES, "board_standard"])
def test_pages_ask_no_more_with_more_agencies(full, name, django_assert_max_num_queries):
    for number in range(30):
        forms.signed(forms.school_called(f"School {number:03}"), full)
    address = reverse(f"selfassessment:{name}", args=["LG1"] if name == "board_standard" else [])
    client = enter(full.board_member)
    client.get(address)
    with django_assert_max_num_queries(15):
        assert client.get(address).status_code == 200


def test_no_page_of_the_board_holds_what_an_agency_wrote(full):
    client = enter(full.board_member)
    for name in PAGES:
        assert b"Where we are with" not in client.get(reverse(f"selfassessment:{name}")).content


def test_the_sheets_open_and_hold_numbers(full):
    full.school.name = "=Fellgate"
    full.school.save()
    client = enter(full.board_member)
    sheet = reverse("selfassessment:board_sheet", kwargs={"name": "map", "ending": "xlsx"})
    book = openpyxl.load_workbook(BytesIO(client.get(sheet).content))
    lines = {row[0]: row for row in book.active.iter_rows(values_only=True)}
    assert lines["'=Fellgate"][3] == pytest.approx(65.2)
    for name in ("taking-part", "standards"):
        address = reverse("selfassessment:board_sheet", kwargs={"name": name, "ending": "csv"})
        assert client.get(address).status_code == 200
