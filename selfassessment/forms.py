"""What a form asks: of each standard, and once of the consultation."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from selfassessment.models import Answer, Assessment
from selfassessment.standards.models import Standard
from selfassessment.terms import POSITION_AT_MOST, REASON_AT_LEAST, Confidence, Rating
from selfassessment.workflow import CONSULTATION, WRITTEN
from ui import fields
from ui.forms import PageForm, has_words

LONGER_AT_MOST = 2000  # characters of what changed, of a reason and of a consultation
COMMENT_AT_MOST = 2000  # characters
MOST_KEPT = 50_000
"""Characters of a text that is kept as it was typed, though it is asked to be shorter."""
LOOKS = {
    Rating.NOT_IN_PLACE: "red",
    Rating.DEVELOPING: "amber",
    Rating.IN_PLACE: "green",
    Rating.EMBEDDED: "deep",
    Rating.NOT_APPLICABLE: "na",
}
"""The pattern and colour that go with each word: ``p-rag--red``."""


class KeepingForm(PageForm):
    """Takes what can be stored at all; what is still wanted is said, and holds nobody up."""

    form_tag = False
    page_heading = False

    def kept(self) -> dict[str, str]:
        """What can be stored of what was sent, by the name of its column.

        A field that was not sent is left out: it stays as it is. So is one that cannot be read.
        """
        longest = {
            name: field.longest
            for name, field in self.fields.items()
            if isinstance(field, fields.LongField)
        }
        for name in longest:
            self.fields[name].longest = MOST_KEPT  # type: ignore[attr-defined]
        revealed, self.reveals = self.reveals, {}  # words under a choice that was not made, too
        try:
            values = self.partial()
        finally:
            self.reveals = revealed
            for name, most in longest.items():
                self.fields[name].longest = most  # type: ignore[attr-defined]
        return {name: value or "" for name, value in values.items() if self._was_sent(name)}

    def cannot_keep(self, kept: Mapping[str, str]) -> list[str]:
        """Names of the fields in which something was typed that cannot be stored."""
        return [
            name
            for name in self.fields
            if name not in kept and has_words(self.data.get(self.add_prefix(name)))
        ]

    def only_errors_of(self, names: list[str]) -> None:
        """Say about these fields what is wrong with them, and about the others nothing."""
        for name in [each for each in self.errors if each not in names]:
            del self.errors[name]

    def _was_sent(self, name: str) -> bool:
        return self.add_prefix(name) in self.data


class AnswerForm(KeepingForm):
    """What is said of one standard (section 4)."""

    reveals = {"rating": {Rating.NOT_APPLICABLE.value: ["not_applicable_reason"]}}

    def __init__(
        self,
        standard: Standard,
        answer: Answer | None,
        *args: Any,
        agency: str,
        has_last_year: bool,
        **kwargs: Any,
    ) -> None:
        initial = {name: getattr(answer, name) for name in WRITTEN} if answer else {}
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["rating"] = fields.ChoiceField(
            label=_("Which is wholly true of %(agency)s today?") % {"agency": agency},
            help_text=_(
                "Choose the highest one that is true in every word. Each builds on the one before."
            ),
            choices=[
                *((each.value, rating_tag(each)) for each, _words in standard.levels),
                NOT_OURS,
            ],
            hints={
                **{each.value: words for each, words in standard.levels},
                NOT_OURS[0]: _("You will be asked why. Moderators see every one."),
            },
            divider=_("or"),
            missing=_("Choose the level that is wholly true"),
        )
        self.fields["not_applicable_reason"] = fields.LongField(
            label=_("Why does it not apply?"),
            help_text=_("At least %(least)s characters.") % {"least": REASON_AT_LEAST},
            about=_("why it does not apply"),
            min_length=REASON_AT_LEAST,
            max_length=LONGER_AT_MOST,
            rows=3,
        )
        self.fields["position"] = fields.LongField(
            label=_("What is true now"),
            help_text=_("Up to %(most)s characters. Nothing about a person of concern.")
            % {"most": f"{POSITION_AT_MOST:,}"},
            about=_("what is true now"),
            max_length=POSITION_AT_MOST,
            rows=6,
        )
        if has_last_year:
            self.fields["what_changed"] = fields.LongField(
                label=_("What has changed since last year"),
                about=_("what has changed since last year"),
                max_length=LONGER_AT_MOST,
                rows=3,
            )
        self.fields["confidence"] = fields.ChoiceField(
            label=_("How sure are you of this answer?"),
            choices=Confidence.choices,
            missing=_("Say how sure you are"),
        )


class CommentForm(PageForm):
    """Something to colleagues about a standard."""

    form_tag = False
    page_heading = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"] = fields.LongField(
            label=_("Say something about it"),
            help_text=_("Your colleagues read it; the moderators do not."),
            about=_("this standard"),
            max_length=COMMENT_AT_MOST,
            rows=3,
        )


class ConsultationForm(KeepingForm):
    """Whom the agency asked, once for each form (section 4)."""

    def __init__(self, form: Assessment, *args: Any, **kwargs: Any) -> None:
        initial = {name: getattr(form, name) for name in CONSULTATION}
        super().__init__(*args, initial=initial, **kwargs)
        for name, label, hint, about in (
            (
                "consulted_who",
                _("Whom did you ask?"),
                _("Groups and how many: staff, governors, pupils, people who use the service."),
                _("whom you asked"),
            ),
            (
                "consulted_how",
                _("How did you ask them?"),
                _("For example a survey, a meeting, a talk with the pupils’ council."),
                _("how you asked them"),
            ),
            (
                "consulted_said",
                _("What did they say?"),
                _("Also what you did not like to hear. No names."),
                _("what they said"),
            ),
        ):
            self.fields[name] = fields.LongField(
                label=label, help_text=hint, about=about, max_length=LONGER_AT_MOST, rows=4
            )


ANSWER, READ = "answer", "read"


class HelpForm(PageForm):
    """Whom a lead asks for help, with what, until when."""

    form_tag = False
    page_heading = False
    small = True
    reveals = {"task": {ANSWER: ["standards", "due_on"]}}

    def __init__(
        self,
        people: Iterable[User],
        standards: Iterable[Standard],
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(each.pk): each for each in people}
        self.standards = {each.code: each for each in standards}
        self.fields["person"] = fields.SelectField(
            label=_("Whom do you ask?"),
            help_text=_("People with a confirmed place in your agency."),
            choices=[(key, _name(each)) for key, each in self.people.items()],
            missing=_("Choose whom you ask"),
        )
        self.fields["task"] = fields.ChoiceField(
            label=_("What do you ask them to do?"),
            choices=[(ANSWER, _("Answer some standards")), (READ, _("Only read it"))],
            hints={READ: _("They see every answer and change nothing.")},
            missing=_("Choose what you ask them to do"),
        )
        self.fields["standards"] = fields.MultiField(
            label=_("Which standards?"),
            choices=[(code, str(each)) for code, each in self.standards.items()],
            missing=_("Tick at least one standard"),
        )
        self.fields["due_on"] = fields.DayField(
            label=_("By when?"),
            help_text=_("You may leave this empty."),
            required=False,
            future_only=True,
        )

    @property
    def person(self) -> User:
        return self.people[self.cleaned_data["person"]]

    @property
    def given(self) -> list[Standard]:
        """The standards; none for who only reads."""
        if self.cleaned_data["task"] == READ:
            return []
        return [self.standards[code] for code in self.cleaned_data["standards"]]


def _name(person: User) -> str:
    return f"{person.name}, {person.job_title}" if person.job_title else str(person.name)


NOT_OURS = (Rating.NOT_APPLICABLE.value, gettext_lazy("It does not apply to us"))


def rating_tag(rating: str) -> Any:
    """The word of a rating with its pattern and colour."""
    chosen = Rating(rating)
    return format_html('<span class="p-rag p-rag--{}">{}</span>', LOOKS[chosen], chosen.label)
