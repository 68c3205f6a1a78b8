"""An agency of two boards answers once and signs for each; what was signed for one stands while
the answers go on for the other (row S26)."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.html import strip_tags

from selfassessment import workflow
from selfassessment.evidence import workflow as holding
from selfassessment.evidence.queries import items_of
from selfassessment.models import Answer, Assessment, Evidence
from selfassessment.moderation import queries
from selfassessment.moderation import workflow as moderation
from selfassessment.moderation.models import Question
from selfassessment.moves import TransitionError
from selfassessment.reports.frozen import holds
from selfassessment.terms import EvidenceKind, Outcome, Rating, Status
from tests.entry import enter
from tests.factories import LocalityFactory, MembershipFactory
from tests.selfassessment import forms
from tests.selfassessment.moderating import judge

LATER = forms.NOW + timedelta(days=3)
NEW = "We have begun to report to the governors in writing."


@pytest.fixture
def second(cast, form):
    return forms.form_of(cast.school, board=LocalityFactory(code="YK"), answers_of=form)


def fresh(form):
    return Assessment.objects.select_related("cycle", "agency", "board").get(pk=form.pk)


def rewrite(form, by, code="LG3", **values):
    version = Answer.objects.get(assessment=form.source, standard__code=code).version
    values = values or {"position": NEW}
    return workflow.write_answer(
        form, forms.standard(code), values, by=by, version=version, now=LATER
    )


def sign(form, cast, now=LATER):
    workflow.ready(form, by=cast.lead, no_personal_data=True, now=now)
    return forms.sign(form, cast.senior, now=now)


@pytest.fixture
def first_signed(cast, form, second):
    """The form of the first board, signed; that of the second, not begun."""
    forms.complete(form, cast)
    sign(form, cast, now=forms.NOW)
    return fresh(form)


def words(response):
    return " ".join(strip_tags(response.content.decode()).split())


def page(form, name, *more):
    return reverse(f"selfassessment:{name}", args=[form.key, *more])


def test_shared_answers_are_signed_for_each_board(cast, first_signed, second):
    assert fresh(second).status == Status.NOT_STARTED
    sign(second, cast)
    assert (fresh(second).status, fresh(first_signed).status) == (Status.SIGNED, Status.SIGNED)
    assert second.signoffs.get().frozen["board"] == "York"
    assert first_signed.signoffs.get().frozen["board"] == "North Yorkshire"


def test_what_waits_for_another_boards_signature_is_taken_back_by_a_change(cast, form, second):
    forms.complete(form, cast)
    workflow.ready(second, by=cast.lead, no_personal_data=True, now=forms.NOW)
    rewrite(form, cast.lead)
    assert fresh(second).status == Status.IN_PROGRESS


@pytest.mark.parametrize(
    "status", [Status.SIGNED, Status.MODERATION, Status.MODERATED, Status.PUBLISHED]
)
def test_what_was_signed_for_a_board_stands_while_the_answers_go_on(
    cast, first_signed, second, status
):
    """Whatever the board does with it: its words, ratings, evidence and scores stay as signed."""
    first = first_signed
    Assessment.objects.filter(pk=first.pk).update(status=status)
    with pytest.raises(TransitionError):
        rewrite(first, cast.lead)  # only its manager reopens it
    before, points = first.signoffs.get(), fresh(first).points
    rewrite(second, cast.lead, position=NEW, rating=Rating.EMBEDDED)
    workflow.write_consultation(
        second,
        {"consulted_said": "More than last time."},
        by=cast.lead,
        version=workflow.consultation_version(fresh(first)),
    )
    piece = Evidence.objects.get(title="Policy of the school")
    holding.take_away(second, piece, by=cast.lead)
    stands = first.signoffs.get()
    assert (stands.voided_at, stands.sha256) == (None, before.sha256)
    assert holds(stands)
    assert (fresh(first).status, fresh(first).points) == (status, points)
    assert fresh(second).points == points + 2
    assert fresh(second).status == Status.IN_PROGRESS
    said = {each.code: each for each in queries.said_of(fresh(first))}
    assert said["LG3"].own == Rating.DEVELOPING
    assert "Policy of the school" in {item.title for item in items_of(fresh(first))}
    assert "Policy of the school" not in {item.title for item in items_of(fresh(second))}
    for person in (cast.manager, cast.lead):
        browser = enter(person)
        shown = words(browser.get(page(first, "standard", "LG3")))
        assert NEW not in shown
        assert "Where we are with governing body oversight." in shown
        assert "More than last time." not in words(browser.get(page(first, "consultation")))
    lead = enter(cast.lead)
    with forms.at_most_queries(16):  # and the one that writes the session
        assert NEW in words(lead.get(page(second, "standard", "LG3")))
    with forms.at_most_queries(15):
        overview = words(lead.get(page(first, "overview")))
    assert "The same answers go to the board of York: its form and sign-off." in overview
    assert "what is changed for the other is not in it" in overview


def test_the_second_board_returns_its_form_and_the_answers_are_mended(cast, first_signed, second):
    sign(second, cast)
    workflow.return_with_questions(second, ["Who reports to them?"], by=cast.manager, now=LATER)
    assert enter(cast.lead).get(page(second, "standard", "LG3")).context["form"] is not None
    rewrite(second, cast.lead)
    assert (fresh(second).signed_at, fresh(first_signed).is_signed) == (None, True)
    question = second.remarks.get()
    workflow.answer_question(question, "The head.", by=cast.lead, version="", now=LATER)
    again = sign(second, cast)
    told = {each["code"]: each["position"] for each in again.frozen["asked"]}
    assert told["LG3"] == NEW


def test_a_question_to_one_board_does_not_hold_up_the_other(cast, first_signed, second):
    workflow.return_with_questions(first_signed, ["Since when?"], by=cast.manager, now=LATER)
    sign(second, cast)
    assert fresh(second).status == Status.SIGNED
    assert fresh(first_signed).status == Status.RETURNED


def test_each_board_reopens_its_own(cast, first_signed, second):
    sign(second, cast)
    workflow.reopen(second, "A mistake.", by=cast.manager, now=LATER)
    assert fresh(first_signed).status == Status.SIGNED
    assert fresh(second).status == Status.IN_PROGRESS
    rewrite(second, cast.lead)
    assert fresh(first_signed).is_signed


def test_a_reopened_form_goes_on_from_what_both_share(cast, first_signed, second):
    rewrite(second, cast.lead, rating=Rating.EMBEDDED)
    before = fresh(first_signed).points
    workflow.reopen(first_signed, "They have more to say.", by=cast.manager, now=LATER)
    assert fresh(first_signed).points == before + 2


def test_moderators_see_what_was_signed_and_what_was_added_for_them(cast, first_signed, second):
    """The sample, the answer beside it and the evidence are those of the signed form, and a
    question is answered with new evidence, though the shared answers have moved on."""
    first = first_signed
    rewrite(second, cast.lead, code="LG1", position=NEW, rating=Rating.EMBEDDED)
    moderation.begin(first, [cast.moderator, cast.second_moderator], by=cast.manager)
    judge(first, "LG1", cast.moderator, Outcome.ASK, reason="Where are the minutes?")
    details = holding.Details(
        title="Minutes of May",
        kind=EvidenceKind.OBSERVATION,
        owner=cast.lead,
        dated_on=forms.NOW.date(),
    )
    holding.add(fresh(first), details, [forms.standard("LG1")], by=cast.lead, now=LATER)
    held = Evidence.objects.get(title="Policy of the school")  # signed for LG1, not for LG3
    ticks = enter(cast.lead).get(page(first, "evidence_item", held.pk)).context["form"]
    assert "LG3" in dict(ticks.fields["standards"].choices)
    assert "LG1" not in dict(ticks.fields["standards"].choices)
    holding.show_for(fresh(first), held, [forms.standard("LG3")], by=cast.lead, now=LATER)
    question = Question.objects.get()
    moderation.answer(question, by=cast.lead, words="See the minutes.")
    assert fresh(first).is_signed
    moderator = enter(cast.moderator)
    moderator.get(page(first, "moderation:review"))  # the first look of a session writes it
    with forms.at_most_queries(15):
        shown = words(moderator.get(page(first, "moderation:standard", "LG1")))
    assert "Minutes of May" in shown
    assert "Added after sign-off." in shown
    assert NEW not in shown
    later = [item for item in items_of(fresh(first)) if item.is_later]
    assert [(item.title, item.codes) for item in later] == [
        ("Minutes of May", ("LG1",)),
        ("Policy of the school", ("LG3",)),
    ]
    assert "Minutes of May" not in {item.title for item in items_of(fresh(second))}
    asked = enter(cast.lead).get(page(first, "moderation:question", question.pk))
    assert asked.status_code == 200
    workflow.reopen(first, "Look again.", by=cast.manager, now=LATER)
    assert "Minutes of May" in {item.title for item in items_of(fresh(first))}


def test_colleagues_help_with_the_second_while_the_first_is_signed(cast, first_signed, second):
    workflow.give(second, cast.teacher, [forms.standard("LG3")], by=cast.lead, now=LATER)
    assert second in Assessment.objects.visible_to(cast.teacher)
    rewrite(second, cast.teacher)
    with pytest.raises(PermissionDenied):
        rewrite(second, MembershipFactory(agency=cast.school).person)


# --- Signed evidence (one board or two) -------------------------------------------------------
def test_a_signed_form_shows_its_evidence_as_it_was_signed(cast, form):
    """Next year's form may say something else of the same piece, and take it away."""
    forms.complete(form, cast)
    sign(form, cast, now=forms.NOW)
    piece = Evidence.objects.get(title="Policy of the school")
    next_year = forms.form_of(cast.school, 2027)
    workflow.write_answer(
        next_year, forms.standard("LG3"), {"position": NEW}, by=cast.lead, version=0
    )
    told = holding.Details(
        title="Another policy",
        kind=EvidenceKind.DATA,
        owner=cast.deputy,
        dated_on=LATER.date(),
        note="Quite other.",
    )
    holding.change(next_year, piece, told, by=cast.lead)
    holding.take_away(next_year, piece, by=cast.lead)
    for status in (Status.SIGNED, Status.CLOSED):
        closed = Status.SIGNED if status == Status.CLOSED else ""
        Assessment.objects.filter(pk=form.pk).update(status=status, closed_from=closed)
        shown = next(item for item in items_of(fresh(form)) if item.pk == piece.pk)
        assert (shown.title, shown.kind, shown.owner, shown.note) == (
            "Policy of the school",
            EvidenceKind.DOCUMENT,
            cast.lead.name,
            "",
        )
        for person in (cast.lead, cast.manager):
            browser = enter(person)
            for address in (page(form, "evidence"), page(form, "evidence_item", piece.pk)):
                said = words(browser.get(address))
                assert "Policy of the school" in said
                assert "Another policy" not in said
                assert cast.lead.name in said


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Other"},
        {"note": "Other"},
        {"kind": EvidenceKind.DATA},
        {"dated_on": LATER.date()},
        {"expires_on": LATER.date()},
        {"effective_on": forms.NOW.date()},
    ],
)
def test_whoever_signs_has_seen_all_that_is_said_of_the_evidence(cast, form, change):
    forms.handed_over(form, cast)
    seen = forms.state(form)
    piece = Evidence.objects.get(title="Policy of the school")
    Evidence.objects.filter(pk=piece.pk).update(**change)
    assert forms.state(form) != seen
    Evidence.objects.filter(pk=piece.pk).update(**{name: getattr(piece, name) for name in change})
    assert forms.state(form) == seen
    Evidence.objects.filter(pk=piece.pk).update(owner=cast.deputy)
    assert forms.state(form) != seen
