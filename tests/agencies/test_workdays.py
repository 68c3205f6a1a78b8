"""Time as people keep it."""

import datetime
from zoneinfo import ZoneInfo

import pytest

from agencies import workdays
from agencies.models import Locality

LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def locality():
    return Locality(code="NY", name="North Yorkshire")


def day(text):
    return datetime.date.fromisoformat(text)


def at(text):
    """A moment as a clock in York shows it."""
    return datetime.datetime.fromisoformat(text).replace(tzinfo=LONDON)


def shown(moment):
    return moment.astimezone(LONDON).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("date", "works"),
    [
        ("2026-11-20", True),  # a Friday
        ("2026-11-21", False),
        ("2026-11-22", False),
        ("2026-04-03", False),  # Good Friday
        ("2026-12-28", False),  # Boxing Day falls on a Saturday and is kept on the Monday
        ("2026-12-29", True),
        ("2027-01-01", False),
    ],
)
def test_weekends_and_bank_holidays_are_not_working_days(locality, date, works):
    assert workdays.is_working_day(day(date), locality) is works


def test_another_nation_keeps_other_bank_holidays(locality):
    assert workdays.is_working_day(day("2026-11-30"), locality)
    locality.subdivision = "SCT"
    assert not workdays.is_working_day(day("2026-11-30"), locality)  # St Andrew's Day


def test_working_days_are_counted_over_a_weekend_and_christmas(locality):
    assert workdays.add_working_days(day("2026-11-20"), 1, locality) == day("2026-11-23")
    assert workdays.add_working_days(day("2026-12-24"), 1, locality) == day("2026-12-29")
    assert workdays.add_working_days(day("2026-12-24"), 3, locality) == day("2026-12-31")
    assert workdays.next_working_day(day("2026-12-31"), locality) == day("2027-01-04")


def test_no_working_days_from_a_day_off_is_the_next_day_on(locality):
    assert workdays.add_working_days(day("2026-11-21"), 0, locality) == day("2026-11-23")
    assert workdays.add_working_days(day("2026-11-20"), 0, locality) == day("2026-11-20")


def test_working_days_are_not_counted_backwards(locality):
    with pytest.raises(ValueError):
        workdays.add_working_days(day("2026-11-20"), -1, locality)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-11-17 10:00", 1, "2026-11-18 17:00"),
        ("2026-11-20 16:59", 1, "2026-11-23 17:00"),  # Friday, a minute before five
        ("2026-11-20 17:00", 1, "2026-11-24 17:00"),  # Friday at five counts from Monday
        ("2026-11-20 23:30", 1, "2026-11-24 17:00"),
        ("2026-11-21 10:00", 1, "2026-11-24 17:00"),  # Saturday
        ("2026-11-23 00:30", 1, "2026-11-24 17:00"),  # before the day starts counts for it
        ("2026-11-17 10:00", 0, "2026-11-17 17:00"),  # same day
        ("2026-11-20 18:00", 0, "2026-11-23 17:00"),
        ("2026-12-24 12:00", 2, "2026-12-30 17:00"),
    ],
)
def test_a_promise_ends_with_a_working_day(locality, start, days, due):
    assert shown(workdays.due_at(at(start), days, locality)) == due


def test_five_is_five_when_the_clocks_change(locality):
    # The clocks go forward on Sunday 29 March 2026 and back on Sunday 25 October 2026.
    spring = workdays.due_at(at("2026-03-27 12:00"), 1, locality)
    autumn = workdays.due_at(at("2026-10-23 12:00"), 1, locality)
    assert spring == datetime.datetime(2026, 3, 30, 16, 0, tzinfo=datetime.UTC)
    assert autumn == datetime.datetime(2026, 10, 26, 17, 0, tzinfo=datetime.UTC)


def test_a_moment_just_after_midnight_in_summer_belongs_to_the_local_day(locality):
    # 23:30 UTC on Thursday is 00:30 on Friday in York.
    start = datetime.datetime(2026, 6, 11, 23, 30, tzinfo=datetime.UTC)
    assert shown(workdays.due_at(start, 0, locality)) == "2026-06-12 17:00"


