"""The standards: what the house's own set holds, how files are read, and what stays as it is."""

import re

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.utils import timezone

from clauses.register import dependants
from guidance import content
from selfassessment.models import Standard, StandardSet
from selfassessment.standards import loading, reading
from selfassessment.terms import FormType, Weight

HOUSE = reading.FOLDER / "2026.1.yaml"
SECTIONS = ["LG", "RA", "PW", "PS", "RP", "CH", "IS", "TR", "ON", "PE", "EQ", "CR"]
# Section 2 of the standards' own document: how many standards each type is asked, by section.
ASKED = {
    "LA": [5, 4, 4, 4, 6, 3, 5, 5, 4, 4, 5, 2, 51],
    "SE": [5, 4, 2, 4, 6, 2, 4, 5, 4, 3, 4, 3, 46],
    "FH": [5, 4, 4, 4, 6, 2, 4, 5, 4, 4, 5, 3, 50],
    "HL": [5, 4, 4, 4, 6, 2, 5, 5, 4, 3, 5, 2, 49],
    "PO": [5, 4, 4, 4, 6, 2, 4, 5, 3, 1, 5, 3, 46],
    "CJ": [5, 4, 4, 4, 6, 2, 4, 5, 4, 1, 4, 3, 46],
    "VC": [5, 3, 2, 4, 6, 1, 4, 5, 3, 4, 4, 2, 43],
}
CRITICAL = [
    "LG1",
    "LG2",
    "RA1",
    "PW1",
    "PS1",
    "RP1",
    "RP2",
    "RP3",
    "RP5",
    "CH1",
    "CH3",
    "IS1",
    "IS2",
    "IS4",
    "TR1",
    "TR2",
    "ON1",
    "EQ1",
    "EQ2",
]
MUSTS = ["LG4", "CH1", "CH2", "CH3", "IS1", "IS4", "IS5", "EQ1"]


@pytest.fixture(scope="module")
def house():
    return reading.read_file(HOUSE)


@pytest.fixture
def stored(db):
    loading.load()
    return StandardSet.objects.get(version="2026.1")


def changed(**lines):
    """The house's file with some of its text replaced; each key names what, only for reading."""
    text = HOUSE.read_text()
    for before, after in lines.values():
        assert before in text
        text = text.replace(before, after, 1)
    return text


# --- What the set holds ---------------------------------------------------------------------------
def test_the_set_has_twelve_sections_and_fifty_four_standards(house):
    assert [section.code for section in house.sections] == SECTIONS
    assert len(house.standards) == 54
    assert sum(one.short_form for one in house.standards) == 23
    assert [one.code for one in house.standards if one.critical] == CRITICAL
    assert [one.code for one in house.standards if one.weight == "must"] == MUSTS
    assert len({section.short_name for section in house.sections}) == 12
    assert not any(" " in section.short_name for section in house.sections)


@pytest.mark.parametrize("kind", FormType.values)
def test_each_type_is_asked_as_many_as_agreed(house, kind):
    asked = [one for one in house.standards if kind in one.applies_to]
    by_section = [sum(one.section == code for one in asked) for code in SECTIONS]
    assert [*by_section, len(asked)] == ASKED[kind]


def test_every_clause_a_standard_names_is_in_the_guidance(house):
    there = set(re.findall(r"\{([A-Z]{3}-\d+)\}", " ".join(s.text for s in content.sources())))
    assert {code for one in house.standards for code in one.clauses} <= there


def test_every_file_of_the_house_can_follow_the_one_before(house):
    sets = [reading.read_file(path) for path in reading.files()]
    assert list(reading.problems_between(sets)) == []


# --- As rows --------------------------------------------------------------------------------------
def test_a_form_asks_the_standards_of_its_type_in_order(stored):
    school = stored.standards.of(FormType.SE)
    assert school.count() == 46
    assert [one.code for one in school][:6] == ["LG1", "LG2", "LG3", "LG4", "LG5", "RA1"]
    assert stored.standards.of(FormType.SE, short=True).count() == 23
    assert list(stored.sections.values_list("code", flat=True)) == SECTIONS


