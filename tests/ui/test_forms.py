"""How a page of questions is drawn, and what counts as an answer to it."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.template import Context, Template
from django.test import Client

from tests.ui.pages import GOOD, EveryField, OneQuestion, SmallForm
from ui import fields
from ui.forms import PageForm, dress

pytestmark = pytest.mark.django_db  # pages are answered in a transaction


class Parts(HTMLParser):
    """Ids, links, labels and the inputs of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: dict[str, str] = {}
        self.links: list[str] = []
        self.labels: list[str] = []
        self.inputs: list[dict[str, str]] = []
        self.described: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        got = {key: value or "" for key, value in attrs}
        if "id" in got:
            assert got["id"] not in self.ids, f"the id {got['id']} stands twice"
            self.ids[got["id"]] = tag
        if tag == "a" and got.get("href", "").startswith("#"):
            self.links.append(got["href"][1:])
        if tag == "label":
            self.labels.append(got["for"])
        if tag in {"input", "textarea", "select"} and got.get("type") != "hidden":
            self.inputs.append(got)
        self.described += got.get("aria-describedby", "").split()


def posted(**changes: Any) -> QueryDict:
    data = QueryDict(mutable=True)
    for key, value in (GOOD | changes).items():
        if value is not None:
            data.setlist(key, value if isinstance(value, list) else [value])
    return data


def page(data: dict[str, Any] | None = None) -> str:
    answer = Client().get("/") if data is None else Client().post("/", data)
    assert answer.status_code == 200
    return answer.content.decode()


def summary(form: forms.BaseForm) -> str:
    return Template("{% load ui %}{% error_summary form %}").render(Context({"form": form}))


@pytest.mark.parametrize("data", [None, {"what": "Too short"}, {"features": ["contacts"]}])
def test_every_input_has_a_label_and_every_reference_an_end(data):
    parts = Parts(page(data))
    for got in parts.inputs:
        assert got["id"] in parts.labels
    for reference in parts.described + parts.labels:
        assert reference in parts.ids


def test_every_error_links_to_an_input():
    wrong = {"what": "x", "when_year": "26", "addresses_0_current": "yes", "features": ["online"]}
    html = page(
        wrong | {"call_day": "31", "call_month": "2", "call_year": "2026", "who_email": "x"}
    )
    parts = Parts(html)
    links = [link for link in parts.links if link != "main"]
    assert len(links) == 16
    for link in links:
        assert parts.ids[link] in {"input", "textarea", "select"}, link
    for place in ("id_when_year", "id_call_day", "id_features_online_words", "id_who_email"):
        assert place in links
    assert "id_repeated" in links
    assert "16 things to put right" in html


def test_errors_stand_by_their_fields_and_in_the_title():
    html = page({"what": "He said something."})
    assert re.search(r"<title>\s*Error:", html)
    said = "Write a little more about what happened, at least 40 characters. You have written 18."
    assert html.count(said) == 2
    assert 'id="id_what_error" class="govuk-error-message"' in html
    assert 'aria-describedby="id_what_helptext id_what_error id_what-info"' in html
    assert "He said something.</textarea>" in html
    assert "aria-invalid" not in html
    assert " required" not in html


@pytest.mark.parametrize(
    ("number", "words"), [(1, "One thing"), (2, "Two things"), (11, "11 things")]
)
def test_the_summary_counts_in_words(number, words):
    names = [f"field{n}" for n in range(number)]
    form = type("Many", (PageForm,), {name: fields.TextField() for name in names})({})
    assert f"{words} to put right" in summary(form)


def test_no_summary_without_errors():
    assert summary(EveryField()) == ""
    assert summary(EveryField(posted())) == ""


def test_an_error_of_the_whole_form_links_to_its_first_input():
    class Both(OneQuestion):
        seen = forms.CharField(widget=forms.HiddenInput)

        def clean(self) -> None:
            raise ValidationError("Someone took this case at 9:12am.")

    form = Both({"told": "y"})
    assert '<a href="#id_told">Someone took this case at 9:12am.</a>' in summary(form)
    assert form.problems()[1][1] == "id_told"  # the hidden field's own fault leads there too


def test_a_form_made_elsewhere_is_dressed():
    class Theirs(forms.Form):
        email = forms.EmailField(help_text="At work")
        kind = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect)
        stay = forms.BooleanField()

    form = dress(Theirs({}))
    html = Template("{% load ui %}{% govuk_form form %}").render(Context({"form": form}))
    for piece in ("govuk-input--error", "govuk-radios__input", "govuk-checkboxes__input"):
        assert piece in html
    assert 'id="id_email_helptext" class="govuk-hint"' in html
    assert "required" not in html
    assert "Write an e-mail address" in html
    assert 'href="#id_email"' in summary(form)
    one = Template("{% load ui %}{% govuk_field form.email %}").render(Context({"form": form}))
    assert one.count('"govuk-form-group') == 1


# --- Headings ---------------------------------------------------------------------------------
def test_one_question_is_the_heading_of_the_page():
    html = str(OneQuestion())
    assert '<legend class="govuk-fieldset__legend govuk-fieldset__legend--l"><h1' in html
    form = OneQuestion()
    form.page_heading = False
    assert "<h1" not in str(form)
    single = type("Single", (PageForm,), {"what": fields.LongField(label="What happened?")})
    assert '<h1 class="govuk-label-wrapper"><label class="govuk-label govuk-label--l"' in str(
        single()
    )


