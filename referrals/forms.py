"""Forms made from the list of questions: one page of the wizard, the CHECK page, or an act.

The model says what may be stored, the question what is asked; this file turns the one into fields
for the other. Drafts save with anything missing (``partial``); going on asks what is required.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from agencies import people
from agencies.models import Locality
from agencies.terms import POLICE, PREVENT
from referrals import terms
from referrals.answers import Answers
from referrals.models import NamedUser
from referrals.questions import Kind, Need, Question
from ui import fields
from ui.forms import PageForm, has_words
from ui.text import clean, showable

NOT_NOW = gettext_lazy("They cannot be named now. Select somebody else")
MOST_ROWS = 10
MOST_KEPT = 50_000
"""Characters of an answer that a draft keeps, though fewer may be sent."""
OLDEST = 120
"""Years: a date of birth before that is a slip of the finger."""
SINGULAR = {
    "addresses": gettext_lazy("Address"),
    "reach": gettext_lazy("Number or address"),
    "household": gettext_lazy("Person"),
    "parents": gettext_lazy("Parent or carer"),
    "involved": gettext_lazy("Agency"),
}
ALONE_CONFIRMS = gettext_lazy(
    "Confirm that this is your own decision, after the advice that you were given"
)
DECISION_HINTS: dict[str, Any] = {
    terms.Decision.REFER_AND_ROUTE: gettext_lazy(
        "Usual for a child: children's services see it too"
    ),
    terms.Decision.OTHER_ROUTE: gettext_lazy("Prevent leads will not see it"),
    terms.Decision.NO_CONCERN: gettext_lazy("Closed, with your reasons"),
    terms.Decision.MORE: gettext_lazy("Goes back to the author with your questions"),
}


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of a short list of people, by name and role."""

    widget = forms.RadioSelect
    not_now: Callable[[User], bool] | None = None
    """Of whom is offered, who cannot be chosen: the same sentence whatever the reason."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name}, {obj.job_title}" if obj.job_title else str(obj.name)

    def clean(self, value: Any) -> Any:
        person = super().clean(value)
        if person is not None and self.not_now is not None and self.not_now(person):
            raise forms.ValidationError(NOT_NOW, code="not_now")
        return person

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except forms.ValidationError:  # nonsense and a stranger get one sentence
            sentence = self.error_messages["invalid_choice"]
            raise forms.ValidationError(sentence, code="invalid_choice") from None


class NamedForm(PageForm):
    """Whether the record names each of these people, or somebody else of that name or number."""

    def __init__(self, asked: list[NamedUser], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = {f"is_{one.person_id}": one.person for one in asked}
        for one in asked:
            words = {"name": one.person.name, "what": one.get_by_display()}
            self.fields[f"is_{one.person_id}"] = fields.ChoiceField(
                label=_("%(name)s has %(what)s as somebody in this record. Is it them?") % words,
                help_text=one.person.job_title,
                choices=[
                    (terms.YesNo.YES, _("Yes, or I am not sure: keep them out")),
                    (terms.YesNo.NO, _("No, it is somebody else")),
                ],
                missing=_("Select whether it is %(name)s") % words,
            )


def field_for(question: Question, answers: Answers) -> forms.Field:
    """The form field of one question."""
    signs_alone = question.name == "signed" and answers.alone
    common: dict[str, Any] = {
        "label": answers.declaration(question),
        "help_text": question.hint,
        "required": question.is_required(answers),
    }
    missing = ALONE_CONFIRMS if signs_alone else question.missing
    choices = question.choices.choices if question.choices else []
    match question.kind:
        case Kind.TEXT:
            return fields.TextField(missing=missing, **common)
        case Kind.LONG:
            return fields.LongField(
                about=question.about,
                min_length=question.minimum,
                max_length=question.maximum,
                missing=missing,
                rows=8 if question.said or question.minimum else 5,
                **common,
            )
        case Kind.CHOICE if question.name == "decision":
            offered = [pair for pair in choices if pair[0] != terms.Decision.DESPITE]
            if answers.referral.one_walk or answers.alone:
                offered = [pair for pair in offered if pair[0] != terms.Decision.MORE]
            if answers.alone:
                keep = (terms.Decision.REFER, terms.Decision.REFER_AND_ROUTE)
                offered = [pair for pair in offered if pair[0] in keep]
            return fields.ChoiceField(
                choices=offered, hints=DECISION_HINTS, missing=missing, **common
            )
        case Kind.CHOICE if question.name == "urgency" and not answers.gate_yes:
            # "999 has been called" is said at the gate, with when and what police said.
            offered = [pair for pair in choices if pair[0] != terms.Urgency.EMERGENCY]
            return fields.ChoiceField(choices=offered, missing=missing, **common)
        case Kind.CHOICE:
            return fields.ChoiceField(choices=choices, missing=missing, **common)
        case Kind.SELECT:
            return fields.SelectField(choices=choices, missing=missing, **common)
        case Kind.MULTI if question.name == "earlier_records":
            return fields.MultiField(choices=answers.matches, missing=missing, **common)
        case Kind.MULTI:
            return fields.MultiField(
                choices=choices, exclusive=question.exclusive, missing=missing, **common
            )
        case Kind.DETAILS:
            return fields.DetailsField(
                choices=choices,
                prompt=_("What exactly, who, when?"),
                words_needed=True,
                missing=missing,
                **common,
            )
        case Kind.APPROX:
            return fields.ApproxDateField(missing=missing, **common)
        case Kind.DAY:
            return fields.DayField(
                missing=missing,
                past_only=question.past,
                future_only=not question.past,
                **common,
            )
        case Kind.MOMENT:
            return fields.MomentField(missing=missing, past_only=True, **common)
        case Kind.NUMBER:
            return fields.WholeNumberField(
                least=0, most=question.maximum, missing=missing, **common
            )
        case Kind.ROWS:
            return fields.RepeatingField(
                columns=question.columns,
                maximum=MOST_ROWS,
                singular=SINGULAR[question.name],
                missing=missing,
                **common,
            )
        case Kind.CONTACT:
            return fields.ContactField(missing=missing, **common)
        case Kind.CONFIRM:
            return fields.ConfirmField(missing=missing, **common)
        case Kind.PERSON:
            persons = persons_for(question, answers)
            field = PersonField(
                queryset=User.objects.filter(pk__in=[person.pk for person in persons]),
                empty_label=None,
                error_messages={
                    "required": missing,
                    "invalid_choice": _("Select one of the people shown"),
                },
                **common,
            )
            # Known already, so that drawing the page asks nothing more.
            field.choices = [(one.pk, field.label_from_instance(one)) for one in persons]
            if question.name != "spoken_to":
                field.not_now = lambda person: _cannot_be_named(person, question, answers)
            return field
    raise ValueError(question.kind)


def persons_for(question: Question, answers: Answers) -> list[User]:
    """Whom a question about a person offers.

    Everybody of the work, kept out of the case or not: a name that is missing would tell whoever
    reads the list who is close to it (AC-06, AC-07). Only its author, who has just named them,
    is spared the names in a draft. Who cannot be chosen is told by ``NOT_NOW`` alone.
    """
    referral = answers.referral
    if question.name == "second_officer":
        place = referral.locality
        found = people.holders(place, POLICE) if place else []
        found = [person for person in found if person.pk != referral.officer_id]
    elif question.name in ("override_by", "second_opinion_by"):
        place = referral.locality or (
            referral.agency.locality if referral.agency else Locality.objects.default()
        )
        found = [*answers.team, *people.holders(place, PREVENT)]
        own = (referral.lead_id, referral.created_by_id)  # nobody is a second to themselves
        once = {person.pk: person for person in found if person.pk not in own}
        found = list(once.values())
    else:  # C1: whoever is named there and cannot take it, another lead does
        found = answers.team
    if referral.status == terms.Status.DRAFT:
        found = [person for person in found if person.pk not in answers.excluded]
    return found


def _cannot_be_named(person: User, question: Question, answers: Answers) -> bool:
    """Close to it or away, which nobody can tell apart; what stands there already is left."""
    if person.pk == stored(question, answers):
        return False
    return person.pk in answers.excluded or people.is_away(person, answers.today)


class QuestionsForm(PageForm):
    """A form of some questions over the stored answers.

    ``values`` gives what is to be stored, by question name, once the form is valid; ``partial``
    (from the base) what can be kept of a page half written.
    """

    def __init__(
        self,
        questions: Iterable[Question],
        answers: Answers,
        *args: Any,
        small: bool = False,
        everything: bool = False,
        **kwargs: Any,
    ) -> None:
        self.answers = answers
        self.small = small
        chosen = list(questions)
        names = {question.name for question in chosen}
        self.questions: list[Question] = []
        for question in chosen:
            # A follow-up belongs to its page whether or not its parent is answered yet.
            asked = (
                question.of in {one.name for one in self.questions}
                if question.of in names
                else question.is_asked(answers) or (everything and question.applies is None)
            )
            if asked and question.kind is not Kind.FILES:  # they have a page and doors of their own
                self.questions.append(question)
        # With one choice that opens it, a follow-up stands inside that choice; with several it
        # stands under the whole question, and counts only when one of them is chosen.
        self.reveals = {}
        self.shared_follow_ups = []
        for question in self.questions:
            if question.of not in names:
                continue
            if len(question.when) == 1:
                self.reveals.setdefault(question.of, {}).setdefault(question.when[0], []).append(
                    question.name
                )
            else:
                self.shared_follow_ups.append(question)
        kwargs.setdefault("initial", {q.name: stored(q, answers) for q in self.questions})
        super().__init__(*args, **kwargs)
        for question in self.questions:
            self.fields[question.name] = field_for(question, answers)
        for question in self.shared_follow_ups:
            self.fields[question.name].required = False

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for question in self.shared_follow_ups:
            opened = cleaned.get(question.of) in question.when
            if not opened:
                cleaned[question.name] = ""
            elif (
                question.need is Need.REQUIRED
                and not cleaned.get(question.name)
                and question.name not in self.errors
            ):
                self.add_error(question.name, str(question.missing))
        born = cleaned.get("born")
        if born and born.get("year") and born["year"] < self.answers.today.year - OLDEST:
            self.add_error("born", _("Check the year of birth: nobody is that old"))
        self._compare_ages(cleaned)
        return cleaned

    def _compare_ages(self, cleaned: dict[str, Any]) -> None:
        """An age that cannot be true beside "under 18" is not taken: routes hang on both."""
        ages = {name: cleaned[name] for name in ("born", "age") if cleaned.get(name)}
        if ages and self.answers.with_changes(ages).says_two_ages:
            self.add_error(
                next(iter(ages)),
                _("This does not agree with your answer to “under 18”: change one of them"),
            )

    @property
    def values(self) -> dict[str, Any]:
        return {q.name: to_store(q, self.cleaned_data.get(q.name)) for q in self.questions}

    def partial_values(self) -> dict[str, Any]:
        """What can be kept of a page half written, ready to be stored: as much as can be read."""
        as_they_were = [(field, dict(vars(field))) for field in self.fields.values()]
        for field in self.fields.values():
            if isinstance(field, fields.LongField):
                field.longest = MOST_KEPT
            elif isinstance(field, fields.DetailsField):
                field.words_needed = False
            elif isinstance(field, fields.ContactField):
                field.needed = ()
        try:
            kept = self.partial()
        finally:
            for field, attributes in as_they_were:
                vars(field).update(attributes)
        return {q.name: to_store(q, kept[q.name]) for q in self.questions if q.name in kept}

    def cannot_keep(self, kept: dict[str, Any]) -> list[str]:
        """Names of questions where something was typed that ``partial_values`` could not read."""
        return [
            question.name
            for question in self.questions
            if question.name not in kept and has_words(self.typed(question))
        ]

    def typed(self, question: Question) -> Any:
        """What the browser sent for a question, as its widget reads it."""
        widget = self.fields[question.name].widget
        return widget.value_from_datadict(self.data, self.files, self.add_prefix(question.name))


class CheckForm(QuestionsForm):
    """The lead's CHECK: a decision against a referral asks only for itself and its reasons."""

    form_tag = False
    ONLY_FOR = {
        terms.Decision.OTHER_ROUTE: {"decision", "decision_reasons", "signed"},
        terms.Decision.NO_CONCERN: {"decision", "decision_reasons", "signed"},
        terms.Decision.MORE: {"decision", "questions"},
    }

    def __init__(
        self,
        questions: Iterable[Question],
        answers: Answers,
        *args: Any,
        asking: str = "",
        **kw: Any,
    ) -> None:
        super().__init__(questions, answers, *args, small=True, **kw)
        offered = dict(self.fields["decision"].choices)  # type: ignore[attr-defined]
        if terms.Decision.MORE in offered:
            self.fields["questions"] = fields.LongField(
                label=_("What do you want to know?"),
                missing=_("Write what you want to know"),
                rows=4,
            )
            self.initial["questions"] = asking
            self.reveals["decision"] = {terms.Decision.MORE.value: ["questions"]}
        self.headings = {"decision": "m"}
        needed = self.ONLY_FOR.get(self.data.get("decision", "")) if self.is_bound else None
        if needed is not None:
            for name, field in self.fields.items():
                field.required = field.required and name in needed
            self.shared_follow_ups = []
            for name in ("decision_reasons",):
                if name not in needed:
                    self.fields[name].fewest = 0  # type: ignore[attr-defined]

    @property
    def asking(self) -> str | None:
        """The questions to the author as they were typed; None where there is nobody to ask."""
        if "questions" not in self.fields:
            return None
        return clean(showable(str(self.data.get("questions", ""))), lines=True)[:MOST_KEPT]