def test_a_must_of_the_duty_is_a_should_for_those_it_does_not_bind(stored):
    briefed = stored.standards.get(code="LG4")
    assert briefed.weight_for(FormType.SE) == Weight.MUST
    assert briefed.weight_for(FormType.VC) == Weight.SHOULD
    assert briefed.weight_for(FormType.HL, specified=True) == Weight.MUST
    assert briefed.weight_for(FormType.HL, specified=False) == Weight.SHOULD
    data = stored.standards.get(code="IS4")  # data protection holds for all
    assert data.weight_for(FormType.VC) == data.weight_for(FormType.HL, specified=False) == "must"


def test_readers_are_told_titles_instead_of_tags(stored):
    first = stored.standards.get(code="LG1")
    words = first.basis_for_readers(stored.sources)
    assert words[0].startswith("Prevent duty guidance: England and Wales (2023)")
    assert not any("[" in one or "†" in one for one in words)


def test_what_is_stored_says_the_same_as_the_file(stored, house):
    assert loading.text_of(stored) == house
    assert stored.source_sha256 == house.sha256


def test_an_editor_of_the_guidance_sees_which_standards_rest_on_a_clause(stored):
    resting = dependants(["NCS-3"])["NCS-3"]
    assert ("RP2", "Immediate danger") in [(one.code, one.what) for one in resting]


# --- The command ----------------------------------------------------------------------------------
def test_loading_twice_changes_nothing(stored, capsys):
    before = list(Standard.objects.values_list("pk", flat=True))
    call_command("load_standards")
    assert capsys.readouterr().out == "1 unchanged\n"
    assert list(Standard.objects.values_list("pk", flat=True)) == before


def test_the_files_of_the_house_have_nothing_to_put_right(db, capsys):
    call_command("load_standards", "--check")
    assert capsys.readouterr().out == "Nothing to put right\n"
    assert not StandardSet.objects.exists()


def test_a_set_nobody_uses_yet_can_be_put_right(stored, tmp_path, capsys):
    file = tmp_path / "2026.1.yaml"
    file.write_text(changed(one=("title: Senior accountable lead", "title: Senior lead")))
    call_command("load_standards", file)
    assert capsys.readouterr().out == "1 updated\n"
    assert stored.standards.get(code="LG1").title == "Senior lead"


def test_a_used_set_is_not_loaded_over(stored, tmp_path, capsys):
    stored.mark_used(timezone.now())
    file = tmp_path / "2026.1.yaml"
    file.write_text(changed(one=("title: Senior accountable lead", "title: Senior lead")))
    with pytest.raises(CommandError, match="1 to put right"):
        call_command("load_standards", "--check", file)
    assert capsys.readouterr().out == (
        "2026.1: agencies have forms with this version, so it stays as it is; "
        "write the changes as a new version\n"
    )
    with pytest.raises(CommandError, match="agencies have forms"):
        call_command("load_standards", file)
    call_command("load_standards")  # the same words may be loaded as often as one likes


@pytest.mark.parametrize(
    "statement",
    [
        lambda stored: stored.standards.filter(code="LG1").update(title="Other"),
        lambda stored: stored.standards.filter(code="LG1").delete(),
        lambda stored: stored.sections.update(name="Other"),
        lambda stored: StandardSet.objects.filter(pk=stored.pk).update(title="Other"),
        lambda stored: StandardSet.objects.filter(pk=stored.pk).update(used_at=None),
        lambda stored: stored.delete(),
        lambda stored: stored.standards.create(
            section=stored.sections.first(), code="LG9", weight="must", evidence=[], applies_to=[],
            basis=[], order=99,
        ),
    ],
)  # fmt: skip
def test_the_database_itself_keeps_a_used_set(stored, statement):
    stored.mark_used(timezone.now())
    with pytest.raises(DatabaseError, match="stay as they are"), transaction.atomic():
        statement(stored)
    stored.mark_used(timezone.now())  # safe to repeat


