"""A year's form, from a contributor's answer to the board's map, by the people who do it."""

from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from agencies import people
from selfassessment import workflow
from selfassessment.models import Assessment, Evidence, Profile
from selfassessment.moderation import workflow as moderation
from selfassessment.moderation.models import Appeal, Judgement
from selfassessment.terms import FormType, Outcome, Rating, Status
from tests.browser.conftest import Stage
from tests.browser.looking import see
from tests.browser.person import MOST_TABS, Person
from tests.selfassessment import forms
from tests.selfassessment.moderating import agree_on_all, judge

pytestmark = pytest.mark.django_db


def at(person: Person, name: str, *args: object) -> None:
    """On a page of the self-assessment, and nothing wrong with it at either width."""
    person.page.goto(person.base + reverse(f"selfassessment:{name}", args=args))
    assert see(person) == [], name


def sees(person: Person, *words: str) -> None:
    for each in words:
        expect(person.page.locator("main")).to_contain_text(each)


@pytest.fixture
def form(stage) -> Assessment:
    """Fellgate's form of this year: all answered, with evidence, one standard given to Hannah."""
    ruth, today = stage["ruth"], timezone.localdate()
    agency = people.agency_of(ruth)
    assert agency is not None
    Profile.objects.get_or_create(agency=agency, defaults={"form_type": FormType.SE})
    found = forms.form_of(agency, today.year)
    forms.complete(found, SimpleNamespace(lead=ruth))  # type: ignore[arg-type]
    Evidence.objects.update(dated_on=today)
    workflow.give(found, stage["hannah"], [forms.standard("LG2")], by=ruth)
    return found


def finish(form: Assessment, stage: Stage) -> None:
    """What the moderators have still to say, as their visits would leave it; and a chair."""
    agree_on_all(None, form, form.reviews.get(), but=["LG2"])
    judge(form, "LG2", stage["keith"], Outcome.LOWER, Rating.DEVELOPING)
    moderation.finish(form, by=stage["sara"])
    today = timezone.localdate()
    moderation.name_chair(form.board, stage["harriet"], by=stage["diane"], from_on=today)


def test_a_form_is_answered_signed_moderated_and_seen_by_the_board(stage, seat, form):
    key = form.key

    hannah = seat(stage["hannah"], java_script_enabled=False)
    hannah.page.goto(hannah.base + reverse("selfassessment:standard", args=[key, "LG2"]))
    hannah.page.locator("[name=position]").fill("Two people are named, and the desk knows them.")
    hannah.page.get_by_role("button", name="Save and see all sections").click()
    sees(hannah, "46 of 46 standards answered")
    hannah.page.goto(hannah.base + reverse("selfassessment:standard", args=[key, "LG1"]))
    assert hannah.page.locator("[name=position]").count() == 0  # not given to her

    ruth = seat(stage["ruth"])
    for name in ("home", "blanks"):
        at(ruth, name)
    for name in ("overview", "people", "consultation", "history", "evidence", "actions"):
        at(ruth, name, key)
    at(ruth, "standard", key, "LG2")
    assert "the desk knows them" in ruth.page.locator("[name=position]").input_value()
    at(ruth, "check", key)
    sees(ruth, "Nothing stops the form from being signed")
    ruth.page.locator("[name=no_personal_data]").check()
    ruth.press("Hand over to be signed")
    sees(ruth, "waits to be signed")

    martin = seat(stage["martin"])
    at(martin, "sign", key)
    martin.press("Sign")  # nothing said yet
    assert {"Confirm the statement, or send the form back"} < set(martin.problems())
    assert see(martin) == []
    martin.answer(role="Head teacher", governing_body_on=timezone.localdate())
    martin.page.locator("[name=agreed]").check()
    martin.press("Sign")
    form.refresh_from_db()
    assert form.status == Status.SIGNED
    at(martin, "overview", key)
    sees(martin, "Certificate of sign-off (PDF)")

    diane = seat(stage["diane"])
    at(diane, "moderation:list")
    at(diane, "moderation:give", key)
    diane.answer(people=[str(stage[each].pk) for each in ("sara", "keith")])
    if diane.has("reason"):
        diane.write("reason", "Nobody else is free this month.")
    diane.press("Give it to them")

    sara = seat(stage["sara"])
    at(sara, "moderation:mine")
    at(sara, "moderation:review", key)
    at(sara, "moderation:standard", key, "LG2")
    sees(sara, "the desk knows them")
    sara.tick("outcome", Outcome.LOWER)
    sara.tick("lower_to", Rating.DEVELOPING)
    sara.write("reason", "The deputy’s name is not on the posters.")
    sara.page.get_by_role("button", name="Save and").first.click()
    sees(sara, "Your judgement")  # the next of the sample
    assert Judgement.objects.get().outcome == Outcome.LOWER

    finish(form, stage)
    at(ruth, "moderation:appeal", key)
    ruth.answer(codes=["LG2"])
    ruth.write("why_LG2", "The posters were changed in May; the picture shows it.")
    ruth.press("Send the appeal")
    sees(ruth, "Your appeal is with the chair of the board")

    harriet = seat(stage["harriet"])
    at(harriet, "moderation:appeals")
    at(harriet, "moderation:decide", key)
    sees(harriet, "the desk knows them", "The posters were changed in May")
    harriet.tick("rating_LG2", Rating.IN_PLACE)
    harriet.write("reasons_LG2", "The picture shows the deputy’s name.")
    harriet.press("Decide")
    assert Appeal.objects.get().decided_by == stage["harriet"]
    at(ruth, "moderation:review", key)
    sees(ruth, "The picture shows the deputy’s name.")
    at(ruth, "years", key)

    priya = seat(stage["priya"])
    for name in ("board_taking_part", "board_standards", "board_years", "board_reports"):
        at(priya, name)
    at(priya, "board")
    sees(priya, "Fellgate High School", "Amber")
    assert "the desk knows them" not in priya.page.content()
    region = priya.page.get_by_role("region", name="Section ratings by agency")
    for _tab in range(MOST_TABS):  # the map is reached and moved by keyboard
        priya.page.keyboard.press("Tab")
        if region.evaluate("one => one === document.activeElement"):
            break
    else:
        pytest.fail("the map was not reached")
    expect(priya.page.get_by_role("rowheader", name="Fellgate High School")).to_be_visible()
