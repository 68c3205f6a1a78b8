"""Moderation by its pages, and by several people at the same moment."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from selfassessment import moves
from selfassessment.actions.models import Action
from selfassessment.models import Assessment, Moderator
from selfassessment.moderation import letter, queries, workflow
from selfassessment.moderation.models import (
    BoardChair,
    Interest,
    Judgement,
    Moderated,
    Question,
    Review,
)
from selfassessment.moves import TransitionError
from selfassessment.terms import Outcome, Priority, Rating, Status
from selfassessment.workflow import void
from tests.entry import enter
from tests.factories import MembershipFactory
from tests.referrals.test_races import problems, together
from tests.selfassessment import forms
from tests.selfassessment.moderating import agree_on_all, begun, codes_of, judge, signed

MOST_QUERIES = 15


class Visitor:
    """A browser of one person; no page that it opens takes more queries than agreed."""

    def __init__(self, person) -> None:
        self.browser = enter(person)

    def get(self, url: str, status: int = 200) -> str:
        self.browser.get(url)  # the first look of a session writes it
        with CaptureQueriesContext(connection) as asked:
            response = self.browser.get(url)
        assert response.status_code == status, url
        said = [each["sql"][:160] for each in asked if "SAVEPOINT" not in each["sql"]]
        assert len(said) <= MOST_QUERIES, (url, len(said), said)
        return response.content.decode()

    def post(self, url: str, status: int = 302, **said: Any) -> str:
        response = self.browser.post(url, said)
        assert response.status_code == status, (url, response.content.decode()[-3000:])
        return response["Location"] if status == 302 else response.content.decode()


def page(form: Assessment, name: str, *more: object) -> str:
    return reverse(f"selfassessment:moderation:{name}", args=[form.key, *more])


def room(name: str) -> str:
    return reverse(f"selfassessment:moderation:{name}")


def test_the_way_from_sign_off_to_the_final_outcome_by_its_pages(cast, form, chair):
    signed(cast, form, RA1=Rating.EMBEDDED, TR1=Rating.EMBEDDED)
    manager, first, second, lead = (
        Visitor(each) for each in (cast.manager, cast.moderator, cast.second_moderator, cast.lead)
    )
    assert "Give it to moderators" in manager.get(room("list"))
    said = manager.get(page(form, "give"))
    assert str(cast.moderator) in said
    manager.post(page(form, "give"), status=200, people=[cast.moderator.pk], reason="")
    both = [cast.moderator.pk, cast.second_moderator.pk]
    manager.post(page(form, "give"), people=both, reason="")

    assert "Fellgate" in first.get(room("mine"))
    work = page(form, "standard", "LG1")
    said = first.get(work)
    assert "Where we are with senior accountable lead" in said
    first.post(work, status=200, outcome="lower", lower_to="developing", reason="")
    first.post(work, outcome="ask", reason="Please add the minutes of May.")
    assert "Judged by the other of you" in second.get(page(form, "review"))
    assert "minutes of May" in second.get(work)  # nobody asks twice

    question = Question.objects.get()
    assert "What the moderators ask" in lead.get(page(form, "review"))
    asked = page(form, "question", question.pk)
    assert "minutes of May" in lead.get(asked)
    lead.post(asked, words="They are in the governors' folder, and here is what they say.")
    assert "folder" in first.get(work)

    review = Review.objects.get()
    agree_on_all(cast, form, review, but=["LG1", "RA1", "LG2"])
    first.post(work, outcome="agree", reason="")
    second.post(work, outcome="lower", lower_to="developing", reason="One meeting is no cycle.")
    assert "The two differ" in first.get(page(form, "review"))
    settle = page(form, "settle", "LG1")
    assert "One meeting is no cycle." in manager.get(settle)
    manager.post(settle, rating="in_place", reason="The minutes are of a whole year.")
    first.post(page(form, "require", "LG1"), words="Name a deputy for the lead.")
    for visitor in (first, second):
        visitor.post(page(form, "standard", "LG2"), outcome="agree")
        visitor.post(
            page(form, "standard", "RA1"),
            outcome="lower",
            lower_to="in_place",
            reason="It has not been tested yet.",
        )
    assert "Drawn again just now: the same" in second.get(page(form, "drawn"))
    assert "RA1" not in lead.get(page(form, "review"))
    first.post(page(form, "finish"))

    said = lead.get(page(form, "review"))
    for words in ("Provisional outcome", "It has not been tested yet.", "Name a deputy"):
        assert words in said
    assert str(cast.moderator) not in said
    lead.post(page(form, "comment"), words="We thank you, and see RA1 differently.")
    lead.get(page(form, "appeal"))
    lead.post(page(form, "appeal"), codes=["RA1"], why_RA1="It was tested with partners in May.")
    judge_of = Visitor(chair)
    assert "Fellgate" in judge_of.get(room("appeals"))
    decide = page(form, "decide")
    said = judge_of.get(decide)
    assert "tested with partners" in said
    assert "It has not been tested yet." in said
    judge_of.post(decide, status=200, rating_RA1="embedded", reasons_RA1="")
    judge_of.post(decide, rating_RA1="embedded", reasons_RA1="The record of May shows it.")
    assert "see RA1 differently" in manager.get(page(form, "review"))
    manager.get(page(form, "letter"))
    manager.post(page(form, "letter"), strengths="Training is thorough.", support="A talk.")
    manager.post(page(form, "publish"))
    form.refresh_from_db()
    assert form.status == Status.PUBLISHED
    said = lead.get(page(form, "review"))
    for words in ("Training is thorough.", "The record of May shows it.", "A talk."):
        assert words in said
    lead.get(page(form, "practice"))
    lead.post(page(form, "practice"), codes=["TR1"])
    assert "Fellgate" in Visitor(cast.board_member).get(room("shared"))
    for name in ("measures", "gaps", "chairs", "interests"):
        manager.get(room(name))
    made = Action.objects.get()
    assert (made.words, made.codes, made.priority) == (
        "Name a deputy for the lead.",
        ["LG1"],
        Priority.MEDIUM,
    )
    assert (made.owner, made.asked_by_moderator) == (cast.lead, True)
    assert made.due_on == timezone.localdate() + timedelta(days=180)
    told = letter.contents(form)
    assert (told["is_final"], told["strengths"]) == (True, "Training is thorough.")
    assert [each["words"] for each in told["required"]] == ["Name a deputy for the lead."]
    assert told["appeal"]["standards"][0]["decided"] == "Embedded"


def test_the_lists_take_no_more_queries_for_more_forms(cast, form):
    begun(cast, form)
    for number in range(12):
        other = forms.form_of(forms.school_called(f"School {number}"))
        forms.put_in(other, Status.MODERATION, cast)
    assert "School 11" in Visitor(cast.manager).get(room("list"))
    assert "Fellgate" in Visitor(cast.moderator).get(room("mine"))


@pytest.mark.parametrize("who", ["manager", "moderator"])
def test_nobody_moderates_their_own_agency_at_any_address(cast, form, who):
    """Once they belong to it, each page of the moderation is closed to them, by look and post."""
    review = begun(cast, form)
    code = codes_of(review)[0]
    judge(form, code, cast.moderator, Outcome.ASK)
    person = getattr(cast, who)
    MembershipFactory(person=person, agency=cast.school)
    browser = enter(person)
    question = Question.objects.get().pk
    moderator = Moderator.objects.get(person=cast.second_moderator).pk
    every = [
        *(
            page(form, name)
            for name in (
                "review", "give", "incident", "drawn", "finish", "comment", "appeal",
                "decide", "practice", "letter", "publish", "talk",
            )
        ),
        *(page(form, name, code) for name in ("standard", "settle", "require")),
        page(form, "question", question),
        page(form, "stand_down", moderator),
        page(form, "drop", 1),
    ]  # fmt: skip
    before = Judgement.objects.count()
    for url in every:
        assert browser.get(url).status_code in (403, 404, 405), url
        said = {"outcome": "agree", "reason": "So.", "words": "So."}
        assert browser.post(url, said).status_code in (403, 404, 405), url
    form.refresh_from_db()
    assert (form.status, Judgement.objects.count()) == (Status.MODERATION, before)
    assert "Fellgate" not in browser.get(room("list")).content.decode()


def test_interests_and_chairs_are_kept_on_their_pages(cast, form):
    moderator, manager = Visitor(cast.moderator), Visitor(cast.manager)
    day: dict[str, Any] = {"from_on_day": "1", "from_on_month": "9", "from_on_year": "2026"}
    said = moderator.post(
        room("interests"), status=200, agency="Fellgate", words="I taught there.", **day
    )
    assert "Do you mean: Fellgate High School?" in said
    moderator.post(room("interests"), agency="Fellgate High School", words="I taught there.", **day)
    assert "I taught there." in manager.get(room("interests"))
    assert "I taught there." not in Visitor(cast.second_moderator).get(room("interests"))
    interest = Interest.objects.get()
    Visitor(cast.second_moderator).post(room("interests"), status=404, end=interest.pk)
    moderator.post(room("interests"), end=interest.pk)
    assert not Interest.objects.standing().exists()
    manager.post(room("chairs"), board="NY", person=cast.board_member.pk, **day)
    row = BoardChair.objects.in_office().get()
    manager.post(room("chairs"), end=row.pk)
    assert not BoardChair.objects.in_office().exists()


# --- At the same time -----------------------------------------------------------------------------
@transaction.atomic
def reopen(form: Assessment, cast: forms.Cast) -> None:
    """What reopening does to a form, to have it race with others."""
    now = timezone.now()
    form = moves.locked(form)
    moves.move(form, Status.IN_PROGRESS, by=cast.manager)
    void(form, by=cast.manager, now=now, reason="An answer was wrong.")


@pytest.mark.django_db(transaction=True)
def test_of_acts_at_the_same_moment_each_finds_what_the_other_left():
    cast = forms.make_cast()
    form = forms.form_of(cast.school)
    signed(cast, form)
    give = partial(workflow.begin, form, [cast.moderator, cast.second_moderator], by=cast.manager)
    assert [type(each) for each in problems(together(give, give))] == [TransitionError]
    assert Review.objects.count() == 1
    assert Moderator.objects.filter(assessment=form).count() == 2

    acts = [
        partial(judge, form, "LG1", cast.moderator),
        partial(judge, form, "LG1", cast.moderator, Outcome.LOWER, Rating.DEVELOPING),
        partial(judge, form, "LG1", cast.second_moderator, Outcome.ASK),
    ]
    assert problems(together(*acts)) == []
    standing = Judgement.objects.standing().filter(sampled__standard__code="LG1")
    assert standing.count() == 2
    assert Judgement.objects.filter(sampled__standard__code="LG1").count() == 3

    review = Review.objects.get()
    for person in (cast.moderator, cast.second_moderator):
        judge(form, "LG1", person)
    agree_on_all(cast, form, review, but=["LG1"])
    finish = partial(workflow.finish, form, by=cast.moderator)
    outcomes = together(partial(reopen, form, cast), finish)
    assert {type(each) for each in problems(outcomes)} <= {TransitionError}
    form.refresh_from_db()
    assert form.status == Status.IN_PROGRESS
    assert not Moderated.objects.counting().exists()
    assert queries.review_of(form) is None