# --- Files that are wrong -------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("version: '2026.1'", "version: 1", "version: “1”; write year and number: '2026.1'"),
        ("weight: should", "weight: may", "LG1: weight: “may”; write must or should"),
        ("critical: true", "critical: yes", "LG1: critical: “yes”; write true or false"),
        ("text: >-", "txt: >-", "LG1: “txt” is not known; write code, title, text, weight"),
        ("text: >-", "txt: >-", "LG1: text is missing; write it"),
        ("[LA, SE, FH", "[LA, SX, FH", "LG1: applies_to: “SX”; write some of LA, SE, FH, HL"),
        ("code: LG2", "code: LG1", "standard LG1 is there twice; the first is on line"),
        ("code: LG2", "code: Two", "code: “Two”; write its section and a number: LG1"),
        ("code: LG2", "code: XX2", "XX2: there is no section XX; add it, or mend the code"),
        ("[LOC-7]", "[LOC7]", "LG1: clauses: “LOC7”; they look like NCS-3"),
        ("[S14] obj", "[S99] obj", "LG1: basis: [S99] is not among sources; add it there"),
        ("short_name: Leaders", "short_name: Those who lead", "LG: short_name: 14 characters; "),
        ("embedded: >-", "empty: >-", "LG1: levels: “empty” is not known; write not_in_place, "),
        ("      - Job description", "      - ''", "LG1: evidence is empty; write it"),
        ("  - code: CR\n", "  - code: ZZ\n", "section ZZ has no standards; give it one"),
        ("    evidence:\n", "    evidence: none\n    more:\n", "LG1: evidence: write a list"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_to_write(before, after, said):
    text = changed(it=(before, after))
    with pytest.raises(reading.StandardsError) as error:
        reading.read(text, "2026.1.yaml")
    found = next(one for one in error.value.problems if said in one)
    line = int(found.split(":")[1])
    assert found.startswith(f"2026.1.yaml:{line}: ")
    assert 1 <= line <= text.count("\n")


def test_text_that_is_not_yaml_is_named_with_its_line():
    with pytest.raises(reading.StandardsError, match=r"^a\.yaml:2: "):
        reading.read("version: '2026.1'\ntitle: [", "a.yaml")
    with pytest.raises(reading.StandardsError, match=r"^a\.yaml:1: the file needs version"):
        reading.read("", "a.yaml")


def test_a_file_is_named_after_its_version(tmp_path):
    (tmp_path / "2027.1.yaml").write_text(HOUSE.read_text())
    with pytest.raises(reading.StandardsError, match=r"version is 2026\.1; name the file after it"):
        reading.read_file(tmp_path / "2027.1.yaml")


def test_ten_comes_after_nine(tmp_path):
    for name in ("2026.10.yaml", "2026.9.yaml", "2025.1.yaml", "notes.yaml"):
        (tmp_path / name).touch()
    assert [path.stem for path in reading.files(tmp_path)] == ["2025.1", "2026.9", "2026.10"]
    text = HOUSE.read_text().replace("version: '2026.1'", "version: 2026.10")
    assert reading.read(text).version == "2026.10"  # no number, though it looks like one


# --- From one version to the next -----------------------------------------------------------------
def version(number, *, without=(), **replaced):
    whole = yaml.load(HOUSE.read_text(), Loader=yaml.BaseLoader)  # noqa: S506 - makes text, lists and maps only
    whole["version"] = number
    whole["standards"] = [
        {**one, **replaced.get(one["code"], {})}
        for one in whole["standards"]
        if one["code"] not in without
    ]
    return reading.read(yaml.safe_dump(whole, sort_keys=False))


def test_a_code_is_never_used_again(house):
    sets = [house, version("2027.1", without=["LG5"]), version("2028.1")]
    assert list(reading.problems_between(sets)) == [
        "2028.1: LG5 was taken out in 2027.1, and a code is never used again; "
        "give the standard a new number"
    ]
    assert list(reading.problems_between(sets[:2])) == []


def test_a_code_that_was_taken_out_is_refused_at_loading(stored):
    loading.store(version("2027.1", without=["LG5"]))
    with pytest.raises(reading.StandardsError, match=r"LG5 was taken out in 2027\.1"):
        loading.store(version("2028.1"))
    assert not StandardSet.objects.filter(version="2028.1").exists()


def test_a_minor_version_only_makes_wording_clearer(house):
    clearer = version("2026.2", LG1={"title": "The senior lead"})
    assert list(reading.problems_between([house, clearer])) == []
    other = version("2026.2", without=["LG5"], LG1={"weight": "must"})
    assert list(reading.problems_between([house, other])) == [
        "LG5 is missing in 2026.2, a minor version of 2026.1; write it, or give the set a new year",
        "LG1: weight changes in 2026.2, a minor version of 2026.1; leave it, or give the set a "
        "new year",
    ]
    assert list(reading.problems_between([house, version("2027.1", LG1={"weight": "must"})])) == []
