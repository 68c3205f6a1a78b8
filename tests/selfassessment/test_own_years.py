"""Year on year of one agency: what moved, said in words, for those who may read its forms."""

from django.urls import reverse

from agencies.models import Agency
from selfassessment import results
from selfassessment.models import Assessment, Moderator
from selfassessment.moderation.models import Moderated, Review
from selfassessment.terms import Rating, Status
from tests.entry import enter
from tests.selfassessment import forms


def years_of(form: Assessment) -> str:
    return reverse("selfassessment:years", args=[form.key])


def newest(cast: forms.Cast) -> Assessment:
    return Assessment.objects.get(agency=cast.school, cycle__year=2026)


def test_it_says_in_words_what_moved_since_the_year_before(full):
    page = enter(full.lead).get(years_of(newest(full))).text
    # All were Developing in 2025; in 2026 all are In place, but LG1 is Not in place.
    assert "From 2025 to 2026: 45 standards moved up, 0 stayed the same and 1 moved down." in page
    assert page.count("up one level") == 45
    assert page.count("down one level") == 1
    assert "up 20.0" in page  # of Leadership: 33.3 to 53.3
    assert page.count('class="p-chart"') == 13


def test_the_table_has_own_and_moderated_ratings_and_scores(full):
    form = newest(full)
    review = Review.objects.create(
        assessment=form, signoff=form.signoffs.get(), seed="a", began_at=forms.NOW
    )
    Moderated.objects.create(
        review=review,
        assessment=form,
        standard=forms.standard("LG2"),
        own=Rating.IN_PLACE,
        rating=Rating.NOT_IN_PLACE,
    )
    results.refresh(form)
    page = enter(full.lead).get(years_of(form)).text
    assert "moderated: Not in place" in page
    assert "own rating 53.3" in page
    assert page.count("down one level") == 2  # the moderated rating counts


def test_it_shows_five_years_and_asks_no_more_for_them(full, django_assert_max_num_queries):
    for year in (2021, 2022, 2023, 2024):
        forms.signed(full.school, full, Rating.DEVELOPING, year=year)
    address = years_of(newest(full))
    client = enter(full.lead)
    client.get(address)
    with django_assert_max_num_queries(15):
        page = client.get(address).text
    assert "2021" not in page
    assert ">2022<" in page


def test_other_meaning_is_not_compared(full):
    other = forms.standard_set()
    other.pk, other.version, other.major, other.minor = None, "2025.1", 2025, 1
    other.used_at = None
    other.save()
    cycle = Assessment.objects.get(agency=full.school, cycle__year=2025).cycle
    cycle.standards = other
    cycle.save()
    page = enter(full.lead).get(years_of(newest(full))).text
    assert "so the two years are not compared" in page
    assert "up one level" not in page


def test_a_first_year_says_that_it_is_the_first(cast, form):
    page = enter(cast.lead).get(years_of(form)).text
    assert "2026 is the first year here." in page


def test_a_year_that_was_not_asked_for_is_passed_over(full):
    Assessment.objects.filter(agency=full.school, cycle__year=2025).update(
        status=Status.EXEMPT, exempt_reason="Closed for the year.", signed_at=None
    )
    page = enter(full.lead).get(years_of(newest(full))).text
    assert "2026 is the first year here." in page


def test_a_moderator_sees_only_years_that_they_moderate(full):
    form = newest(full)
    form.status = Status.MODERATION
    form.save()
    Moderator.objects.create(
        assessment=form,
        person=full.moderator,
        agency=Agency.objects.belonging_to(full.moderator).get(),
        given_by=full.manager,
    )
    page = enter(full.moderator).get(years_of(form)).text
    assert "2025" not in page
    for person in (full.other_lead, full.board_member, full.teacher):
        assert enter(person).get(years_of(form)).status_code == 404


def test_the_ways_to_it_are_the_form_and_the_home_page(full):
    form = newest(full)
    client = enter(full.lead)
    for page in (form.get_absolute_url(), reverse("selfassessment:home")):
        assert years_of(form) in client.get(page).text
