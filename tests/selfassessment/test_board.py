"""What the board sees: scores of what was signed, nobody's words, and no single person."""

from datetime import date
from decimal import Decimal

import pytest
from django.http import QueryDict

from agencies.models import Agency
from agencies.terms import AgencyType
from selfassessment.board import common, heatmap, participation, small, standards, years
from selfassessment.board.filters import Filters
from selfassessment.models import Assessment, Profile
from selfassessment.terms import EvidenceKind, FormType, Rating, Status
from tests.factories import AgencyFactory, LocalityFactory
from tests.selfassessment import forms

TODAY = date(2026, 12, 3)


def asked(words: str = "") -> Filters:
    return Filters.read(QueryDict(words))


def small_settings(number: int) -> list[Agency]:
    """Childminders who work alone, with the short form."""
    made: list[Agency] = []
    for _each in range(number):
        agency = AgencyFactory(kind=AgencyType.EARLY_YEARS)
        Profile.objects.create(
            agency=agency, form_type=FormType.SE, short_form=True, is_one_person=True
        )
        made.append(agency)
    return made


def the_map(cast: forms.Cast, words: str = "") -> heatmap.HeatMap:
    return heatmap.heat_map(asked(words), user=cast.board_member, today=TODAY)


def rows(found: heatmap.HeatMap) -> dict[str, heatmap.Row]:
    return {row.name: row for group in found.groups for row in group.rows}


def test_a_cell_says_word_score_change_and_gaps(full):
    row = rows(the_map(full))["Fellgate High School"]
    whole, leaders = row.cells[0], row.cells[1]
    assert (whole.word, whole.gaps) == ("Amber", "1 gap")
    assert (leaders.word, leaders.look, leaders.number) == ("Red", "red", "53.3")
    assert (leaders.change, leaders.gaps) == ("+20.0", "1 gap")
    assert len(row.cells) == 13


def test_what_is_not_signed_has_no_score(full):
    row = rows(the_map(full))["Little Wharfe Primary"]
    assert not row.cells
    assert row.instead == "Not signed off. Overdue since Monday 30 November. Drafts are not shown."


def test_a_change_voids_and_takes_the_score_away(full):
    Assessment.objects.filter(agency=full.school).update(status=Status.RETURNED, signed_at=None)
    assert rows(the_map(full))["Fellgate High School"].instead.startswith("Returned")


def test_who_works_alone_stands_in_no_row_of_their_own(full):
    for agency in small_settings(4):
        forms.signed(agency, full)
    shown = rows(the_map(full))
    assert shown["Small settings"].instead.startswith("Grouped so that nobody can be picked out")
    assert not {agency.name for agency in Agency.objects.filter(kind="early_years")} & set(shown)


def test_five_who_work_alone_have_a_middle(full):
    for agency in small_settings(5):
        forms.signed(agency, full)
    [name] = [name for name in rows(the_map(full)) if name.startswith("Small settings")]
    assert name == "Small settings (5 signed off), the middle of them"
    assert rows(the_map(full))[name].cells[0].number == "66.7"


def test_one_who_works_alone_cannot_be_worked_out(full):
    """Neither by the middle of a type, nor by a count beside the named, nor by a difference."""
    for agency in small_settings(5):
        forms.signed(agency, full, Rating.NOT_IN_PLACE)
    forms.signed(forms.school_called("Moorside"), full)
    assert not any(row.is_middle for row in rows(the_map(full)).values())
    found = standards.themes(asked(), user=full.board_member)
    assert [(each.standard.code, each.asked) for each in found] == [("LG1", 2)]
    assert heatmap.critical_gaps(asked(), user=full.board_member) == {"LG1": 1}
    assert len(standards.spread_of(forms.standard("LG2"), asked(), user=full.board_member)) == 2
    [one] = small_settings(1)
    one.locality = LocalityFactory(code="YK")
    one.save()
    forms.signed(one, full)
    here = asked("place=NY")
    assert rows(the_map(full, "place=NY"))["Small settings"].instead
    assert len(standards.spread_of(forms.standard("LG2"), here, user=full.board_member)) == 1