def test_several_questions_have_the_middle_size():
    html = str(EveryField())
    assert "<h1" not in html
    assert "govuk-label--m" in html
    assert "govuk-fieldset__legend--m" in html


def test_the_check_page_is_small():
    html = str(SmallForm())
    assert "govuk-radios--small" in html
    assert "govuk-fieldset__legend--s" in html
    assert "govuk-label--m" in html  # as said in headings
    assert "<h1" not in html


# --- Questions inside answers -----------------------------------------------------------------
def test_a_revealed_question_is_drawn_inside_its_answer_and_only_there():
    html = str(EveryField())
    assert html.count('name="repeated_detail"') == 1
    assert 'data-aria-controls="conditional-id_repeated"' in html
    inside = html.split('id="conditional-id_repeated"')[1].split("govuk-radios__item")[0]
    assert 'name="repeated_detail"' in inside
    assert "govuk-radios__conditional--hidden" in html
    opened = str(EveryField(initial={"repeated": "yes"}))
    assert "govuk-radios__conditional--hidden" not in opened


def test_a_revealed_question_counts_only_under_its_answer():
    assert EveryField(posted(repeated="no", repeated_detail="")).is_valid()
    asked = EveryField(posted(repeated="yes", repeated_detail=""))
    assert list(asked.errors) == ["repeated_detail"]
    left = EveryField(posted(repeated="no", repeated_detail="Three times"))
    assert left.is_valid()
    assert left.cleaned_data["repeated_detail"] == ""


def test_words_under_an_answer_nobody_gave_ask_for_the_answer():
    class Optional(EveryField):
        repeated = fields.YesNoField(required=False, missing="Select whether there was more")

    form = Optional(posted(repeated=None, repeated_detail="Three times"))
    assert form.errors == {"repeated": ["Select whether there was more"]}
    assert Optional(posted(repeated=None, repeated_detail="")).is_valid()


def test_an_unasked_question_takes_those_inside_it_along():
    class Nested(PageForm):
        reveals = {"one": {"yes": ["two"]}, "two": {"yes": ["three"]}}
        one = fields.YesNoField()
        two = fields.YesNoField()
        three = fields.TextField()

    assert Nested({"one": "no", "two": "yes"}).is_valid()
    assert list(Nested({"one": "yes", "two": "yes"}).errors) == ["three"]


# --- Rows -------------------------------------------------------------------------------------
def test_another_row_is_drawn_without_checking_anything():
    form = EveryField(posted(add_addresses="1", what="short"))
    assert form.wants_another_row()
    assert not form.is_valid()
    assert not form.errors
    html = str(form)
    assert 'name="addresses_1_address"' in html
    assert html.count("autofocus") == 1
    assert "1 Mill Lane" in html
    assert "short</textarea>" in html


def test_rows_have_a_limit_and_can_be_taken_away():
    rows = {f"addresses_{n}_address": f"Row {n}" for n in range(3)}
    html = str(EveryField(posted(**rows)))
    assert 'name="add_addresses"' not in html
    fewer = EveryField(posted(**rows, remove_addresses_1="1"))
    assert fewer.wants_another_row()
    html = str(fewer)
    assert "Row 0" in html
    assert "Row 1" not in html
    assert "Row 2" in html
    assert not EveryField().wants_another_row()
    too_many = EveryField(posted(**{f"addresses_{n}_address": "x" for n in range(50)}))
    assert too_many.is_valid()
    assert len(too_many.cleaned_data["addresses"]) == 3


def test_return_presses_the_forms_own_button():
    html = page()
    first = re.findall(r"<button[^>]*>", html)[0]
    assert 'aria-hidden="true"' in first
    assert "name=" not in first


# --- Half-written pages -----------------------------------------------------------------------
def test_a_draft_keeps_what_stands_by_itself():
    form = EveryField(posted(what="Too short", sector=None, born_month="13", repeated="no"))
    kept = form.partial()
    assert kept["what"] == "Too short"
    assert kept["sector"] == ""
    assert kept["repeated_detail"] == ""
    assert "born" not in kept
    assert kept["who"]["name"] == "Hannah Ellis"
    assert list(form.errors) == ["what", "sector", "born"]  # the full check is as strict as before


def test_crispy_draws_form_token_and_button():
    html = page()
    assert 'method="post" novalidate enctype="multipart/form-data" data-autosave="/save/"' in html
    assert 'data-prevent-double-click="true">Save and continue</button>' in html
    assert '<a class="govuk-link" href="/later/">Save and come back later</a>' in html
    assert "data-autosave-status" in html

    class Bare(OneQuestion):
        form_tag = False

    bare = Template("{% load crispy_forms_tags %}{% crispy form %}").render(
        Context({"form": Bare()})
    )
    assert "<form" not in bare
    assert 'name="told"' in bare


def test_half_a_surrogate_can_still_be_drawn():
    str(EveryField({"what": "half \ud83d", "features_contacts_words": "\ud83d"})).encode()