def stored(question: Question, answers: Answers) -> Any:
    """A stored answer as the field draws it."""
    value = answers.get(question.name)
    if question.kind is Kind.CONFIRM:
        return value == "yes"
    return value.pk if isinstance(value, User) else value


def to_store(question: Question, value: Any) -> Any:
    """A cleaned answer as the column keeps it; empty has one spelling."""
    if question.kind is Kind.CONFIRM:
        return "yes" if value else ""
    if question.kind in (Kind.MULTI, Kind.ROWS):
        return list(value or [])
    if question.kind in (Kind.DETAILS, Kind.CONTACT, Kind.APPROX):
        return dict(value or {})
    if question.kind in (Kind.DAY, Kind.MOMENT, Kind.NUMBER, Kind.PERSON):
        return value if value not in ("", None) else None
    return value or ""


class ReceivedForm(PageForm):
    """How a concern came to whoever types it in (row W18)."""

    button = gettext_lazy("Record a concern")
    page_heading = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["received_by"] = fields.ChoiceField(
            label=_("How did you learn of it?"),
            choices=[
                (terms.ReceivedBy.PORTAL, _("I noticed it myself")),
                (terms.ReceivedBy.IN_PERSON, _("A colleague told me in person")),
                (terms.ReceivedBy.TELEPHONE, _("Somebody told me by telephone")),
                (terms.ReceivedBy.PAPER, _("It came on paper")),
            ],
            missing=_("Select how you learned of it"),
        )