@pytest.mark.parametrize("days", [0, 1, 2, 5])
@pytest.mark.parametrize(
    "now",
    ["2026-11-20 16:59", "2026-11-20 17:00", "2026-11-21 12:00", "2026-11-23 09:00",
     "2026-12-29 17:30"],
)  # fmt: skip
def test_what_started_before_a_moment_is_due_by_another(locality, now, days):
    edge = workdays.due_by(at(now), days, locality)
    just_before = edge - datetime.timedelta(seconds=1)
    assert workdays.due_at(just_before, days, locality) <= at(now)
    assert workdays.due_at(edge, days, locality) > at(now)


def test_a_locality_may_close_earlier(locality):
    locality.day_ends = datetime.time(16)
    assert shown(workdays.due_at(at("2026-11-20 16:30"), 1, locality)) == "2026-11-24 16:00"


def test_an_emergency_runs_by_the_clock(locality):
    assert shown(workdays.due_in_hours(at("2026-11-21 23:30"), 1)) == "2026-11-22 00:30"
    # An hour is an hour, also in the night when the clocks go back.
    start = datetime.datetime(2026, 10, 25, 0, 30, tzinfo=datetime.UTC)
    assert workdays.due_in_hours(start, 1) - start == datetime.timedelta(hours=1)


def test_a_clock_warns_in_the_last_quarter():
    start, due = at("2026-11-17 09:00"), at("2026-11-17 17:00")
    assert shown(workdays.amber_at(start, due)) == "2026-11-17 15:00"


def test_working_days_between_counts_neither_start_nor_days_off(locality):
    assert workdays.working_days_between(day("2026-11-20"), day("2026-11-23"), locality) == 1
    assert workdays.working_days_between(day("2026-11-20"), day("2026-11-20"), locality) == 0
    assert workdays.working_days_between(day("2026-11-20"), day("2026-11-22"), locality) == 0
    assert workdays.working_days_between(day("2026-11-23"), day("2026-11-20"), locality) == -1
    assert workdays.working_days_between(day("2026-12-24"), day("2026-12-31"), locality) == 3


def test_somebody_is_at_work_between_nine_and_five(locality):
    assert workdays.is_open(at("2026-11-20 09:00"), locality)
    assert not workdays.is_open(at("2026-11-20 08:59"), locality)
    assert not workdays.is_open(at("2026-11-20 17:00"), locality)
    assert not workdays.is_open(at("2026-11-21 12:00"), locality)


@pytest.mark.parametrize(
    ("a", "b", "hours"),
    [
        ("2026-11-16 10:00", "2026-11-16 12:30", 2.5),
        ("2026-11-16 16:00", "2026-11-17 10:00", 2),
        ("2026-11-20 16:00", "2026-11-23 10:00", 2),  # over a weekend
        ("2026-11-21 10:00", "2026-11-22 10:00", 0),
        ("2026-11-16 20:00", "2026-11-17 17:00", 8),
        ("2026-11-17 10:00", "2026-11-16 10:00", 0),
    ],
)
def test_working_time_is_what_people_are_at_work(a, b, hours, locality):
    span = workdays.working_time_between(at(a), at(b), locality)
    assert span == datetime.timedelta(hours=hours)
    if span:
        there = workdays.add_working_time(at(a), span, locality)
        assert workdays.working_time_between(there, at(b), locality) == datetime.timedelta()
        assert there <= at(b)


def test_a_whole_working_day_ends_when_the_day_does(locality):
    span = datetime.timedelta(hours=8)
    assert shown(workdays.add_working_time(at("2026-11-20 09:00"), span, locality)) == (
        "2026-11-20 17:00"
    )
    assert shown(workdays.add_working_time(at("2026-11-21 12:00"), span, locality)) == (
        "2026-11-23 17:00"
    )
