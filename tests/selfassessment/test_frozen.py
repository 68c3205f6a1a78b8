"""What is frozen when a form is signed."""

import json

from selfassessment.models import Answer
from selfassessment.reports.frozen import digest, frozen
from selfassessment.terms import Rating
from tests.selfassessment import forms


def test_what_is_frozen_says_all_that_a_report_needs(full):
    form = full.school.assessments.get(cycle__year=2026)
    content = frozen(form)
    assert json.loads(json.dumps(content)) == content
    assert (content["agency"], content["year"]) == ("Fellgate High School", 2026)
    assert len(content["asked"]) == 46
    assert content["overall"]["gaps"] == ["LG1"]
    assert content["overall"]["last_year"]["percent"] == "33.3"
    assert len(content["overall"]["changed"]["improved"]) == 45
    [first] = [each for each in content["asked"] if each["code"] == "LG1"]
    assert (first["rating"], first["last_year"]) == ("not_in_place", "developing")
    assert first["position"].startswith("Where we are with")


def test_the_digest_changes_with_any_word(full):
    form = full.school.assessments.get(cycle__year=2026)
    before = frozen(form)
    same = digest(before, "It is a fair picture.")
    assert same == digest(frozen(form), "It is a fair picture.")
    assert same != digest(before, "It is a fair picture")
    Answer.objects.filter(assessment=form, standard=forms.standard("LG2")).update(
        rating=Rating.EMBEDDED
    )
    assert digest(frozen(form), "It is a fair picture.") != same


def test_freezing_asks_no_more_of_a_full_form(full, django_assert_max_num_queries):
    form = full.school.assessments.get(cycle__year=2026)
    with django_assert_max_num_queries(24):
        frozen(form)