class WordsForm(PageForm):
    """One box of words, for the acts that need a reason, a question or a message."""

    def __init__(
        self, label: Any, missing: Any, *args: Any, hint: Any = "", least: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"] = fields.LongField(
            label=label,
            help_text=hint,
            missing=missing,
            min_length=least,
            max_length=4000,
            rows=5,
        )


class TransferForm(PageForm):
    """To which locality, or to an area outside the portal, and why."""

    OUTSIDE = "outside"

    def __init__(self, *args: Any, others: Iterable[Locality], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["receiver"] = fields.ChoiceField(
            label=_("Which area is it for?"),
            choices=[
                *((str(place.pk), place.name) for place in others),
                (self.OUTSIDE, _("An area that does not work in this portal")),
            ],
            hints={self.OUTSIDE: _("Name it below, and send it by hand")},
            missing=_("Select the area"),
        )
        self.fields["words"] = fields.LongField(
            label=_("Why does it belong there?"),
            missing=_("Write why it belongs to the other area"),
            rows=5,
        )


class PersonForm(PageForm):
    """Which colleague takes it over."""

    def __init__(self, label: Any, persons: Iterable[User], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"] = PersonField(
            label=label,
            queryset=User.objects.filter(pk__in=[person.pk for person in persons]),
            empty_label=None,
            error_messages={
                "required": _("Select who takes it over"),
                "invalid_choice": _("Select one of the people shown"),
            },
        )


class ClosenessForm(PageForm):
    """Before the hand-over: is anybody in the safeguarding team close to it? (AC-06)"""

    NOBODY = "nobody"

    def __init__(self, team: Iterable[User], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(str(person.pk), person.name) for person in team]
        self.fields["close"] = fields.MultiField(
            label=_("Is the concern about, or close to, anyone in the safeguarding team?"),
            help_text=_(
                "For example a relative, a close friend, or the person themselves. "
                "Whoever you name never sees it and is not told that it exists."
            ),
            choices=[*named, (self.NOBODY, _("No, nobody"))],
            exclusive=[self.NOBODY],
            divider=_("or"),
            missing=_("Select who is close to it, or “No, nobody”"),
        )


class NameSearchForm(PageForm):
    """By name and birth date, with a reason that is kept; the words are not."""

    forenames = fields.TextField(
        label=gettext_lazy("First names"),
        missing=gettext_lazy("Enter the first names"),
    )
    surname = fields.TextField(
        label=gettext_lazy("Surname"), missing=gettext_lazy("Enter the surname")
    )
    born = fields.DayField(
        label=gettext_lazy("Date of birth, if you know it"), required=False, past_only=True
    )
    reason = fields.TextField(
        label=gettext_lazy("Why are you looking?"),
        help_text=gettext_lazy("Kept with your name. Write no name in it."),
        missing=gettext_lazy("Write why you are looking"),
    )
