"""Two people on the page of one answer at the same moment (row S28)."""

from functools import partial

import pytest
from django.urls import reverse

from selfassessment.models import Answer, AnswerSave
from tests.entry import enter
from tests.referrals.test_races import ROUNDS, together

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_on_one_answer_one_is_refused_and_no_word_is_lost(cast, form):
    address = reverse("selfassessment:standard", args=[form.key, "LG1"])
    browsers = [enter(cast.lead), enter(cast.deputy)]
    for version in range(ROUNDS):
        words = [f"{who}, round {version}." for who in ("The lead", "The deputy")]
        sent = [{"seen": str(version), "rating": "in_place", "position": said} for said in words]
        pairs = zip(browsers, sent, strict=True)
        answers = together(*(partial(browser.post, address, one) for browser, one in pairs))
        assert sorted(one.status_code for one in answers) == [302, 409]
        stored = Answer.objects.get()
        first = words.index(stored.position)
        refused = answers[1 - first].content.decode()
        assert stored.version == version + 1
        assert all(said in refused for said in words)
    assert AnswerSave.objects.count() == ROUNDS


def test_what_both_save_while_they_type_is_never_mixed(cast, form):
    address = reverse("selfassessment:keep", args=[form.key, "LG1"])
    browsers = [enter(cast.lead), enter(cast.deputy)]
    sent = [
        {"seen": "0", "position": f"The position of {number}.", "what_changed": f"By {number}."}
        for number in (1, 2)
    ]
    pairs = zip(browsers, sent, strict=True)
    answers = together(*(partial(browser.post, address, one) for browser, one in pairs))
    assert sorted(one.status_code for one in answers) == [200, 409]
    stored = Answer.objects.get()
    assert stored.position[-2] in "12"
    assert stored.saved_by == (cast.lead, cast.deputy)[int(stored.position[-2]) - 1]
