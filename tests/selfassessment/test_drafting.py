"""The next version: as files people work on, what is different in it, and who may change it."""

import io
from dataclasses import replace

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from agencies.terms import Role
from audit.models import AuditEvent
from selfassessment.models import StandardSet
from selfassessment.standards import drafting, exchange, loading, reading
from selfassessment.standards.differences import changed_meaning, differences
from tests.factories import MembershipFactory, UserFactory

HOUSE = reading.read_file(reading.FOLDER / "2026.1.yaml")


def edited(text, code, /, **changes):
    standards = (replace(one, **changes) if one.code == code else one for one in text.standards)
    return replace(text, standards=tuple(standards))


def from_sheet(data, **others):
    as_house = {"version": HOUSE.version, "title": HOUSE.title, "sources": HOUSE.sources}
    return exchange.from_spreadsheet(data, **{**as_house, **others})


# --- Files ----------------------------------------------------------------------------------------
def test_a_set_that_is_written_as_yaml_reads_the_same():
    written = exchange.as_yaml(HOUSE)
    assert reading.read(written) == HOUSE
    assert "applies_to: [LA, SE, FH, HL, PO, CJ, VC]" in written


def test_a_set_that_is_written_as_a_spreadsheet_reads_the_same():
    assert from_sheet(exchange.as_spreadsheet(HOUSE)) == HOUSE


def test_no_cell_of_a_spreadsheet_is_a_formula():
    sly = edited(HOUSE, "LG1", title='=HYPERLINK("http://example.org")', evidence=("+1", "@x"))
    data = exchange.as_spreadsheet(sly)
    cells = [cell for row in openpyxl.load_workbook(io.BytesIO(data)).active for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not any(str(cell.value or "").startswith(("=", "+", "-", "@")) for cell in cells)
    assert from_sheet(data) == sly


def test_a_mistake_in_a_spreadsheet_is_named_with_its_row():
    book = openpyxl.load_workbook(io.BytesIO(exchange.as_spreadsheet(HOUSE)))
    sheet = book.active
    column = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(3, column["weight"]).value = "may"
    sheet.cell(4, column["critical"]).value = "perhaps"
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(reading.StandardsError) as error:
        from_sheet(out.getvalue(), name="standards.xlsx")
    assert error.value.problems == [
        "standards.xlsx:3: LG2: weight: “may”; write must or should",
        "standards.xlsx:4: LG3: critical: “perhaps”; write true or false",
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"code,title\nLG1,A", "add the columns section, section_name"),
        (b"PK\x03\x04nothing", "cannot read this spreadsheet"),
    ],
)
def test_a_file_that_is_no_set_is_refused_in_a_sentence(data, said):
    with pytest.raises(reading.StandardsError, match=said):
        from_sheet(data)


# --- Differences ----------------------------------------------------------------------------------
def test_nothing_differs_from_itself():
    assert differences(HOUSE, HOUSE) == []


def test_a_minor_version_is_clearer_wording_word_by_word():
    levels = (*HOUSE.by_code["LG1"].levels[:3], "The leader drives improvement all year.")
    after = edited(replace(HOUSE, version="2026.2"), "LG1", title="Senior lead", levels=levels)
    (found,) = differences(HOUSE, after)
    assert found.in_words == "LG1 Senior lead: wording made clearer (Title, Embedded)"
    title = found.parts[0].lines
    assert [(piece.kind, piece.words.strip()) for line in title for piece in line] == [
        ("same", "Senior"),
        ("went", "accountable"),
        ("same", "lead"),
    ]
    assert changed_meaning(HOUSE, after) == set()


def test_a_new_year_may_change_meaning_and_says_so():
    after = edited(replace(HOUSE, version="2027.1"), "LG1", text="Someone is accountable.")
    after = edited(after, "LG2", evidence=("Rota",))
    after = edited(after, "LG3", critical=True)
    new = replace(HOUSE.by_code["CR4"], code="CR5", title="New")
    left = tuple(one for one in after.standards if one.code != "LG5")
    after = replace(after, standards=(*left, new))
    assert [(one.code, one.kind) for one in differences(HOUSE, after)] == [
        ("LG1", "meaning"),
        ("LG2", "wording"),
        ("LG3", "meaning"),
        ("CR5", "added"),
        ("LG5", "removed"),
    ]
    assert changed_meaning(HOUSE, after) == {"LG1", "LG3"}


# --- Drafting -------------------------------------------------------------------------------------
@pytest.fixture
def stored(db):
    loading.load()
    return StandardSet.objects.get(version="2026.1")