def test_whether_one_who_works_alone_has_signed_is_told_by_no_count(full):
    [signed, late] = small_settings(2)
    forms.signed(signed, full, Rating.NOT_IN_PLACE)
    forms.form_of(late)
    for words in ("", "place=NY", "kind=SE", "signed=yes", "signed=no"):
        found = participation.participation(asked(words), user=full.board_member, today=TODAY)
        assert found.total is not None
        named = [name for name in rows(the_map(full, words)) if name != "Small settings"]
        assert [line.all for line in (found.total, *found.by_type, *found.by_place)] == [
            len(named)
        ] * 3
        assert the_map(full, words).agencies == len(named)
        assert "Small settings" in rows(the_map(full, words)), words


def test_a_locality_is_not_told_by_those_beside_it(full):
    """All less two localities of five would be the one childminder of the third."""
    places = [LocalityFactory(code=code) for code in ("YK", "HX", "BD")]
    alone = small_settings(11)
    for number, agency in enumerate(alone):
        agency.locality = places[min(number // 5, 2)]
        agency.save()
        forms.signed(agency, full, Rating.NOT_IN_PLACE)
    for code in ("YK", "HX", "BD"):
        assert rows(the_map(full, f"place={code}"))["Small settings"].instead
    assert "Small settings (11 signed off), the middle of them" in rows(the_map(full))
    for words, number in (("", 11), ("kind=SE", 0), ("place=YK", 0)):
        assert standards.gaps(asked(words), user=full.board_member)[1] == number


def test_an_agency_of_two_boards_has_two_rows(full):
    york = LocalityFactory(code="YK")
    for year in (2025, 2026):
        form = full.school.assessments.get(cycle__year=year)
        other = forms.form_of(full.school, year=year, board=york, answers_of=form)
        forms.put_in(other, Status.SIGNED, full)
    shown = rows(the_map(full))
    assert {"Fellgate High School", "Fellgate High School, for York"} <= set(shown)


def test_three_agencies_of_a_type_have_a_middle(full):
    assert not any(row.is_middle for row in rows(the_map(full)).values())
    for number in range(2):
        forms.signed(forms.school_called(f"Moorside {number}"), full, Rating.EMBEDDED)
    middle = rows(the_map(full))["Middle of 3 signed off"]
    assert middle.cells[0].number == "100.0"


def test_pages_have_forty_rows_and_each_agency_once(full):
    for number in range(85):
        forms.form_of(forms.school_called(f"School {number:03}"))
    forms.signed(small_settings(1)[0], full)
    names = []
    for page in range(1, 4):
        found = the_map(full, f"page={page}")
        assert found.pages == 3
        names += [row.name for group in found.groups for row in group.rows]
    assert len(names) == len(set(names)) == 88
    assert sorted(names[:-1]) == names[:-1]
    assert names[-1] == "Small settings"
    assert the_map(full, "page=99").page == 3


def test_other_wording_breaks_the_comparison(full):
    standards_of_2025 = Assessment.objects.get(agency=full.school, cycle__year=2025).cycle
    other = forms.standard_set()
    other.pk, other.version, other.major, other.minor = None, "2025.1", 2025, 1
    other.used_at = None
    other.save()
    standards_of_2025.standards = other
    standards_of_2025.save()
    assert rows(the_map(full))["Fellgate High School"].cells[0].change == ""


def test_filters_stand_in_the_address_and_nonsense_is_no_fault(full):
    york = LocalityFactory(code="YK")
    forms.signed(forms.school_called("Minster Academy", locality=york), full)
    assert set(rows(the_map(full, "place=YK"))) == {"Minster Academy"}
    assert set(rows(the_map(full, "signed=no"))) == {"Little Wharfe Primary"}
    assert the_map(full, "kind=LA").groups == []
    assert len(rows(the_map(full, "year=x&place=%00&kind=!&page=-1&order=?"))) == 3


def test_the_headline_counts_and_names_the_gaps(full):
    assert heatmap.headline(the_map(full), asked(), user=full.board_member) == [
        "1 of 2 agencies have signed off.",
        "Critical gaps, with how many agencies have each: LG1 (1).",
    ]


def test_taking_part_counts_every_form_once(full):
    found = participation.participation(asked(), user=full.board_member, today=TODAY)
    assert found.total is not None
    assert (found.total.all, found.total.late, found.total.share) == (2, 1, "50%")
    assert sum(found.total.numbers) == 2
    assert "Signed off 1" in found.by_type[0].chart


def test_one_standard_shows_how_each_type_rated_it(full):
    found = standards.spread_of(forms.standard("LG1"), asked(), user=full.board_member)
    assert [(each.name, list(each.numbers)) for each in found] == [
        ("School, early years", [1, 0, 0, 0, 0])
    ]


def test_themes_and_gaps_say_where_there_is_work(full):
    themes = standards.themes(asked(), user=full.board_member)
    assert [(each.standard.code, each.short, each.asked) for each in themes] == [("LG1", 1, 1)]
    gaps, alone = standards.gaps(asked(), user=full.board_member)
    [found] = gaps
    assert found.agency == "Fellgate High School"
    assert [(gap.code, gap.again) for gap in found.gaps] == [("LG1", False)]
    assert alone == 0


def test_years_need_three_agencies_and_say_what_changed(full):
    assert years.lines(asked(), user=full.board_member) == []
    changes = years.changes(asked(), user=full.board_member)
    assert changes is not None
    assert (changes.better, changes.same, changes.worse) == (45, 0, 1)
    for number in range(2):
        agency = forms.school_called(f"Moorside {number}")
        forms.signed(agency, full, Rating.DEVELOPING, year=2025)
        forms.signed(agency, full)
    whole = years.lines(asked(), user=full.board_member)[0]
    assert [point.percent for point in whole.points] == [Decimal("33.3"), Decimal("66.7")]
    assert "2025 33.3; 2026 66.7" in whole.chart


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ([9, 8, 7], [9, 8, 7]),
        ([9, 8, 3], [9, None, None]),
        ([9, 2, 3], [9, None, None]),
        ([9, 0, 3], [None, 0, None]),
        ([0, 3], [0, None]),
    ],
)
def test_small_counts_cannot_be_worked_out(counts, shown):
    assert small.hidden(counts) == shown


