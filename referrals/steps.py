"""The pages of the wizard in order, and the tasks they belong to.

``STEPS`` is read to walk the pages, for "check your answers", for the lead's and the case page,
and for the PDF.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from referrals.answers import Answers
from referrals.questions import BY_NAME, Question, Words, asked
from referrals.terms import Section


@dataclass(frozen=True, kw_only=True)
class Task:
    """A line of the task list: one or more pages that belong together."""

    key: str
    section: Section
    title: Words
    hint: Words = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One page of questions."""

    name: str
    task: str
    title: Words
    questions: tuple[Question, ...] = field(default_factory=tuple)
    applies: Callable[[Answers], bool] | None = None
    help: bool = False
    """Whether the standing help for writing stands under the questions."""

    @property
    def section(self) -> Section:
        return TASK[self.task].section

    def asked(self, answers: Answers) -> list[Question]:
        return list(asked(self.questions, answers))

    def is_asked(self, answers: Answers) -> bool:
        if self.applies is not None and not self.applies(answers):
            return False
        return any(question.is_asked(answers) for question in self.questions)


TASKS: tuple[Task, ...] = (
    Task(
        key="danger",
        section=Section.NOTICE,
        title=_("Is anyone in danger now?"),
        hint=_("Three questions before anything else"),
    ),
    Task(
        key="concern",
        section=Section.NOTICE,
        title=_("About the concern"),
        hint=_("How it came to notice, and when"),
    ),
    Task(
        key="happened",
        section=Section.NOTICE,
        title=_("What happened"),
        hint=_("What you saw or heard yourself, in exact words"),
    ),
    Task(
        key="told",
        section=Section.NOTICE,
        title=_("What else you were told"),
        hint=_("Leave this if nobody told you anything"),
    ),
    Task(
        key="person",
        section=Section.NOTICE,
        title=_("About the person"),
        hint=_("Name, age, where they live"),
    ),
    Task(
        key="family",
        section=Section.NOTICE,
        title=_("Family, school and work"),
        hint=_("Who is around them, and who already helps"),
    ),
    Task(
        key="context",
        section=Section.NOTICE,
        title=_("What helps and what else is going on"),
        hint=_("Strengths, needs, other explanations"),
    ),
    Task(
        key="worry",
        section=Section.NOTICE,
        title=_("What you are worried could happen"),
    ),
    Task(
        key="files",
        section=Section.NOTICE,
        title=_("Files (optional)"),
        hint=_("Notes, a letter, a screenshot: up to five"),
    ),
    Task(
        key="talk",
        section=Section.CHECK,
        title=_("Choose who you will talk to"),
    ),
    Task(
        key="check",
        section=Section.CHECK,
        title=_("The check"),
        hint=_("What was tested, who was told, what was decided"),
    ),
    Task(
        key="share",
        section=Section.SHARE,
        title=_("What goes with the referral"),
        hint=_("Who noticed it, how urgent it is, how to reach you"),
    ),
)
TASK = {task.key: task for task in TASKS}


def _step(name: str, task: str, title: Words, *questions: str, help: bool = False) -> Step:
    return Step(
        name=name,
        task=task,
        title=title,
        questions=tuple(BY_NAME[question] for question in questions),
        help=help,
    )


