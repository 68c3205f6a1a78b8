"""Days, clocks and paragraphs in words."""

from datetime import UTC, date, datetime, time

import pytest
from django.template import Context, Template

from ui import dates
from ui.clocks import Clock

TODAY = date(2026, 6, 20)


def shown(template: str, **context: object) -> str:
    return Template("{% load ui %}" + template).render(Context(context))


def test_a_day_says_its_year_only_when_it_is_another():
    assert dates.day(date(2026, 6, 16), TODAY) == "Tuesday 16 June"
    assert dates.day(date(2025, 6, 16), TODAY) == "Monday 16 June 2025"
    assert dates.day(None) == ""
    assert dates.paper_day(date(2026, 6, 16)) == "16 June 2026"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (time(15, 52, 40), "3:52pm"),
        (time(17), "5pm"),
        (time(12), "midday"),
        (time(0), "midnight"),
        (time(0, 5), "12:05am"),
        (time(12, 5), "12:05pm"),
        (datetime(2026, 6, 16, 14, 52, tzinfo=UTC), "3:52pm"),
        (None, ""),
    ],
)
def test_a_time_is_said_as_people_say_it(value, words):
    assert dates.time_of_day(value) == words


def test_a_moment_is_said_in_local_time():
    late = datetime(2026, 6, 16, 23, 30, tzinfo=UTC)  # already Wednesday in London
    assert dates.moment(late, TODAY) == "Wednesday 17 June, 12:30am"
    assert dates.paper_moment(late) == "17 June 2026, 12:30am"
    assert shown("{{ at|paper_moment }}", at=late) == "17 June 2026, 12:30am"


def test_words_become_paragraphs_and_nothing_else():
    html = shown("{{ words|said }}", words="One <b>\r\ntwo\r\n\r\nwww.example.org")
    assert html == (
        '<p class="govuk-body">One &lt;b&gt;<br>two</p>\n<p class="govuk-body">www.example.org</p>'
    )
    assert shown("{{ words|said }}", words=None) == ""


def test_a_clock_says_its_state_and_draws_its_days():
    late = Clock("late", "Late by 1 working day", 2, 1, 1, "Triage, day 2 (promised in 1)")
    assert shown("{% clock c %}", c=late) == (
        '<span class="p-clock p-clock--late">Late by 1 working day</span>'
    )
    assert shown("{% clock_days c %}", c=late) == (
        '<span class="p-days" aria-hidden="true"><i class="gone"></i><i class="over"></i></span>'
        "Triage, day 2 (promised in 1)"
    )
    assert '<i class="over"></i></span>Late' in shown("{% clock c days=True %}", c=late)
    assert shown("{% clock c %}{% clock_days c %}", c=None) == ""


def test_a_clock_on_time_has_no_state_of_its_own_and_ten_boxes_at_most():
    due = Clock("due", "Due Monday 30 November", 3, 5)
    assert shown("{% clock c %}", c=due) == '<span class="p-clock">Due Monday 30 November</span>'
    assert due.boxes == ["gone", "gone", "gone", "", ""]
    assert len(Clock("late", "Late", 40, 10, 30).boxes) == 10
    assert "p-days" not in shown("{% clock c days=True %}", c=Clock("999", "999: confirm"))


def test_a_reference_is_kept_whole_and_everything_escaped():
    shown_words = shown("{{ words|whole }}", words="<b> NY-2026-0042, YK-2026-10001. NY-20-1")
    assert shown_words == (
        '&lt;b&gt; <span class="p-ref">NY-2026-0042</span>, '
        '<span class="p-ref">YK-2026-10001</span>. NY-20-1'
    )