def test_common_evidence_and_actions_are_counted_without_words(full):
    asked_of = forms.standard("LG1")
    example = asked_of.evidence[0]
    made = [forms.signed(forms.school_called(f"School {each}"), full) for each in range(10)]
    for place, form in enumerate(made):
        titles = [f"{example} of our governors"] * (place < 6) + ["A talk"] * (place < 2)
        for title in titles:
            kind = EvidenceKind.INTERVIEW if title == "A talk" else EvidenceKind.DOCUMENT
            piece = forms.evidence(form, full, title=title, kind=kind, standards=[asked_of])
            assert piece.uses.count() == 1
    found = common.common(asked_of, forms.cycle_of(), user=full.board_member, today=TODAY)
    kinds = {line.name: line.number for line in found.kinds}
    assert found.agencies == 11
    assert kinds == {
        "Document": 6,
        "Data": 0,
        "Observation": 0,
        "Link": 0,
        "Interview": None,  # two: too few to be shown
    }
    assert {line.name: line.number for line in found.named}[example] == 6
    assert {line.name: line.number for line in found.actions}["An action"] == 0


def test_common_evidence_needs_five_agencies_and_never_one_who_works_alone(full):
    for agency in small_settings(9):
        forms.signed(agency, full)
    found = common.common(
        forms.standard("LG2"), forms.cycle_of(), user=full.board_member, today=TODAY
    )
    assert (found.agencies, found.kinds, found.actions) == (1, (), ())
    outsider = common.common(forms.standard("LG2"), forms.cycle_of(), user=full.lead, today=TODAY)
    assert outsider.agencies == 0


def test_all_but_a_few_is_as_telling_as_a_few(full):
    asked_of = forms.standard("LG1")
    for place in range(9):
        form = forms.signed(forms.school_called(f"School {place}"), full)
        if place:
            forms.evidence(form, full, title="A", kind=EvidenceKind.DATA, standards=[asked_of])
    found = common.common(asked_of, forms.cycle_of(), user=full.board_member, today=TODAY)
    assert {line.name: line.number for line in found.kinds}["Data"] is None
