"""Every page of whoever writes, clean and in error: axe, telephone, and where errors lead."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from referrals import workflow
from referrals.answers import Answers
from referrals.models import Referral
from referrals.steps import STEP, STEPS, Step
from referrals.terms import Section
from tests.browser import walks
from tests.browser.looking import Look, look_at, see
from tests.referrals.cases import fill, fresh

pytestmark = pytest.mark.django_db

SAVE = "Save and continue"


def case_page(referral: Referral, name: str, *more: str) -> str:
    return reverse(f"referrals:{name}", args=[referral.key, *more])


@pytest.fixture(scope="module")
def drafts(stage) -> list[Referral]:
    """Empty; then one of a child and one of an adult, with which every page is asked."""
    opening = {
        "harm": "yes",
        "called_999": "yes",
        "came_to_notice": "event",
        "features": {"online": "A private chat."},
    }
    ages = [{}, {"under_18": "yes"}, {"under_18": "no"}]
    found = []
    for number, age in enumerate(ages):
        referral = workflow.start(stage["hannah"])
        fill(referral, {**opening, **age} if number else {}, by=stage["hannah"])
        found.append(fresh(referral))
    return found


def asked_in(drafts: list[Referral], step: Step) -> Referral:
    return next(one for one in drafts if step.is_asked(Answers(one)))


NOTICE = [step.name for step in STEPS if step.section == Section.NOTICE]


@pytest.mark.parametrize("part", range(3))
def test_each_page_of_notice(stage, seat, drafts, part):
    third = -(-len(NOTICE) // 3)
    looks = [
        Look(case_page(asked_in(drafts, STEP[name]), "step", name), sends=SAVE, errs=False)
        for name in NOTICE[part * third : (part + 1) * third]
    ]
    assert look_at(seat(stage["hannah"]), looks) == []


def test_each_page_of_what_goes_with_it(stage, seat):
    case = walks.handed_over(stage["hannah"], stage.answers("S01"), lead=stage["ruth"])
    fill(case, walks.of(stage.answers("S01"), "check_record"), by=stage["ruth"])
    workflow.decide(fresh(case), by=stage["ruth"])
    share = [step.name for step in STEPS if step.section == Section.SHARE]
    looks = [
        Look(case_page(case, "tasks")),
        *(Look(case_page(case, "step", name), sends=SAVE, errs=False) for name in share),
        Look(case_page(case, "answers"), sends="Share this referral"),
    ]
    assert look_at(seat(stage["ruth"]), looks) == []


def test_around_the_questions(stage, seat, drafts):
    empty = drafts[0]
    whole = walks.written(stage["hannah"], stage.answers("S01"))
    ready = walks.written(stage["hannah"], stage.answers("S01"), chosen=stage["ruth"])
    sent = walks.handed_over(stage["hannah"], stage.answers("S01"), lead=stage["ruth"])
    looks = [
        Look(reverse("referrals:home")),
        Look(reverse("referrals:new")),
        Look(reverse("referrals:blank")),
        Look(case_page(empty, "tasks")),
        Look(case_page(whole, "tasks")),
        Look(case_page(whole, "closeness"), sends=SAVE),
        Look(case_page(whole, "step", "lead"), sends=SAVE),
        Look(case_page(empty, "answers"), sends="Send to Ruth Adeyemi"),
        Look(case_page(ready, "answers")),
        Look(case_page(drafts[1], "danger_stop") + "?from=danger"),
        Look(case_page(drafts[1], "danger_stop") + "?from=features"),
        Look(case_page(empty, "delete_draft")),
        Look(case_page(sent, "sent")),
        Look(case_page(sent, "status")),
        Look(case_page(sent, "despite")),
    ]
    assert look_at(seat(stage["hannah"]), looks) == []


def test_two_versions_of_a_page(stage, seat, drafts):
    case = walks.written(stage["hannah"], stage.answers("S01"))
    hannah = seat(stage["hannah"])
    hannah.go_case("step", case, "worry")
    workflow.answer(case, STEP["worry"], {"worry": "From another window."}, by=stage["hannah"])
    hannah.write("worry", "From this window.")
    hannah.press(SAVE)
    hannah.sees("Two versions of this page")
    assert see(hannah) == []


def test_a_check_is_kept_while_it_is_written_and_never_over_another_leads(stage, seat):
    case = walks.handed_over(stage["hannah"], stage.answers("S01"), lead=stage["ruth"])
    ruth = seat(stage["ruth"])
    ruth.page.clock.install()
    ruth.go_case("check", case)
    ruth.write("facts_verified", "I read the planner myself.")
    ruth.tick("decision", "e")
    ruth.write("questions", "Who else was there?")
    ruth.page.clock.run_for(15_000)
    ruth.sees("Saved at")
    ruth.go_case("check", case)
    expect(ruth.page.locator("[name=facts_verified]")).to_have_value("I read the planner myself.")
    expect(ruth.page.locator("[name=questions]")).to_have_value("Who else was there?")

    neils = {"facts_verified": "Neil read it too.", "action_taken": "no"}
    workflow.save_check(fresh(case), neils, by=stage["neil"])
    ruth.write("facts_verified", "I read it twice.")
    ruth.tick("action_taken", "yes")
    ruth.page.clock.run_for(15_000)
    ruth.sees("what you type here is not being saved")
    ruth.press("Save and come back later")
    ruth.sees("Two versions of this page")
    for words in ("Neil read it too.", "I read it twice."):
        expect(ruth.page.locator("blockquote", has_text=words)).to_be_visible()
    assert see(ruth) == []
    ruth.tick("choose_action_taken", "mine")
    ruth.press("Save what I have chosen")
    expect(ruth.page.locator("[name=facts_verified]")).to_have_value(
        "Neil read it too.\n\nI read it twice."
    )
    expect(ruth.box("action_taken", "yes")).to_be_checked()

    # What opens inside a choice has its own sentence, and the sentence leads there.
    for name in ("told_person", "consulted"):
        ruth.tick(name, "yes")
    ruth.tick("decision", "b")
    ruth.write("decision_reasons", "Too short.")
    ruth.press("Record my decision")
    said = ruth.problems()
    for sentence in ("Write what the person said", "Write what has been done",
                     "Write which agencies, and what they said"):  # fmt: skip
        assert sentence in said
    assert len(said) > 5
    assert ruth.follow_error_links() == []


def test_who_works_alone_or_types_in(stage, seat):
    alone = walks.written(stage["carol"], stage.answers("S11"))
    looks = [
        Look(case_page(alone, "tasks")),
        Look(case_page(alone, "step", "advice-line"), sends=SAVE),
        Look(case_page(alone, "check"), sends="Record my decision"),
        Look(case_page(alone, "answers")),
    ]
    assert look_at(seat(stage["carol"]), looks) == []
    looks = [Look(reverse("referrals:new"), sends="Record a concern")]
    assert look_at(seat(stage["ruth"]), looks) == []