def holder(role):
    person = UserFactory()
    MembershipFactory(person=person, role=role, agency=None, locality=None)
    return person


@pytest.fixture
def manager(stored):
    return holder(Role.MODERATION_MANAGER)


def test_a_draft_begins_as_the_latest_set_and_is_changed_and_published(stored, manager):
    draft = drafting.begin("2027.1", by=manager)
    assert draft.title == "Prevent self-assessment standards 2027"
    begun = loading.text_of(draft)
    assert replace(begun, version="2026.1", title=HOUSE.title) == HOUSE
    changed = replace(HOUSE.by_code["LG1"], title="Senior lead")
    drafting.put(draft, changed, by=manager)
    drafting.put(draft, replace(changed, code="LG6", title="A new one"), by=manager)
    drafting.take_out(draft, "LG5", by=manager)
    codes = list(draft.standards.values_list("code", flat=True))
    assert codes[:6] == ["LG1", "LG2", "LG3", "LG4", "LG6", "RA1"]
    assert StandardSet.objects.latest_published() == stored
    drafting.publish(draft, by=manager)
    assert StandardSet.objects.latest_published() == draft
    kinds = AuditEvent.objects.filter(kind__startswith="standards.").order_by("pk")
    assert list(kinds.values_list("kind", flat=True)) == [
        "standards.drafted",
        "standards.changed",
        "standards.changed",
        "standards.taken_out",
        "standards.published",
    ]
    for act in (drafting.publish, drafting.throw_away):
        with pytest.raises(reading.StandardsError, match="not a draft any more"):
            act(draft, by=manager)


def test_a_minor_draft_can_only_be_made_clearer(stored, manager):
    draft = drafting.begin("2026.2", by=manager)
    with pytest.raises(reading.StandardsError, match="or give the set a new year"):
        drafting.take_out(draft, "LG5", by=manager)
    with pytest.raises(reading.StandardsError, match="weight changes in 2026"):
        drafting.put(draft, replace(HOUSE.by_code["LG1"], weight="must"), by=manager)
    drafting.put(draft, replace(HOUSE.by_code["LG1"], title="Senior lead"), by=manager)
    assert draft.standards.get(code="LG1").title == "Senior lead"
    assert draft.standards.count() == 54


def test_there_is_one_draft_at_a_time(stored, manager):
    drafting.begin("2027.1", by=manager)
    with pytest.raises(reading.StandardsError, match="There is a draft already"):
        drafting.begin("2026.2", by=manager)
    with pytest.raises(reading.StandardsError, match="There is a draft already"):
        drafting.begin("2030.1", by=manager)


def test_a_whole_file_takes_the_place_of_a_draft(stored, manager):
    draft = drafting.begin("2027.1", by=manager)
    with pytest.raises(
        reading.StandardsError, match=r"holds version 2026\.1; the draft is 2027\.1"
    ):
        drafting.bring_in(draft, HOUSE, by=manager)
    brought = edited(replace(HOUSE, version="2027.1"), "LG1", title="Senior lead")
    stored = drafting.bring_in(draft, brought, by=manager)
    assert loading.text_of(stored) == brought
    # Whoever held the draft before it came keeps what came.
    stored = drafting.put(draft, HOUSE.by_code["LG1"], by=manager)
    assert loading.text_of(stored) == replace(HOUSE, version="2027.1")


def test_a_published_set_is_not_changed_by_hand(stored, manager):
    stored.mark_used(timezone.now())
    for act in (
        lambda: drafting.put(stored, HOUSE.by_code["LG1"], by=manager),
        lambda: drafting.take_out(stored, "LG1", by=manager),
        lambda: drafting.bring_in(stored, HOUSE, by=manager),
        lambda: drafting.throw_away(stored, by=manager),
    ):
        with pytest.raises(reading.StandardsError, match="not a draft any more"):
            act()


@pytest.mark.parametrize("role", [Role.BOARD_MEMBER, Role.MODERATOR, Role.PORTAL_ADMIN])
def test_only_the_partnership_s_manager_drafts(stored, manager, role):
    other = holder(role)
    draft = drafting.begin("2027.1", by=manager)
    for act in (
        lambda: drafting.begin("2027.1", by=other),
        lambda: drafting.put(draft, HOUSE.by_code["LG1"], by=other),
        lambda: drafting.take_out(draft, "LG1", by=other),
        lambda: drafting.bring_in(draft, HOUSE, by=other),
        lambda: drafting.publish(draft, by=other),
        lambda: drafting.throw_away(draft, by=other),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert drafting.can_read(other) is (role == Role.BOARD_MEMBER)