STEPS: tuple[Step, ...] = (
    _step(
        "danger",
        "danger",
        _("Is anyone in danger now?"),
        "harm",
        "crime",
        "travel",
    ),
    _step(
        "called",
        "danger",
        _("Your call to 999"),
        "called_999",
        "called_at",
        "incident_number",
        "told_to_do",
    ),
    _step("place", "concern", _("Where and how old"), "place", "under_18"),
    _step(
        "noticed",
        "concern",
        _("How it came to notice"),
        "came_to_notice",
        "noticed_when",
    ),
    _step("event", "concern", _("The event"), "event_when", "event_place"),
    _step(
        "observed",
        "happened",
        _("What happened?"),
        "observed",
        "repeated",
        "repeated_detail",
        help=True,
    ),
    _step("features", "happened", _("What stood out?"), "features"),
    _step(
        "online",
        "happened",
        _("Online activity"),
        "online_how",
        "online_detail",
        "online_names",
    ),
    _step("told", "told", _("What were you told by others?"), "told_by_others", help=True),
    _step(
        "before",
        "told",
        _("Raised before"),
        "raised_before",
        "raised_before_detail",
    ),
    _step("name", "person", _("Who is it about?"), "forenames", "surname", "also_known_as"),
    _step("born", "person", _("Age and gender"), "born", "gender"),
    _step("age", "person", _("About how old?"), "age"),
    _step("address", "person", _("Where they live"), "addresses", "reach"),
    _step("language", "person", _("Language"), "language", "interpreter"),
    _step(
        "nationality",
        "person",
        _("Nationality and status"),
        "nationality",
        "immigration",
        "immigration_detail",
    ),
    _step("ethnic-group", "person", _("Equality monitoring"), "ethnic_group"),
    _step("belief", "person", _("Religion or belief"), "belief_matters", "belief", "belief_reason"),
    _step("household", "family", _("Family and household"), "household", "cares_for_child"),
    _step("parents", "family", _("Parents or carers"), "parents"),
    _step("school", "family", _("School or college"), "school", "school_before"),
    _step(
        "work",
        "family",
        _("Work and volunteering"),
        "work",
        "work_before",
        "position_of_trust",
        "service_link",
    ),
    _step("online-names", "family", _("Social media"), "social_names"),
    _step("involved", "family", _("Who already helps"), "involved"),
    _step("needs", "context", _("What else is going on"), "needs", "needs_detail"),
    _step(
        "health",
        "context",
        _("Health and communication"),
        "health_known",
        "health_detail",
        "communication",
    ),
    _step("strengths", "context", _("Strengths"), "strengths", "strengths_detail"),
    _step("explanations", "context", _("What else could explain this?"), "explanations"),
    _step("worry", "worry", _("What could happen?"), "worry"),
    _step(
        "other-concerns",
        "worry",
        _("Other safeguarding concerns"),
        "other_concerns",
        "other_concerns_detail",
    ),
    _step("gaps", "worry", _("Prompts left unanswered"), "left_out_reason"),
    _step("files", "files", _("Files"), "attachments"),
    _step("lead", "talk", _("Who will you talk to?"), "spoken_to"),
    _step("advice-line", "talk", _("The advice line"), "advice_line", "advice_line_detail"),
    _step(
        "check",
        "check",
        _("Your check"),
        "spoken_at",
        "advice_from",
        "facts_verified",
        "fair_basis",
        "override_by",
        "override_reason",
        "explanations_tested",
        "explanations_detail",
        "second_opinion_by",
        "second_opinion",
        "clinical_view",
        "told_person",
        "told_response",
        "told_parent",
        "parent_response",
        "action_taken",
        "action_detail",
        "consulted",
        "consulted_detail",
        "not_told_reason",
        "legal_basis",
        "decision",
        "decision_reasons",
        "signed",
    ),
    _step("own-reasons", "check", _("Why you refer"), "own_tested", "own_reasons"),
    _step(
        "other-route",
        "check",
        _("Another route"),
        "routes",
        "sent_where",
        "sent_on",
        "sent_by",
        "sent_reference",
        "received",
        "received_on",
        "person_told",
        "look_again_on",
    ),
    _step("noticed-by", "share", _("Who first noticed it?"), "noticed_by", "anonymous"),
    _step(
        "referrer", "share", _("Who is referring?"), "referrer", "prevent_contact", "contact_notes"
    ),
    _step("sector", "share", _("Sector"), "sector"),
    _step("ideology", "share", _("Ideology"), "ideology"),
    _step("urgency", "share", _("Urgency"), "urgency", "adult_care_needs"),
    _step("form", "share", _("Universal Referral Form"), "form_sent", "form_reference"),
)
STEP = {step.name: step for step in STEPS}
DECLARATION = BY_NAME["declared"]
"""S11 is asked beside the button that sends, not on a page of its own."""
DECLARED = Step(name="declaration", task="share", title=_("Declaration"), questions=(DECLARATION,))


def of_task(task: Task, answers: Answers) -> list[Step]:
    return [step for step in STEPS if step.task == task.key and step.is_asked(answers)]


def walk(answers: Answers, sections: set[Section]) -> Iterator[Step]:
    """The pages that apply, in order, in these sections."""
    return (step for step in STEPS if step.section in sections and step.is_asked(answers))


def after(step: Step, answers: Answers, sections: set[Section]) -> Step | None:
    """The next page that applies after this one."""
    rest = STEPS[STEPS.index(step) + 1 :]
    return next(
        (later for later in rest if later.section in sections and later.is_asked(answers)), None
    )


def questions_of(*sections: Section) -> tuple[Question, ...]:
    found = [question for step in STEPS if step.section in sections for question in step.questions]
    return tuple(found) + ((DECLARATION,) if Section.SHARE in sections else ())
