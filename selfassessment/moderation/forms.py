"""What is asked of moderators, the manager, the agency and the chair."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from agencies.models import Agency, Locality
from selfassessment.moderation.choosing import Candidate, needs_reason, refusals
from selfassessment.moderation.models import REASON, WORDS, Moderated
from selfassessment.moderation.terms import MODERATORS
from selfassessment.moderation.workflow.judging import levels
from selfassessment.terms import Outcome, Rating
from ui.fields import ChoiceField, DayField, LongField, MultiField, SelectField, TextField
from ui.forms import PageForm

WHY = gettext_lazy("Your reason")


class GiveForm(PageForm):
    """Who moderates a form: two, or one in the place of one who has stopped."""

    page_heading = False
    button = gettext_lazy("Give it to them")

    def __init__(
        self,
        found: Sequence[Candidate],
        suggested: Sequence[Candidate],
        beside: Candidate | None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        free = [each for each in found if each.is_free and not each.is_at_it]
        self.known = {str(each.person.pk): each for each in free}
        self.beside = beside
        self.wanted = MODERATORS - (beside is not None)
        kwargs.setdefault("initial", {"people": [str(each.person.pk) for each in suggested]})
        super().__init__(*args, **kwargs)
        self.fields["people"] = MultiField(
            label=_("Who moderates it?") if self.wanted > 1 else _("Who takes the other place?"),
            help_text=_("The suggestion keeps the rules and goes to those with least to do."),
            choices=[(pk, _person(each)) for pk, each in self.known.items()],
            hints={pk: hint_of(each) for pk, each in self.known.items()},
            missing=_("Select who moderates it"),
        )
        self.fields["reason"] = LongField(
            label=_("Why people of the same type"),
            help_text=_(
                "Only if one is of the same type as the agency, or both are of one type. "
                "It is kept with the form."
            ),
            required=False,
            max_length=REASON,
            rows=3,
        )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        chosen = [self.known[pk] for pk in said.get("people", [])]
        if not chosen:
            return said
        if len(chosen) != self.wanted:
            raise ValidationError(
                _("Select two people.") if self.wanted > 1 else _("Select one person.")
            )
        both = [*([self.beside] if self.beside else []), *chosen]
        for sentence in refusals(both, has_reason=bool(said.get("reason"))):
            self.add_error("reason" if needs_reason(both) else None, sentence)
        return said

    @property
    def chosen(self) -> list[User]:
        return [self.known[pk].person for pk in self.cleaned_data["people"]]


def _person(each: Candidate) -> str:
    return _("%(name)s, %(agency)s") % {"name": each.person, "agency": each.agency}


def hint_of(each: Candidate) -> str:
    """What speaks for somebody or against, in sentences."""
    found = [
        _("Has %(count)s forms to moderate.") % {"count": each.load}
        if each.load != 1
        else _("Has 1 form to moderate.")
    ]
    if each.is_same_type:
        found.append(_("Same type as the agency: a reason is needed."))
    if each.is_away:
        found.append(_("Is away."))
    return " ".join(found)


class ReasonForm(PageForm):
    """A reason that is kept."""

    page_heading = False

    def __init__(self, *args: Any, label: Any = WHY, button: Any = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"] = LongField(
            label=label, about=gettext_lazy("your reason"), max_length=REASON, rows=3
        )
        if button:
            self.button = button


class JudgeForm(PageForm):
    """Agree, lower, raise or ask, of one standard."""

    page_heading = False
    form_tag = False

    def __init__(self, own: Rating, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lower, higher = levels(own, Outcome.LOWER), levels(own, Outcome.RAISE)
        words = {
            Outcome.AGREE: _("Agree: %(rating)s") % {"rating": own.label},
            Outcome.LOWER: _("Lower it")
            if own != Rating.NOT_APPLICABLE
            else _("It applies to them"),
            Outcome.RAISE: _("Raise it"),
            Outcome.ASK: _("Ask for evidence"),
        }
        possible = [
            Outcome.AGREE,
            *([Outcome.LOWER] if lower else []),
            *([Outcome.RAISE] if higher else []),
            Outcome.ASK,
        ]
        self.fields["outcome"] = ChoiceField(
            label=_("What do you say?"),
            choices=[(each.value, words[each]) for each in possible],
            missing=_("Select what you say"),
            hints={Outcome.ASK.value: _("The agency has 10 working days.")},
        )
        self.reveals = {"outcome": {}}
        if lower:
            self._level("lower", lower)
        if higher:
            self._level("raise", higher)
        self.fields["reason"] = LongField(
            label=_("Your reason, or what you ask for"),
            help_text=_(
                "Needed for everything but agreeing. The agency reads it. "
                "Nothing about a person of concern."
            ),
            required=False,
            max_length=WORDS,
            rows=5,
        )

    def _level(self, outcome: str, ratings: Iterable[Rating]) -> None:
        name = f"{outcome}_to"
        self.fields[name] = ChoiceField(
            label=_("To which level?"),
            choices=[(each.value, each.label) for each in ratings],
            missing=_("Select the level"),
        )
        self.reveals["outcome"][outcome] = [name]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        outcome = said.get("outcome")
        if outcome and outcome != Outcome.AGREE and not said.get("reason"):
            self.add_error("reason", _("Write your reason, or what you ask for"))
        return said

    @property
    def rating(self) -> str:
        return str(self.cleaned_data.get(f"{self.cleaned_data['outcome']}_to") or "")


class SettleForm(PageForm):
    """The manager's view, where two moderators differ."""

    page_heading = False
    button = gettext_lazy("Settle it")

    def __init__(self, ratings: Iterable[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rating"] = ChoiceField(
            label=_("Which of the two stands?"),
            choices=[(each, Rating(each).label) for each in ratings],
            missing=_("Select the rating that stands"),
        )
        self.fields["reason"] = LongField(
            label=WHY, about=gettext_lazy("your reason"), max_length=WORDS, rows=4
        )


class RequireForm(PageForm):
    """What the agency must do."""

    page_heading = False
    form_tag = False
    words = TextField(
        label=gettext_lazy("An action that you require"),
        help_text=gettext_lazy("A verb and a result. It joins the agency’s plan at the end."),
        max_length=REASON,
        missing=gettext_lazy("Write what is to be done"),
    )


class AnswerQuestionForm(PageForm):
    page_heading = False
    button = gettext_lazy("Send to the moderators")
    words = LongField(
        label=gettext_lazy("Your answer"),
        help_text=gettext_lazy(
            "Say what there is and where it is found. Nothing about a person of concern."
        ),
        about=gettext_lazy("what was asked"),
        max_length=WORDS,
        rows=8,
    )


class CommentForm(PageForm):
    page_heading = False
    button = gettext_lazy("Send the comment")
    words = LongField(
        label=gettext_lazy("Your comment"),
        help_text=gettext_lazy("The moderators and the manager read it. It changes no rating."),
        about=gettext_lazy("your comment"),
        max_length=WORDS,
        rows=5,
    )


class AppealForm(PageForm):
    """Against which ratings, and why."""

    page_heading = False
    button = gettext_lazy("Send the appeal")

    def __init__(self, moderated: Sequence[Moderated], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.codes = [each.standard.code for each in moderated]
        self.fields["codes"] = MultiField(
            label=_("Which ratings do you appeal against?"),
            choices=[(each.standard.code, str(each.standard)) for each in moderated],
            hints={each.standard.code: said_of(each) for each in moderated},
            missing=_("Select at least one standard"),
        )
        self.reveals = {"codes": {}}
        for each in moderated:
            name = f"why_{each.standard.code}"
            self.fields[name] = LongField(
                label=_("Why %(code)s should be rated otherwise") % {"code": each.standard.code},
                about=_("your reasons"),
                max_length=WORDS,
                rows=4,
            )
            self.reveals["codes"][each.standard.code] = [name]

    @property
    def words(self) -> dict[str, str]:
        return {code: self.cleaned_data[f"why_{code}"] for code in self.cleaned_data["codes"]}


def said_of(moderated: Moderated) -> str:
    places = {
        "own": Rating(moderated.own).label,
        "rating": Rating(moderated.rating).label,
    }
    return _("You: %(own)s. Moderated: %(rating)s.") % places


class DecideForm(PageForm):
    """The chair's decision on each standard, with reasons."""

    page_heading = False
    form_tag = False

    def __init__(self, codes: Sequence[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.codes = codes
        for code in codes:
            self.fields[f"rating_{code}"] = ChoiceField(
                label=_("Your decision on %(code)s") % {"code": code},
                choices=Rating.choices,
                missing=_("Select a rating for %(code)s") % {"code": code},
            )
            self.fields[f"reasons_{code}"] = LongField(
                label=_("Your reasons on %(code)s") % {"code": code},
                about=_("your reasons on %(code)s") % {"code": code},
                max_length=WORDS,
                rows=4,
            )

    @property
    def decisions(self) -> dict[str, tuple[str, str]]:
        said = self.cleaned_data
        return {code: (said[f"rating_{code}"], said[f"reasons_{code}"]) for code in self.codes}


class LetterForm(PageForm):
    """The manager's words in the outcome letter."""

    page_heading = False
    button = gettext_lazy("Save the letter")
    strengths = LongField(
        label=gettext_lazy("What is strong"),
        about=gettext_lazy("what is strong"),
        max_length=WORDS,
        rows=6,
    )
    support = LongField(
        label=gettext_lazy("What support the partnership offers"),
        required=False,
        max_length=WORDS,
        rows=6,
    )


class InterestForm(PageForm):
    """What a moderator has to do with an agency."""

    page_heading = False
    button = gettext_lazy("Declare it")
    headings = {"agency": "s", "words": "s", "from_on": "s", "until": "s"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agency"] = TextField(
            label=_("Name of the agency"),
            help_text=_("As the portal writes it"),
            max_length=200,
            missing=_("Write the name of the agency"),
        )
        self.fields["words"] = TextField(
            label=_("What you have to do with it"),
            help_text=_("For example: my partner works there; I was a governor until May"),
            max_length=REASON,
            missing=_("Write what you have to do with it"),
        )
        self.fields["from_on"] = DayField(label=_("Since"), missing=_("Write the first day"))
        self.fields["until"] = DayField(
            label=_("Until"), help_text=_("Leave it empty if it goes on."), required=False
        )

    def clean_agency(self) -> Agency:
        name = self.cleaned_data["agency"]
        found = list(Agency.objects.filter(name__iexact=name)[:2])
        if len(found) != 1:
            near = Agency.objects.filter(name__icontains=name).order_by("name")[:5]
            names = "; ".join(each.name for each in near) if len(name) > 2 else ""
            if names:
                raise ValidationError(
                    _("No agency has exactly this name. Do you mean: %(names)s?") % {"names": names}
                )
            raise ValidationError(_("No agency has this name. Check how it is written."))
        return found[0]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        start, end = said.get("from_on"), said.get("until")
        if start and end and end < start:
            self.add_error("until", _("The last day comes after the first"))
        return said


class ChairForm(PageForm):
    """Who chairs a board."""

    page_heading = False
    button = gettext_lazy("Name them as chair")
    headings = {"board": "s", "person": "s", "from_on": "s", "until": "s"}

    def __init__(self, members: Iterable[User], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.members = {str(each.pk): each for each in members}
        self.boards = {each.code: each for each in Locality.objects.all()}
        self.fields["board"] = ChoiceField(
            label=_("Board of"),
            choices=[(code, each.name) for code, each in self.boards.items()],
            missing=_("Select the locality"),
        )
        self.fields["person"] = SelectField(
            label=_("Who"),
            help_text=_("Board members stand here."),
            choices=[(pk, str(each)) for pk, each in self.members.items()],
            missing=_("Choose who chairs the board"),
        )
        self.fields["from_on"] = DayField(label=_("From"), missing=_("Write the first day"))
        self.fields["until"] = DayField(
            label=_("Until"), help_text=_("Leave it empty if it goes on."), required=False
        )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        start, end = said.get("from_on"), said.get("until")
        if start and end and end < start:
            self.add_error("until", _("The last day comes after the first"))
        return said


class TalkForm(PageForm):
    page_heading = False
    button = gettext_lazy("Note the talk")
    held_on = DayField(
        past_only=True,
        label=gettext_lazy("When did the board speak with the chief officer?"),
        missing=gettext_lazy("Write the day of the talk"),
    )


class PracticeForm(PageForm):
    """In what an agency agrees to show others how it works."""

    page_heading = False
    button = gettext_lazy("Save")

    def __init__(self, standards: Iterable[Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["codes"] = MultiField(
            label=_("We agree to show others how we do it"),
            help_text=_("The board sees your agency’s name beside these. You can take it back."),
            choices=[(each.code, str(each)) for each in standards],
            required=False,
        )
