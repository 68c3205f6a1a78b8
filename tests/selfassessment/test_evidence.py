"""Evidence: what may be shown, to whom, and what becomes of a file."""

from datetime import date, timedelta

from selfassessment.evidence import queries, terms
from selfassessment.models import Evidence, EvidenceUse, EvidenceVersion
from selfassessment.terms import EvidenceKind
from tests.selfassessment import forms
from vault import keys

TODAY = date(2026, 10, 5)


def kept(form, by, codes=("LG1",), *, files=0, at=forms.NOW, **more):
    """A piece of evidence in the rows, as the door leaves it, shown for some standards."""
    evidence = Evidence.objects.create(
        **{
            "agency": form.agency,
            "title": "Policy of the school",
            "kind": EvidenceKind.DOCUMENT,
            "owner": by,
            "dated_on": date(2026, 3, 1),
            "created_by": by,
            **more,
        }
    )
    for code in codes:
        EvidenceUse.objects.create(
            evidence=evidence, assessment=form, standard=forms.standard(code), added_by=by
        )
    if files:
        keys.new_case(evidence.pk)
    for number in range(1, files + 1):
        EvidenceVersion.objects.create(
            evidence=evidence,
            number=number,
            kind="txt",
            name=f"policy {number}.txt",
            size=4,
            sha256=f"{number}" * 64,
            content=b"text",
            state="clean",
            added_by=by,
            added_at=at + timedelta(days=number),
        )
    return evidence


def test_one_piece_stands_beside_each_standard_it_is_for(cast, form, django_assert_num_queries):
    kept(form, cast.lead, ["RP1", "LG1"], files=2)
    kept(form, cast.lead, ["LG1"], title="Second")
    with django_assert_num_queries(2):
        shown = queries.evidence_of(form)
    assert {code: [item.title for item in items] for code, items in shown.items()} == {
        "LG1": ["Policy of the school", "Second"],
        "RP1": ["Policy of the school"],
    }
    first = shown["LG1"][0]
    assert (first.codes, first.sha256, first.owner) == (("LG1", "RP1"), "2" * 64, cast.lead.name)
    assert shown["LG1"][1].sha256 == ""


def test_a_signed_form_shows_the_file_that_it_was_signed_with(cast, form):
    kept(form, cast.lead, files=2)
    assert queries.items_of(form)[0].sha256 == "2" * 64
    form.signed_at = forms.NOW + timedelta(days=1)
    assert queries.items_of(form)[0].sha256 == "1" * 64
    form.signed_at = forms.NOW
    assert queries.items_of(form)[0].sha256 == "1" * 64  # one that came later is better than none


def test_age_is_counted_in_calendar_months(cast, form):
    assert terms.months_before(date(2026, 8, 31)) == date(2025, 2, 28)
    old = kept(form, cast.lead, dated_on=date(2025, 4, 4), expires_on=date(2026, 10, 4))
    assert old.is_old(TODAY)
    assert old.is_expired(TODAY)
    edge = kept(form, cast.lead, dated_on=date(2025, 4, 5), expires_on=TODAY)
    assert not edge.is_old(TODAY)
    assert not edge.is_expired(TODAY)
