"""Two people on one answer: what the second typed is kept until they deal with it (row S28)."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.html import strip_tags

from audit.models import AuditEvent
from selfassessment import workflow
from selfassessment.models import Answer, SetAside
from tests.entry import enter
from tests.selfassessment import forms

FIRST, LOST = "The governors read a report each spring.", "Nobody has told the governors."


def words(response):
    return " ".join(strip_tags(response.content.decode()).split())


@pytest.fixture
def url(form):
    return reverse("selfassessment:standard", args=[form.key, "LG3"])


@pytest.fixture
def saved(cast, form):
    """The lead's, of version 1."""
    said = {"rating": "developing", "position": FIRST}
    return workflow.write_answer(form, forms.standard("LG3"), said, by=cast.lead, version=0)


def test_the_losing_text_stays_with_its_author_though_they_leave_the_page(cast, form, url, saved):
    deputy = enter(cast.deputy)
    refused = deputy.post(url, {"seen": "0", "rating": "in_place", "position": LOST})
    assert refused.status_code == 409
    kept = SetAside.objects.get()
    assert (kept.by, kept.said["position"], kept.said["rating"]) == (cast.deputy, LOST, "in_place")
    assert Answer.objects.get().position == FIRST
    with forms.at_most_queries(15):
        later = words(deputy.get(url))
    assert "What you typed is kept here" in later
    assert LOST in later
    assert "In place" in later
    assert LOST not in words(enter(cast.lead).get(url))
    deputy.post(url, {"dealt": "1"})
    assert LOST not in words(deputy.get(url))
    assert SetAside.objects.get().dealt_with_at is not None
    log = AuditEvent.objects.filter(kind__startswith="assessment.set_aside")
    assert [each.kind for each in log.order_by("pk")] == [
        "assessment.set_aside",
        "assessment.set_aside_dealt_with",
    ]
    assert LOST not in str([(each.detail, each.reason) for each in log])


def test_whoever_chooses_on_the_page_of_both_has_dealt_with_it(cast, form, url, saved):
    deputy = enter(cast.deputy)
    typed = {"seen": "0", "rating": "developing", "position": LOST}
    deputy.post(url, typed)
    deputy.post(url, {**typed, "seen": "1", "merge": "1", "choose_position": "both"})
    assert Answer.objects.get().position == f"{FIRST}\n\n{LOST}"
    assert not SetAside.objects.filter(dealt_with_at=None).exists()


def test_what_script_could_not_save_is_kept_too_and_grows_with_what_is_typed(
    cast, form, url, saved
):
    deputy = enter(cast.deputy)
    keep = reverse("selfassessment:keep", args=[form.key, "LG3"])
    for typed in (LOST[:10], LOST, "Quite another thing."):
        answer = deputy.post(keep, {"seen": "0", "position": typed})
        assert answer.status_code == 409
    assert SetAside.objects.get().said["position"] == f"{LOST}\n\nQuite another thing."
    assert (
        workflow.set_aside(form, forms.standard("LG3"), {"position": FIRST}, by=cast.lead) is None
    )  # it says nothing that does not stand there
    with pytest.raises(PermissionDenied):
        workflow.set_aside(form, forms.standard("LG3"), {"position": LOST}, by=cast.teacher)
