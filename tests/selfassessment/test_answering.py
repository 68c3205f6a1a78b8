"""The pages on which an agency answers: home, overview, one standard."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from selfassessment import workflow
from selfassessment.evidence.models import Evidence, EvidenceUse
from selfassessment.models import Answer, Assignment, Helper
from selfassessment.terms import EvidenceKind, Rating, Status
from tests.entry import enter
from tests.selfassessment import forms
from tests.selfassessment.test_evidence import kept

POSITION = "The head leads it, with a deputy; both are named to staff."


def url(form, code="LG1", name="standard"):
    return reverse(f"selfassessment:{name}", args=[form.key, code])


def give(form, person, *codes, by, **more):
    helper, _made = Helper.objects.get_or_create(assessment=form, person=person, added_by=by)
    return [
        Assignment.objects.create(
            assessment=form, standard=forms.standard(code), helper=helper, given_by=by, **more
        )
        for code in codes
    ]


def said_by(response):
    return " ".join(str(one) for one in get_messages(response.wsgi_request))


@pytest.fixture
def lead(cast) -> Client:
    return enter(cast.lead)


# One standard -----------------------------------------------------------------------------------
def test_the_page_shows_the_levels_and_what_they_mean(lead, form):
    page = lead.get(url(form)).content.decode()
    one = forms.standard("LG1")
    for words in (one.text, *(level for _rating, level in one.levels), one.evidence[0], "Critical"):
        assert words in page
    assert "LG Leadership and governance: 1 of 5" in page


def test_an_answer_is_saved_and_the_next_standard_follows(lead, form):
    sent = {"seen": "0", "rating": "developing", "position": POSITION, "confidence": "sure"}
    response = lead.post(url(form), sent)
    assert response.url == url(form, "LG2")
    answer = Answer.objects.get()
    assert (answer.rating, answer.position, answer.confidence) == ("developing", POSITION, "sure")
    form.refresh_from_db()
    assert (form.status, form.answered) == (Status.IN_PROGRESS, 1)
    assert "LG1 is saved" in said_by(response)
    assert "needs an action" in said_by(response)


def test_save_and_leave_goes_to_the_sections(lead, form):
    response = lead.post(url(form), {"seen": "0", "rating": "developing", "leave": "1"})
    assert response.url == form.get_absolute_url()


def test_half_an_answer_is_kept(lead, form):
    lead.post(url(form), {"seen": "0", "position": POSITION})
    assert (Answer.objects.get().rating, Answer.objects.get().position) == ("", POSITION)


def test_a_text_that_is_too_long_is_kept_and_said(lead, form):
    long = "word " * 300
    response = lead.post(url(form), {"seen": "0", "rating": "in_place", "position": long})
    assert Answer.objects.get().position == long.strip()
    assert "at most 1,000 characters" in said_by(response)
    assert "at most 1,000 characters" in lead.get(url(form)).content.decode()


def test_why_it_does_not_apply_is_kept_though_it_is_short(lead, form):
    sent = {"seen": "0", "rating": "not_applicable", "not_applicable_reason": "We do not."}
    response = lead.post(url(form), sent)
    assert Answer.objects.get().not_applicable_reason == "We do not."
    assert "at least 20 characters" in said_by(response)


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"rating": "excellent"}, "Select one of the answers shown"),
        ({"position": "a\x00b"}, "Take out the character"),
        ({"position": "x" * 60_000}, "at most 1,000 characters"),
        ({"confidence": "very"}, "Select one of the answers shown"),
    ],
)
def test_what_cannot_be_stored_is_said_beside_it_and_the_rest_is_kept(lead, form, sent, sentence):
    good = {"seen": "0", "rating": "in_place", "position": POSITION, "confidence": "sure"}
    response = lead.post(url(form), {**good, **sent})
    page = response.content.decode()
    assert response.status_code == 200
    assert sentence in page
    assert "govuk-error-summary" in page
    answer = Answer.objects.get()
    for name in {"rating", "position", "confidence"} - set(sent):
        assert getattr(answer, name) == good[name]


def test_a_version_that_makes_no_sense_loses_nothing(lead, form):
    lead.post(url(form), {"seen": "0", "rating": "in_place", "position": POSITION})
    for seen in ("", "x", "-1", "9" * 40):
        response = lead.post(url(form), {"seen": seen, "position": "Something else."})
        assert response.status_code == 409
        assert "Something else." in response.content.decode()
    assert Answer.objects.get().position == POSITION


def test_a_standard_that_the_form_does_not_ask_is_not_there(lead, form):
    assert lead.get(url(form, "CH1")).status_code == 404  # asked of local authorities only
    assert lead.get(url(form, "ZZ9")).status_code == 404
    assert lead.post(url(form, "CH1", "keep"), {"rating": "in_place"}).status_code == 404


# Two people -------------------------------------------------------------------------------------
def test_the_second_of_two_savers_sees_both_and_chooses(lead, cast, form):
    lead.post(url(form), {"seen": "0", "rating": "in_place", "position": POSITION})
    deputy = enter(cast.deputy)
    sent = {"seen": "0", "rating": "developing", "position": "The deputy has left."}
    refused = deputy.post(url(form), sent)
    page = refused.content.decode()
    assert refused.status_code == 409
    assert POSITION in page
    assert "The deputy has left." in page
    assert cast.lead.name in page
    assert Answer.objects.get().position == POSITION
    chosen = {"seen": "1", "merge": "1", "choose_rating": "mine", "choose_position": "both"}
    deputy.post(url(form), {**sent, **chosen})
    answer = Answer.objects.get()
    assert answer.rating == Rating.DEVELOPING
    assert answer.position == f"{POSITION}\n\nThe deputy has left."
    assert answer.saved_by == cast.deputy


def test_the_same_press_twice_is_no_conflict(lead, form):
    sent = {"seen": "0", "rating": "in_place", "position": POSITION}
    assert lead.post(url(form), sent).status_code == 302
    assert lead.post(url(form), sent).status_code == 302
    assert Answer.objects.get().version == 1


# Saved while somebody types -----------------------------------------------------------------------
def test_what_is_typed_is_kept_and_the_version_comes_back(lead, form):
    for number in (1, 2):
        sent = {"seen": str(number - 1), "position": "So far so good." * number}
        said = lead.post(url(form, name="keep"), sent).json()
        assert said["seen"] == number
        assert said["saved_at"]


def test_saving_while_typing_is_refused_after_somebody_else_saved(lead, form, cast):
    lead.post(url(form, name="keep"), {"seen": "0", "position": POSITION})
    stale = enter(cast.deputy).post(url(form, name="keep"), {"seen": "0", "position": "Other."})
    assert (stale.status_code, stale.json()) == (409, {"seen": 1})
    assert Answer.objects.get().position == POSITION


def test_a_form_that_was_sent_for_sign_off_takes_nothing_and_shows_what_was_typed(lead, cast, form):
    forms.put_in(form, Status.READY, cast)
    assert lead.post(url(form, name="keep"), {"seen": "0", "position": "x"}).status_code == 409
    response = lead.post(url(form), {"seen": "0", "position": POSITION})
    assert response.status_code == 409
    assert POSITION in response.content.decode()
    assert not Answer.objects.filter(version__gt=0).exists()
    assert 'id="answer"' not in lead.get(url(form)).content.decode()


# Who writes ---------------------------------------------------------------------------------------
def test_a_contributor_writes_what_was_given_and_reads_the_rest(cast, form):
    give(form, cast.teacher, "LG2", by=cast.lead)
    teacher = enter(cast.teacher)
    assert 'id="answer"' in teacher.get(url(form, "LG2")).content.decode()
    assert 'id="answer"' not in teacher.get(url(form, "LG1")).content.decode()
    sent = {"seen": "0", "rating": "developing"}
    assert teacher.post(url(form, "LG2"), sent).status_code == 302
    assert teacher.post(url(form, "LG1"), sent).status_code == 403
    assert teacher.post(url(form, "LG1", "keep"), sent).status_code == 403


def test_the_senior_lead_reads_and_does_not_write(cast, form):
    forms.fill(form, {"LG1": Rating.IN_PLACE}, by=cast.lead)
    senior = enter(cast.senior)
    page = senior.get(url(form)).content.decode()
    assert "Where we are with senior accountable lead." in page
    assert 'id="answer"' not in page
    assert senior.post(url(form), {"seen": "1", "rating": "embedded"}).status_code == 403


# Last year ----------------------------------------------------------------------------------------
@pytest.fixture
def last_year(cast):
    form = forms.form_of(cast.school, 2025)
    ratings = {"LG1": Rating.IN_PLACE, "RP3": Rating.EMBEDDED}
    forms.fill(form, ratings, by=cast.lead)
    return forms.put_in(form, Status.PUBLISHED, cast)


def test_last_year_stands_beside_this_year_with_the_rating_blank(lead, form, last_year):
    page = lead.get(url(form)).content.decode()
    assert "Last time: 2025" in page
    assert "Where we are with senior accountable lead." in page
    assert "What has changed since last year" in page
    assert "checked" not in page[page.index('name="rating"') : page.index('name="position"')]
    assert "You did not answer this in 2025." in lead.get(url(form, "LG2")).content.decode()


def test_still_true_takes_the_words_over_and_says_who_said_so(lead, cast, form, last_year):
    sent = {"seen": "0", "position": "A new deputy began.", "still_true": "1"}
    assert lead.post(url(form), sent).url == url(form)
    answer = Answer.objects.get(assessment=form)
    assert answer.position == "Where we are with senior accountable lead.\n\nA new deputy began."
    assert (answer.rating, answer.still_true_by) == ("", cast.lead)
    assert answer.carried_from == Answer.objects.get(assessment=last_year, standard__code="LG1")
    page = lead.get(url(form)).content.decode()
    assert "it is still true" in page
    assert "Still true: use these words" not in page


def test_still_true_ends_when_the_words_become_others(lead, cast, form, last_year):
    lead.post(url(form), {"seen": "0", "position": "", "still_true": "1"})
    words = Answer.objects.get(assessment=form).position
    lead.post(url(form), {"seen": "1", "position": f"{words} \r\n", "rating": "in_place"})
    assert Answer.objects.get(assessment=form).still_true_by == cast.lead
    lead.post(url(form), {"seen": "2", "position": "All is new.", "rating": "embedded"})
    answer = Answer.objects.get(assessment=form)
    assert answer.position == "All is new."
    assert (answer.still_true_at, answer.still_true_by, answer.carried_from) == (None, None, None)
    page = lead.get(url(form)).content.decode()
    assert "it is still true" not in page
    assert "Still true: use these words" in page


def test_evidence_comes_along_ticked_unless_it_has_expired(lead, cast, form, last_year):
    one = forms.standard("LG1")
    today = timezone.localdate()
    current, expired = (
        Evidence.objects.create(
            agency=cast.school,
            title=title,
            kind=EvidenceKind.DATA,
            owner=cast.lead,
            created_by=cast.lead,
            dated_on=today - timedelta(days=200),
            expires_on=until,
        )
        for title, until in (("Rota", None), ("Old bulletin", today - timedelta(days=1)))
    )
    for each in (current, expired):
        EvidenceUse.objects.create(
            evidence=each, assessment=last_year, standard=one, added_by=cast.lead
        )
    page = lead.get(url(form)).content.decode()
    ticks = {
        each.pk: "checked" in page[page.index(f'value="{each.pk}"') :].split(">")[0]
        for each in (current, expired)
    }
    assert ticks == {current.pk: True, expired.pk: False}
    sent = {"seen": "0", "still_true": "1", "carry": [str(current.pk), "nonsense\x00", str(one.pk)]}
    assert lead.post(url(form), sent).status_code == 302
    assert EvidenceUse.objects.get(assessment=form).evidence == current
    assert "Rota" in lead.get(url(form)).content.decode()


def test_evidence_older_than_eighteen_months_is_warned_of(lead, cast, form):
    old = Evidence.objects.create(
        agency=cast.school,
        title="Minutes",
        kind=EvidenceKind.OBSERVATION,
        owner=cast.lead,
        created_by=cast.lead,
        dated_on=timezone.localdate() - timedelta(days=600),
    )
    one = forms.standard("LG3")
    EvidenceUse.objects.create(evidence=old, assessment=form, standard=one, added_by=cast.lead)
    sent = {"seen": "0", "rating": "in_place", "position": POSITION, "confidence": "sure"}
    response = lead.post(url(form, "LG3"), sent)
    assert "Developing at best" in said_by(response)
    lead.post(url(form, "LG3"), {"seen": "1", "rating": "developing"})
    assert "LG3 is saved." in lead.get(url(form, "LG4")).content.decode()


def test_a_lower_level_than_last_year_is_met_with_a_kind_word(lead, form, last_year):
    lead.post(url(form), {"seen": "0", "rating": "developing"})
    assert "That is an honest answer" in lead.get(url(form)).content.decode()


# Overview -----------------------------------------------------------------------------------------
def test_the_sections_say_how_far_they_are(lead, cast, form):
    forms.fill(form, {"LG1": Rating.NOT_IN_PLACE, "LG2": Rating.IN_PLACE}, by=cast.lead)
    page = lead.get(form.get_absolute_url()).content.decode()
    assert "2 of 46 standards answered." in page
    assert "44 to go." in page
    assert "2 of 5 answered." in page
    assert "1 critical gap: LG1." in page
    assert "critical and not in place. It needs an action due within 30 days." in page
    assert "The 12 sections" in page


def test_a_contributor_finds_what_was_given_first(cast, form):
    give(form, cast.teacher, "LG2", "RP3", by=cast.lead)
    page = enter(cast.teacher).get(form.get_absolute_url()).content.decode()
    assert "Given to me: 2" in page
    assert url(form, "RP3") in page
    assert url(form, "LG1") not in page


def test_a_filter_that_makes_no_sense_shows_the_sections(lead, form):
    assert "The 12 sections" in lead.get(f"{form.get_absolute_url()}?show=%00x").content.decode()


def test_the_short_form_says_so(lead, cast, form):
    form.short_form = True
    form.save()
    page = lead.get(form.get_absolute_url()).content.decode()
    assert "short form" in page
    assert "0 of 23 standards answered." in page


# Home ---------------------------------------------------------------------------------------------
def test_home_says_what_waits(lead, cast, form, last_year):
    page = lead.get(reverse("selfassessment:home")).content.decode()
    assert form.get_absolute_url() in page
    assert "0 of 46 answered." in page
    assert last_year.get_absolute_url() in page


def test_home_of_the_signer_and_of_a_contributor(cast, form):
    give(form, cast.teacher, "LG2", by=cast.lead)
    page = enter(cast.teacher).get(reverse("selfassessment:home")).content.decode()
    assert "1 standard to answer." in page
    forms.put_in(form, Status.READY, cast)
    page = enter(cast.senior).get(reverse("selfassessment:home")).content.decode()
    assert "Waiting for your sign-off" in page


def test_home_before_anything_is_open(cast):
    page = enter(cast.lead).get(reverse("selfassessment:home")).content.decode()
    assert "No round is open now." in page
    forms.cycle_of()
    page = enter(cast.lead).get(reverse("selfassessment:home")).content.decode()
    assert "has no form in this year’s round" in page
    page = enter(cast.stranger).get(reverse("selfassessment:home")).content.decode()
    assert "Nothing is waiting for you here." in page


# How often the database is asked ----------------------------------------------------------------
def times_asked(browser, address):
    """Questions to the database; a test's own savepoints, which no served page has, left out."""
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(address).status_code == 200
    return sum("SAVEPOINT" not in each["sql"] for each in asked.captured_queries)


@pytest.mark.parametrize("who", ["lead", "teacher", "senior", "manager"])
def test_no_page_asks_more_than_fifteen_times(cast, form, last_year, who):
    forms.fill(form, Rating.IN_PLACE, by=cast.lead)
    give(form, cast.teacher, *("LG2", "RP3", "RP4"), by=cast.lead)
    give(form, cast.deputy, *("TR1", "TR2"), by=cast.lead)
    for code in ("LG2", "LG2", "RP3"):
        workflow.comment(form, forms.standard(code), "Is this so?", by=cast.lead)
    for title in ("Rota", "Poster", "Survey"):
        kept(form, cast.lead, ["LG2", "RP3"], files=1, title=title)
    if who == "manager":
        forms.put_in(form, Status.SIGNED, cast)
    person = enter(getattr(cast, who))
    addresses = [reverse("selfassessment:home"), form.get_absolute_url(), url(form, "LG2")]
    addresses += [f"{form.get_absolute_url()}?show=all"]
    for address in addresses:
        person.get(address)
        assert times_asked(person, address) <= 15, (who, address)
