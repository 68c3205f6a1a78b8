"""The wizard quotes the guidance, and a referral keeps which edition was in force."""

import pytest
from wagtail.models import Page

from clauses.models import Clause, current_edition, new_edition
from referrals.clauses import RESTS_ON
from referrals.models import Submission
from referrals.questions import QUESTIONS
from referrals.terms import Status
from tests.entry import enter
from tests.referrals.browsing import url, words


@pytest.fixture
def clause(db):
    page = Page.get_first_root_node().add_child(instance=Page(title="Notice", slug="notice"))
    return Clause.objects.create(
        code="NCS-8", title="Write it down", page=page, digest="0" * 64, changed_in=new_edition()
    )


def test_a_question_leads_to_the_clause_it_rests_on(clause, author, draft):
    page = words(author.get(url(draft, "observed")))
    assert f'href="/#{clause.code}"' in page
    assert "Write it down (NCS-8, opens in a new tab)" in page
    Page.objects.filter(pk=clause.page_id).update(live=False)
    assert "(NCS-8" not in words(author.get(url(draft, "observed")))


def test_only_questions_of_the_record_rest_on_clauses():
    assert set(RESTS_ON) <= {question.code for question in QUESTIONS}


def test_a_referral_keeps_the_edition_that_was_in_force(clause, cast, case_in):
    referral = case_in(Status.SUBMITTED)
    edition = current_edition()
    new_edition()
    assert edition is not None
    assert Submission.objects.get(referral=referral).edition == edition
    page = words(enter(cast.prevent_lead).get(referral.get_absolute_url()))
    assert f"edition {edition.number} of" in page


def test_before_any_guidance_is_published_a_referral_is_shared_all_the_same(case_in):
    assert Submission.objects.get(referral=case_in(Status.SUBMITTED)).edition is None
