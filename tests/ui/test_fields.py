"""What each field takes, what it says when it cannot, and that it draws again what it keeps."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ui.pages import GOOD, EveryField
from ui import dates, fields
from ui.forms import PageForm

LONDON = ZoneInfo("Europe/London")


def sentence(field: forms.Field, value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        field.clean(value)
    return " | ".join(caught.value.messages)


def part(field: forms.Field, value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        field.clean(value)
    return str((caught.value.error_list[0].params or {})["part"])


def day(d: Any = "", m: Any = "", y: Any = "", **more: Any) -> dict[str, Any]:
    return {"day": d, "month": m, "year": y, **more}


def form_of(**asked: forms.Field) -> type[PageForm]:
    return type("Asked", (PageForm,), asked)


# --- Words ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Zo\u0065\u0308  ", "Zoë"),
        ("one\r\ntwo", "one two"),
        ("a\u202eb\u2066c\u2069", "abc"),
        ("bell\x07\ufeff", "bell"),
        ("Łukasz 😀 عربي", "Łukasz 😀 عربي"),
    ],
)
def test_a_line_of_text_is_normalised_once(typed, kept):
    assert fields.TextField().clean(typed) == kept


def test_several_lines_keep_their_breaks():
    assert fields.LongField().clean(" one\r\ntwo\x0bthree\u2028four\r\n") == "one\ntwo\nthree\nfour"


@pytest.mark.parametrize("typed", ["a\x00b", "half \ud83d"])
@pytest.mark.parametrize("field", [fields.TextField(), fields.LongField(), fields.EmailField()])
def test_what_cannot_be_stored_is_refused_with_a_sentence(field, typed):
    assert "Take out the character" in sentence(field, typed)


def test_an_empty_answer_says_what_to_write():
    assert sentence(fields.TextField(missing="Write the school"), " \u202e ") == "Write the school"
    assert sentence(fields.LongField(about="what happened"), "") == "Write about what happened"
    assert fields.TextField(required=False).clean(None) == ""


def test_too_little_says_how_much_there_is():
    field = fields.LongField(about="what happened", min_length=40)
    assert sentence(field, "He said something.") == (
        "Write a little more about what happened, at least 40 characters. You have written 18."
    )
    assert sentence(field, "") == "Write about what happened, at least 40 characters"
    assert field.clean("x" * 40)


def test_too_much_says_how_much_there_is():
    said = sentence(fields.LongField(about="your reasons"), "x" * 1_000_000)
    assert "at most 4,000 characters. You have written 1,000,000." in said
    assert "at most 200 characters. You have written 201." in sentence(
        fields.TextField(), "x" * 201
    )


def test_line_breaks_count_once():
    field = fields.LongField(max_length=5)
    assert field.clean("ab\r\ncd") == "ab\ncd"


@pytest.mark.parametrize("typed", ["nobody", "a@b", "a b@example.org", "x@example.org, y@z.org"])
def test_an_address_is_asked_for_in_full(typed):
    assert "in full, like name@example.org" in sentence(fields.EmailField(), typed)


@pytest.mark.parametrize("typed", ["01632 960001", "+44 (0)1632 960001", "01632 960001 ext. 12"])
def test_telephone_numbers_are_kept_as_written(typed):
    assert fields.TelephoneField().clean(typed) == typed


@pytest.mark.parametrize("typed", ["ask at the office", "12", "0" * 40])
def test_a_telephone_number_is_in_figures(typed):
    assert "in figures" in sentence(fields.TelephoneField(), typed)


@pytest.mark.parametrize(("typed", "kept"), [("15", 15), (" 1,000 ", 1000), ("٣", 3), ("", None)])
def test_a_whole_number_is_read(typed, kept):
    assert fields.WholeNumberField(required=False).clean(typed) == kept


@pytest.mark.parametrize("typed", ["fifteen", "1.5", "²", "9" * 5000, "--3"])
def test_what_is_no_number_is_asked_for_in_figures(typed):
    assert sentence(fields.WholeNumberField(), typed) == "Write a whole number in figures, like 15"


def test_a_number_has_limits():
    assert sentence(fields.WholeNumberField(most=120), "200") == "Write a number from 0 to 120"
    assert sentence(fields.WholeNumberField(), "-1").startswith("Write a number from 0")


# --- Choices ----------------------------------------------------------------------------------
CHOICES = [("a", "Apples"), ("b", "Pears"), ("none", "None of these")]


def test_a_choice_that_is_not_shown_is_refused():
    for field in (
        fields.ChoiceField(choices=CHOICES),
        fields.SelectField(choices=CHOICES),
        fields.YesNoField(),
    ):
        assert sentence(field, "z\x00") == "Select one of the answers shown"
        assert sentence(field, "") == "Select an answer"
    assert sentence(fields.MultiField(choices=CHOICES), ["a", "z"]) == (
        "Select one of the answers shown"
    )


def test_several_answers_come_in_the_order_shown_and_once():
    assert fields.MultiField(choices=CHOICES).clean(["b", "a", "b"]) == ["a", "b"]


def test_an_exclusive_answer_stands_alone():
    field = fields.MultiField(choices=CHOICES, exclusive=["none"])
    assert field.clean(["none"]) == ["none"]
    assert sentence(field, ["a", "none"]) == (
        "Select “None of these” by itself, or take its tick away"
    )


def test_not_known_is_offered_where_it_is_an_answer():
    assert fields.YesNoField(not_known=True).clean("not_known") == "not_known"
    assert sentence(fields.YesNoField(), "not_known")


def test_a_declaration_must_be_ticked():
    assert sentence(fields.ConfirmField(missing="Tick to agree"), "") == "Tick to agree"
    assert fields.ConfirmField().clean("on") is True


# --- Days -------------------------------------------------------------------------------------
def test_a_day_is_read_from_three_boxes():
    assert fields.DayField().clean(day("16", " 6 ", "2026")) == date(2026, 6, 16)
    assert fields.DayField().clean(day("16", "june", "2026")) == date(2026, 6, 16)
    assert fields.DayField().clean(day("16", "Sept.", "2026")) == date(2026, 9, 16)
    assert fields.DayField(required=False).clean(day()) is None


@pytest.mark.parametrize(
    ("typed", "said", "where"),
    [
        (day("31", "2", "2026"), "Check the day: there is no 31 February 2026", "day"),
        (day("32", "1", "2026"), "Write the day as a number from 1 to 31", "day"),
        (day("x", "1", "2026"), "Write the day as a number, like 27", "day"),
        (day("1", "13", "2026"), "Write the month as a number from 1 to 12", "month"),
        (day("1", "Smarch", "2026"), "Write the month as a number from 1 to 12", "month"),
        (day("1", "1", "26"), "Write the year in four figures, like 2026", "year"),
        (day("1", "1", "2101"), "Write the year in four figures, like 2026", "year"),
        (day("1", "1", "99999"), "Write the year in four figures, like 2026", "year"),
        (day("", "1", "2026"), "Add the day to the date", "day"),
        (day("1", "", "2026"), "Add the month to the date", "month"),
        (day("1", "1", ""), "Add the year to the date", "year"),
        (day("1", "\x00", "2026"), "Take out the character", "month"),
    ],
)
def test_a_day_that_is_none_says_which_box(typed, said, where):
    field = fields.DayField()
    assert said in sentence(field, typed)
    assert part(field, typed) == where


def test_a_day_may_have_to_be_past_or_to_come():
    today = date(2026, 11, 22)
    past, future = fields.DayField(past_only=True), fields.DayField(future_only=True)
    past.today = future.today = today
    for field in (past, future):
        assert field.clean(day(22, 11, 2026)) == today
    assert sentence(past, day(23, 11, 2026)) == "Check the date: it must be today or earlier"
    assert sentence(future, day(21, 11, 2026)) == "Check the date: it must be today or later"


@pytest.mark.parametrize(
    ("typed", "kept", "words"),
    [
        (day("15", "6", "2026"), {"day": 15, "month": 6, "year": 2026}, "15 June 2026"),
        (day("", "6", "2026"), {"day": None, "month": 6, "year": 2026}, "June 2026"),
        (day("", "", "2025"), {"day": None, "month": None, "year": 2025}, "2025"),
        (day(about=" after Easter "), {"about": "after Easter"}, "after Easter"),
        (
            day("", "6", "2026", about="early"),
            {"day": None, "month": 6, "year": 2026, "about": "early"},
            "June 2026 (early)",
        ),
        (day(unknown="yes"), {"unknown": True}, "Not known"),
        (day(), None, ""),
    ],
)
def test_as_much_of_a_date_as_is_known(typed, kept, words):
    field = fields.ApproxDateField(required=False)
    field.today = date(2026, 11, 22)
    assert field.clean(typed) == kept
    assert json.loads(json.dumps(kept)) == kept
    assert dates.approx(kept) == words


@pytest.mark.parametrize(
    ("typed", "said", "where"),
    [
        (day("", "", "2027"), "today or earlier", "year"),
        (day("", "12", "2026"), "today or earlier", "month"),
        (day("23", "11", "2026"), "today or earlier", "day"),
        (day("15", "", "2026"), "Add the month", "month"),
        (day("", "6", ""), "Add the year", "year"),
        (day("30", "2", "2026"), "there is no 30 February 2026", "day"),
        (day(about="x" * 201), "shorter", "about"),
        (day(about="\x00"), "Take out", "about"),
        (day("", "", "2026", unknown="yes"), "not both", "unknown"),
    ],
)
def test_an_approximate_date_says_which_part(typed, said, where):
    field = fields.ApproxDateField()
    field.today = date(2026, 11, 22)
    assert said in sentence(field, typed)
    assert part(field, typed) == where
    assert "say about when" in sentence(field, day())


@pytest.mark.parametrize(
    ("typed", "hour", "minute"),
    [
        ("3:40pm", 15, 40),
        ("15:40", 15, 40),
        ("3.40 PM", 15, 40),
        ("1540", 15, 40),
        ("3pm", 15, 0),
        ("3 p.m.", 15, 0),
        ("12am", 0, 0),
        ("12:05pm", 12, 5),
        ("midday", 12, 0),
        ("Midnight", 0, 0),
    ],
)
def test_a_time_is_read_as_people_write_it(typed, hour, minute):
    moment = fields.MomentField().clean(day("16", "6", "2026", time=typed))
    assert moment == datetime(2026, 6, 16, hour, minute, tzinfo=LONDON)
    assert moment.astimezone(UTC).hour == (hour - 1) % 24  # summer time


@pytest.mark.parametrize("typed", ["3", "25:00", "13pm", "0am", "3:60pm", "soon", "3:4pm"])
def test_a_time_that_is_none_says_how_to_write_it(typed):
    field = fields.MomentField()
    value = day("16", "6", "2026", time=typed)
    assert sentence(field, value) == "Write the time like 3:40pm or 15:40"
    assert part(field, value) == "time"


def test_a_moment_wants_both_parts_and_not_the_future():
    field = fields.MomentField(past_only=True)
    field.now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    assert part(field, day("22", "11", "2026")) == "time"
    assert part(field, day(time="3pm")) == "day"
    assert part(field, day("22", "11", "2026", time="12:01")) == "time"
    assert part(field, day("23", "11", "2026", time="11:00")) == "day"
    assert field.clean(day("22", "11", "2026", time="midday"))
    ahead = fields.MomentField(future_only=True)
    ahead.now = field.now
    assert "must not be in the past" in sentence(ahead, day("21", "11", "2026", time="3pm"))


# --- Groups -----------------------------------------------------------------------------------
def rows(**kwargs: Any) -> fields.RepeatingField:
    return fields.RepeatingField(
        columns=[
            ("address", "Address", "long"),
            ("email", "E-mail address", "email"),
            ("age", "Age", "number"),
            ("current", "Current", "tick"),
        ],
        singular="Address",
        needed=["address"],
        **kwargs,
    )


def test_rows_are_kept_and_empty_ones_left_out():
    typed = [{"address": "1 Mill Lane\r\nYork", "current": "yes"}, {"address": " "}, {"age": ""}]
    assert rows().clean(typed) == [
        {"address": "1 Mill Lane\nYork", "email": "", "age": "", "current": "yes"}
    ]
    assert sentence(rows(), [{}]) == "Add at least one"
    assert rows(required=False).clean([]) == []


def test_a_fault_in_a_row_says_which():
    typed = [{"address": "x"}, {"email": "nobody"}, {"address": "y\x00"}, {"age": "old"}]
    field = rows()
    said = sentence(field, typed)
    assert "Address 2: Write the e-mail address in full" in said
    assert "Address 2: add “Address”" not in said  # what cannot be read is said first
    assert "Address 3: Take out the character" in said
    assert "Address 4: Write “Age” in figures, like 15" in said
    assert part(field, typed) == "1_email"
    assert "Address 1: add “Address”" in sentence(field, [{"age": "3"}])
    assert "at most 2,000" in sentence(field, [{"address": "x" * 2001}])


CONCERNS = [("contacts", "Contacts"), ("online", "Online")]


def details(**kwargs: Any) -> fields.DetailsField:
    return fields.DetailsField(choices=CONCERNS, **kwargs)


def test_each_tick_keeps_its_own_words():
    value = {"ticked": ["online"], "words": {"online": "Videos\r\nat night"}}
    assert details().clean(value) == {"online": "Videos\nat night"}
    assert details().clean({"ticked": ["online"], "words": {}}) == {"online": ""}
    assert details(required=False).clean({"ticked": [], "words": {}}) == {}


def test_words_without_a_tick_are_not_dropped_in_silence():
    value = {"ticked": [], "words": {"contacts": "An older boy"}}
    assert sentence(details(), value) == (
        "Tick “Contacts” to keep what you wrote, or clear the words"
    )
    assert part(details(), value) == "contacts"


def test_details_say_what_is_wanted():
    ticked = {"ticked": ["online"], "words": {"online": ""}}
    field = details(words_needed=True, max_length=10)
    assert sentence(field, ticked) == "Write what, who and when for “Online”"
    assert part(field, ticked) == "online_words"
    ticked["words"] = {"online": "x" * 11}
    assert "at most 10 characters. You have written 11." in sentence(field, ticked)
    assert sentence(field, {"ticked": ["z"], "words": {}}) == "Select one of the answers shown"
    assert "Take out" in sentence(field, {"ticked": ["online"], "words": {"online": "\x00"}})


def test_a_contact_is_a_dict_of_text():
    field = fields.ContactField(parts=["name", "phone", "email"])
    assert field.clean({"name": " Hannah ", "phone": "01632 960001"}) == {
        "name": "Hannah",
        "phone": "01632 960001",
        "email": "",
    }
    assert fields.ContactField(required=False).clean({}) == {}
    assert "Write who it is" in sentence(field, {"name": " "})
    assert sentence(field, {"phone": "01632 960001"}) == "Add “Full name”"
    said = sentence(field, {"name": "H", "phone": "soon", "email": "x"})
    assert "in figures" in said
    assert "in full" in said


# --- Drawing again ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("field", "stored", "drawn"),
    [
        (fields.DayField(), date(2026, 6, 16), ['value="16"', 'value="6"', 'value="2026"']),
        (fields.DayField(), "2026-06-16", ['value="16"', 'value="6"', 'value="2026"']),
        (
            fields.MomentField(),
            datetime(2026, 6, 16, 14, 40, tzinfo=UTC),
            ['value="16"', 'value="3:40pm"'],
        ),
        (fields.ApproxDateField(), {"day": None, "month": 6, "year": 2026}, ['value="2026"']),
        (fields.ApproxDateField(), {"about": "at <Easter>"}, ['value="at &lt;Easter&gt;"']),
        (fields.ApproxDateField(), {"unknown": True}, ['value="yes" checked']),
        (details(), {"online": "Videos"}, ['value="online" checked', ">\nVideos</textarea>"]),
        (
            rows(),
            [{"address": "One"}, {"address": "Two", "current": "yes"}],
            [">\nOne<", ">\nTwo<", "remove_asked_1", 'value="yes" checked'],
        ),
        (fields.ContactField(), {"name": "Hannah"}, ['value="Hannah"']),
        (fields.MultiField(choices=CHOICES), ["b"], ['value="b" checked']),
        (fields.YesNoField(), "no", ['value="no" checked']),
        (fields.WholeNumberField(), 15, ['value="15"']),
        (fields.LongField(), "One\nTwo", ["\nOne\nTwo</textarea>"]),
    ],
)
def test_a_stored_answer_is_drawn_again(field, stored, drawn):
    html = str(form_of(asked=field)(initial={"asked": stored}))
    for piece in drawn:
        assert piece in html


def test_every_field_takes_a_good_answer_and_gives_json():
    data = QueryDict(mutable=True)
    for key, value in GOOD.items():
        data.setlist(key, value if isinstance(value, list) else [value])
    form = EveryField(data)
    assert form.is_valid(), form.errors
    kept = form.cleaned_data
    json.dumps({name: kept[name] for name in ("when", "addresses", "features", "who", "online")})
    assert kept["born"] == date(2011, 1, 9)
    assert kept["addresses"] == [{"address": "1 Mill Lane\nScarborough", "current": "yes"}]
    again = EveryField(initial=kept)
    html = str(again)
    for piece in ("Three times since May.", "1 Mill Lane", "An older boy", "Hannah Ellis"):
        assert piece in html


KEYS = sorted(set(GOOD) | {"when_about", "when_unknown", "when_day", "online_other"})


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries({}, optional={key: st.text(max_size=60) for key in KEYS}))
def test_no_typing_breaks_a_form(typed):
    form = EveryField(typed)
    form.is_valid()
    form.partial()
    str(form).encode()
    assert all(sentence for sentence, _place in form.problems())


def test_time_rules_follow_the_clock_by_default():
    tomorrow = timezone.localdate() + timedelta(days=1)
    typed = day(tomorrow.day, tomorrow.month, tomorrow.year)
    assert sentence(fields.DayField(past_only=True), typed)
    assert sentence(fields.ApproxDateField(), typed)
