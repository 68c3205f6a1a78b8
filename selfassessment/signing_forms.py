"""What is asked when a form is handed over, signed, sent back, returned or let off a check."""

from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from selfassessment.cycle_forms import reason_field
from selfassessment.models import Remark
from ui.fields import ChoiceField, ConfirmField, DayField, LongField, TextField
from ui.forms import PageForm

MOST_QUESTIONS = 20


class HandOverForm(PageForm):
    no_personal_data = ConfirmField(
        label=gettext_lazy(
            "I have looked: there is no personal data about people of concern in the answers, "
            "the evidence or the actions"
        ),
        missing=gettext_lazy("Look for personal data first, then tick the box"),
    )
    page_heading = False
    button = gettext_lazy("Hand over to be signed")


class SignForm(PageForm):
    role = TextField(
        label=gettext_lazy("Your role"),
        help_text=gettext_lazy("As it is to stand under the statement, for example head teacher."),
        max_length=120,
        missing=gettext_lazy("Write your role"),
    )
    governing_body_on = DayField(
        label=gettext_lazy("The governing body will receive it on"),
        help_text=gettext_lazy(
            "The board, cabinet, governors or trustees. For example 10 12 2026."
        ),
        missing=gettext_lazy("Write the day on which the governing body receives it"),
    )
    agreed = ConfirmField(
        label=gettext_lazy("I confirm every sentence of the statement"),
        missing=gettext_lazy("Confirm the statement, or send the form back"),
    )
    page_heading = False
    headings = {"role": "s", "governing_body_on": "s"}
    button = gettext_lazy("Sign")
    form_tag = False


class WordsForm(PageForm):
    """Some words and a button."""

    words = LongField(max_length=2000, missing=gettext_lazy("Write what is to be done"))
    page_heading = False
    headings = {"words": "s"}

    def __init__(self, *args: Any, label: Any, button: Any, hint: Any = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].label = label
        self.fields["words"].help_text = hint
        self.button = button


class QuestionsForm(PageForm):
    """What the board asks of a signed form."""

    words = LongField(
        label=gettext_lazy("Your questions"),
        help_text=gettext_lazy("A line for each. The agency answers them one by one."),
        max_length=4000,
        missing=gettext_lazy("Write at least one question"),
    )
    page_heading = False
    headings = {"words": "s"}
    button = gettext_lazy("Return with these questions")

    def clean_words(self) -> str:
        words: str = self.cleaned_data["words"]
        if len(self._lines(words)) > MOST_QUESTIONS:
            said = _("Write at most %(most)s questions") % {"most": MOST_QUESTIONS}
            self.add_error("words", said)
        return words

    def questions(self) -> list[str]:
        return self._lines(self.cleaned_data["words"])

    def _lines(self, words: str) -> list[str]:
        return [line.strip()[:2000] for line in words.splitlines() if line.strip()]


class AnswersForm(PageForm):
    """The agency's answers to what the board asked; each may wait for another day."""

    page_heading = False
    button = gettext_lazy("Save the answers")

    def __init__(self, *args: Any, questions: list[Remark], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions = {f"q{each.pk}": each for each in questions}
        for name, each in self.questions.items():
            self.fields[name] = LongField(
                label=each.words, max_length=2000, required=False, initial=each.answer, rows=4
            )
            self.fields[f"seen_{name}"] = forms.CharField(
                required=False, widget=forms.HiddenInput, initial=each.version
            )
        self.headings = dict.fromkeys(self.questions, "s")

    def changed(self) -> list[tuple[Remark, str, str]]:
        """What was written anew: the question, the words, and the version that the page showed."""
        said = self.cleaned_data
        given = [(each, said[name], said[f"seen_{name}"]) for name, each in self.questions.items()]
        return [(each, words, seen) for each, words, seen in given if words]

    def overtaken(self, remark: Remark) -> None:
        """Somebody else answered it: their words above, what was typed stays in the box."""
        name = f"q{remark.pk}"
        sent = QueryDict(mutable=True)
        sent.update(self.data)
        sent[f"seen_{name}"] = remark.version
        self.data = sent
        sentence = _("%(name)s has answered this meanwhile: “%(words)s”. Yours replaces it.")
        self.add_error(name, sentence % {"name": remark.answered_by, "words": remark.answer})


class WaiverForm(PageForm):
    """Whether a form is let off a check; on the authority of who answers."""

    granted = ChoiceField(
        label=gettext_lazy("Is the form let off this check?"),
        choices=[
            ("yes", gettext_lazy("Yes, it may be signed as it is")),
            ("no", gettext_lazy("No, it must be put right")),
        ],
        missing=gettext_lazy("Select yes or no"),
    )
    why = reason_field(
        gettext_lazy("Why, and by what authority?"),
        hint=gettext_lazy("It is kept with your name and shown to the agency and the moderators."),
    )
    page_heading = False
    headings = {"granted": "s", "why": "s"}
    button = gettext_lazy("Decide")


def first_day(today: date, due_on: date) -> date:
    """With which day the page begins: the one by which it is to be signed, if that is to come."""
    return max(today, due_on)
