"""What can be done with a shared case: each act with its words, its form and its door.

Who may and when is decided by ``workflow``; here is only what a page offers to whom, so that
nobody is shown a button that is refused, and what each page says.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import User
from agencies import people
from agencies.models import Locality
from agencies.terms import POLICE, PREVENT
from referrals import feedback, moves, workflow
from referrals.answers import Answers
from referrals.forms import (
    NamedForm,
    PersonField,
    PersonForm,
    QuestionsForm,
    TransferForm,
    WordsForm,
)
from referrals.matching import earlier_records
from referrals.models import Referral
from referrals.questions import Words, of_record
from referrals.standing import Standing
from referrals.terms import (
    BEFORE_CLOSED,
    HIDDEN_FROM_MOST,
    IN_AGENCY,
    SHARED,
    GatewayOutcome,
    NoteReaders,
    Status,
    YesNo,
)
from ui.fields import ChoiceField, ConfirmField, LongField
from ui.forms import PageForm

S = Status
AT_THE_TABLE = frozenset({S.TRIAGE, S.GATEWAY})
IN_CHECK = frozenset({S.AGENCY_CHECK, S.RETURNED})
OPEN = BEFORE_CLOSED - {S.SUBMITTED}
OUTCOME_OF = {
    S.POLICE_LED: lazy("Led by the police"),
    S.INVESTIGATION_HOLD: lazy("Hold it for an investigation"),
    S.GATEWAY: lazy("Back to the gateway"),
    S.PANEL_LISTED: lazy("On to the Channel panel"),
    S.CLOSED: lazy("Close it"),
}


@dataclass(frozen=True)
class Asking:
    """Who wants to do something with which case, and what they typed."""

    referral: Referral
    standing: Standing
    user: User
    typed: Any = None
    picked: str = ""
    """Key of a feedback template."""
    seen: int | None = None
    """The version of a record with which its page was opened."""

    @property
    def status(self) -> Status:
        return self.standing.status_of(self.referral)


Made = Callable[[Asking], PageForm]
Done = Callable[[Asking, PageForm], Any]


def _nothing(asking: Asking) -> PageForm:
    """The form of an act that asks nothing."""
    return PageForm(asking.typed)


@dataclass(frozen=True, kw_only=True)
class Act:
    """One act.

    Attributes:
        link: its words as a link on the case page; empty where it is offered elsewhere.
        who, states: to whom, and where the case must stand for them.
        make: its form; do: its door.
        template: where the plain page of an act is not enough.
        record: the door for answers that are half written; keeps: the record they stand in.
        remedy: the verb of the page where what is missing can be recorded.
        is_sensitive: asks for a fresh factor before it is done (ID-13).
    """

    verb: str
    title: Words
    button: Words
    done: Words
    who: Callable[[Standing], bool]
    states: frozenset[Status]
    do: Done
    make: Made = _nothing
    link: Words = ""
    intro: Words = ""
    read_by: Words = ""
    remedy: str = ""
    template: str = "referrals/act.html"
    record: Callable[..., Any] | None = None
    keeps: str = ""
    is_sensitive: bool = False
    context: Callable[[Asking], dict[str, Any]] = field(default=lambda asking: {})

    @property
    def name(self) -> str:
        """Of its address."""
        return self.verb.replace("-", "_")

    def url(self, referral: Referral) -> str:
        return reverse(f"referrals:{self.name}", args=[referral.key])

    @property
    def is_one_press(self) -> bool:
        """Needs no words and no choice, so the case page has its button."""
        return self.make is _nothing

    def is_offered(self, standing: Standing, status: Status) -> bool:
        return self.who(standing) and status in self.states


# Who ------------------------------------------------------------------------------------------
def _prevent(standing: Standing) -> bool:
    return standing.leads_locality


def _police(standing: Standing) -> bool:
    return standing.decides_at_gateway


def _either(standing: Standing) -> bool:
    return standing.leads_locality or standing.decides_at_gateway


def _receiver(standing: Standing) -> bool:
    return standing.receives


def _writers(standing: Standing) -> bool:
    return _either(standing) or standing.is_author or standing.leads_agency


def _leads(standing: Standing) -> bool:
    return standing.leads_agency


# Forms ----------------------------------------------------------------------------------------
def _words(label: Words, missing: Words, hint: Words = "") -> Made:
    return lambda asking: WordsForm(label, missing, asking.typed, hint=hint)


def _feedback(asking: Asking) -> PageForm:
    form = WordsForm(
        _("What you tell the referrer"),
        _("Write what the referrer may be told"),
        asking.typed,
        hint=feedback.NEVER,
        initial={"words": feedback.words(asking.picked, asking.status)},
    )
    form.fields["words"].widget.attrs["rows"] = 12
    return form


def _transfer(asking: Asking) -> PageForm:
    others = [place for place in Locality.objects.all() if place.pk != asking.referral.locality_id]
    return TransferForm(asking.typed, others=others)


def colleagues(asking: Asking) -> list[User]:
    """Who does the same work there, close to the case or not: nobody is missing from the list."""
    roles = PREVENT if asking.standing.leads_locality else POLICE
    found = people.holders(asking.referral.locality, roles)
    return [person for person in found if person.pk != asking.user.pk]


def _colleague(asking: Asking) -> PageForm:
    return PersonForm(_("Who takes it over?"), colleagues(asking), asking.typed)


def _triage(asking: Asking) -> PageForm:
    answers = Answers(asking.referral)
    answers.matches = earlier_records(asking.referral, asking.user)
    if asking.typed is not None:
        # What has to be written depends on what is ticked and counted beside it.
        ticked = asking.typed.getlist("earlier_records")
        elsewhere = str(asking.typed.get("earlier_elsewhere", "")).strip()
        answers = answers.with_changes(
            {"earlier_records": ticked, "earlier_elsewhere": elsewhere not in ("", "0")}
        )
    return QuestionsForm(of_record("triage_record"), answers, asking.typed)


def _gateway(asking: Asking) -> PageForm:
    answers = Answers(asking.referral)
    if asking.typed is not None:
        # Whether a second officer is needed depends on the outcome that is being saved.
        outcome = str(asking.typed.get("outcome", ""))
        if outcome in GatewayOutcome.values:
            answers = answers.with_changes({"outcome": outcome})
    return QuestionsForm(of_record("gateway_record"), answers, asking.typed)


class OutcomeForm(PageForm):
    """Where a case goes that the police lead, hold, or give back."""

    def __init__(
        self, targets: list[Status], *args: Any, asks_why: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target"] = ChoiceField(
            label=_("What happens with it?"),
            choices=[(target.value, OUTCOME_OF[target]) for target in targets],
            missing=_("Select what happens with it"),
        )
        self.fields["words"] = LongField(
            label=_("Why is it given back or ended?") if asks_why else _("Why? (if you wish)"),
            help_text=_(
                "A note for the police of this area alone. Nobody else reads it, and it goes "
                "into no document. The reasons that may be disclosed stand with the outcome."
            ),
            required=asks_why,
            missing=_("Write why it is given back or ended"),
            max_length=4000,
            rows=5,
        )


class NoteForm(PageForm):
    """A note kept apart from the conversation, and who reads it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"] = LongField(
            label=_("Your note"), missing=_("Write your note"), max_length=4000, rows=5
        )
        self.fields["readers"] = ChoiceField(
            label=_("Who reads it?"),
            choices=NoteReaders,
            hints={
                NoteReaders.TEAM: _("Whoever holds the case after you reads it too."),
                NoteReaders.SELF: _("It is kept with the case, and shown to nobody else."),
            },
            missing=_("Select who reads it"),
        )


def _note(asking: Asking) -> PageForm:
    return NoteForm(asking.typed)


class KeepOutForm(PageForm):
    """Who is close to it, why, and that this was thought about: it acts at once."""

    def __init__(self, persons: list[User], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["close"] = PersonField(
            label=_("Who is close to it?"),
            queryset=User.objects.filter(pk__in=[person.pk for person in persons]),
            empty_label=None,
            error_messages={
                "required": _("Select who is close to it"),
                "invalid_choice": _("Select one of the people shown"),
            },
        )
        self.fields["words"] = LongField(
            label=_("Why are they to be kept out?"),
            help_text=_("For example a relative, a close friend, or the person themselves."),
            missing=_("Write why they are to be kept out"),
            max_length=1000,
            rows=4,
        )
        self.fields["sure"] = ConfirmField(
            label=_("I have thought about it: they lose sight of it at once"),
            missing=_("Confirm that they are to lose sight of it"),
        )


def _keep_out(asking: Asking) -> PageForm:
    return KeepOutForm(workflow.could_be_kept_out(asking.referral, by=asking.user), asking.typed)


def _named(asking: Asking) -> PageForm:
    return NamedForm(workflow.asked_about(asking.referral, by=asking.user), asking.typed)


def police_targets(status: Status) -> list[Status]:
    """Where the police may take a case out of sight, or back, from where it stands."""
    listed = [target for target in OUTCOME_OF if (status, target) in moves.MOVES]
    if status in HIDDEN_FROM_MOST:
        return listed
    return [target for target in listed if target in HIDDEN_FROM_MOST]


def _police_target(asking: Asking) -> PageForm:
    status = Status(asking.referral.status)
    leaves = status in HIDDEN_FROM_MOST
    return OutcomeForm(police_targets(status), asking.typed, asks_why=leaves)


# Doors ----------------------------------------------------------------------------------------
def _go(door: Callable[..., Any]) -> Done:
    return lambda asking, form: door(asking.referral, by=asking.user)


def _say(door: Callable[..., Any]) -> Done:
    return lambda asking, form: door(asking.referral, form.cleaned_data["words"], by=asking.user)


def _record(door: Callable[..., Any]) -> Done:
    def do(asking: Asking, form: PageForm) -> Any:
        values = cast(QuestionsForm, form).values
        return door(asking.referral, values, by=asking.user, seen=asking.seen)

    return do


def _do_transfer(asking: Asking, form: PageForm) -> Any:
    chosen = form.cleaned_data["receiver"]
    receiver = None if chosen == TransferForm.OUTSIDE else Locality.objects.get(pk=chosen)
    return workflow.transfer(asking.referral, receiver, form.cleaned_data["words"], by=asking.user)


def _do_hand_to(asking: Asking, form: PageForm) -> Any:
    return workflow.hand_to(asking.referral, form.cleaned_data["person"], by=asking.user)


def _do_lead_by_police(asking: Asking, form: PageForm) -> Any:
    return workflow.lead_by_police(
        asking.referral,
        Status(form.cleaned_data["target"]),
        form.cleaned_data.get("words", ""),
        by=asking.user,
    )


def _do_note(asking: Asking, form: PageForm) -> Any:
    readers = NoteReaders(form.cleaned_data["readers"])
    return workflow.write_note(asking.referral, form.cleaned_data["words"], readers, by=asking.user)


def _do_keep_out(asking: Asking, form: PageForm) -> Any:
    person, reason = form.cleaned_data["close"], form.cleaned_data["words"]
    return workflow.keep_out(asking.referral, person, reason, by=asking.user)


def _do_say_who_is_named(asking: Asking, form: PageForm) -> None:
    for name, person in cast(NamedForm, form).asked.items():
        said = YesNo(form.cleaned_data[name])
        workflow.say_who_is_named(asking.referral, person, said, by=asking.user)


def _nobody_named(asking: Asking) -> dict[str, str]:
    if workflow.asked_about(asking.referral, by=asking.user):
        return {}
    return {"refused": _("Nothing is asked about this record now.")}


def _no_reply(asking: Asking) -> str:
    """Why the referrer's side cannot write now, in place of the form; empty where anybody may."""
    if asking.standing.writes_to_referrer or asking.typed is not None:
        return ""  # what was typed is shown again, whatever the answer
    return workflow.no_reply_because(asking.referral)


def outcome_words(asking: Asking) -> dict[str, Any]:
    """What the recorded outcome will bring about, before it is done."""
    outcome = Answers(asking.referral).get("outcome")
    label = GatewayOutcome(outcome).label if outcome else ""
    return {"outcome": label, "asks": outcome == GatewayOutcome.ASK}


REFERRER_READS = lazy(
    "The person who referred it and their safeguarding lead read this. "
    "They get an e-mail with a link, and nothing else in it."
)
LEADS_READ = lazy("Prevent leads and the police of this area read this. The referrer does not.")

ACTS: dict[str, Act] = {
    act.verb: act
    for act in [
        Act(
            verb="acknowledge",
            title=lazy("Acknowledge this referral"),
            link=lazy("Acknowledge it"),
            button=lazy("Acknowledge the referral"),
            intro=lazy("You become its holder. The referrer is told that it is being looked at."),
            done=lazy("You have this referral. The referrer is told that it is being looked at."),
            who=_prevent,
            states=frozenset({S.SUBMITTED}),
            do=_go(workflow.acknowledge),
        ),
        Act(
            verb="take-at-gateway",
            title=lazy("Take this referral to the gateway"),
            link=lazy("Take it to the gateway"),
            button=lazy("Take it to the gateway"),
            intro=lazy("You become its officer. The Prevent lead and the referrer are told."),
            done=lazy("The referral is at the gateway, and you are its officer."),
            who=_police,
            states=frozenset({S.SUBMITTED}),
            do=_go(workflow.take_at_gateway),
        ),
        Act(
            verb="take-case",
            title=lazy("Take this case"),
            link=lazy("Take the case"),
            button=lazy("Take the case"),
            intro=lazy("The case and its promises become yours, whoever had it before."),
            done=lazy("You have this case."),
            who=_either,
            states=OPEN,
            do=_go(workflow.take_case),
        ),
        Act(
            verb="record-triage",
            title=lazy("Triage"),
            link=lazy("Record the triage"),
            button=lazy("Save the triage"),
            done=lazy("Saved."),
            read_by=LEADS_READ,
            who=_prevent,
            states=AT_THE_TABLE,
            make=_triage,
            do=_record(workflow.record_triage),
            record=workflow.record_triage,
            keeps="triage_record",
            template="referrals/triage.html",
        ),
        Act(
            verb="pass-to-gateway",
            title=lazy("Pass this referral to police"),
            link=lazy("Pass it to police"),
            button=lazy("Pass to police"),
            intro=lazy("The police gateway gets it now, with your triage answers."),
            done=lazy("The referral is with the police gateway."),
            who=_either,
            states=frozenset({S.TRIAGE}),
            do=_go(workflow.pass_to_gateway),
            remedy="record-triage",
        ),
        Act(
            verb="ask-referrer",
            title=lazy("Ask the referrer for more"),
            link=lazy("Ask the referrer for more"),
            button=lazy("Send my question"),
            intro=lazy("The promise pauses until they answer. They have 2 working days."),
            done=lazy("Your question has been sent."),
            read_by=REFERRER_READS,
            who=_either,
            states=AT_THE_TABLE,
            make=_words(lazy("What do you want to know?"), lazy("Write what you want to know")),
            do=_say(workflow.ask_referrer),
        ),
        Act(
            verb="transfer",
            title=lazy("Offer this referral to another area"),
            link=lazy("Transfer to another area"),
            button=lazy("Offer the referral"),
            intro=lazy("You stay its owner until the other area accepts."),
            done=lazy("The referral is offered to the other area. You hold it until they accept."),
            read_by=lazy("The Prevent leads of both areas read this. The referrer does not."),
            who=_prevent,
            states=frozenset({S.TRIAGE}),
            make=_transfer,
            do=_do_transfer,
        ),
        Act(
            verb="accept-transfer",
            title=lazy("Accept this referral"),
            link=lazy("Accept it"),
            button=lazy("Accept the referral"),
            intro=lazy("It belongs to your area from now on, and you hold it."),
            done=lazy("The referral is yours."),
            who=_receiver,
            states=frozenset({S.TRANSFERRED}),
            do=_go(workflow.accept_transfer),
        ),
        Act(
            verb="decline-transfer",
            title=lazy("Decline this referral"),
            link=lazy("Decline it"),
            button=lazy("Decline the referral"),
            intro=lazy("It goes back to the area that offered it."),
            done=lazy("You have declined the referral. The other area is told."),
            read_by=lazy("The Prevent leads of both areas read this. The referrer does not."),
            who=_receiver,
            states=frozenset({S.TRANSFERRED}),
            make=_words(lazy("Why do you decline it?"), lazy("Write why you decline it")),
            do=_say(workflow.decline_transfer),
        ),
        Act(
            verb="take-back-transfer",
            title=lazy("Take the offer back"),
            link=lazy("Take the offer back, or record that it was declined"),
            button=lazy("Take the offer back"),
            intro=lazy("It stands in your triage again. The other area sees it no more."),
            done=lazy("The referral is in your triage again."),
            read_by=LEADS_READ,
            who=_prevent,
            states=frozenset({S.TRANSFERRED}),
            make=_words(
                lazy("Why do you take it back, or why did they decline it?"),
                lazy("Write why you take it back, or why they declined it"),
            ),
            do=_say(workflow.take_back_transfer),
        ),
        Act(
            verb="close-transferred",
            title=lazy("The other area has accepted it outside the portal"),
            link=lazy("Record that an area outside the portal has accepted it"),
            button=lazy("Record it and close here"),
            done=lazy("Closed here. Feedback to the referrer is due."),
            read_by=LEADS_READ,
            who=_prevent,
            states=frozenset({S.TRANSFERRED}),
            make=_words(
                lazy("Who accepted it, and when?"), lazy("Write who accepted it, and when")
            ),
            do=_say(workflow.close_transferred),
        ),
        Act(
            verb="record-gateway",
            title=lazy("Gateway"),
            link=lazy("Record the gateway's answers"),
            button=lazy("Save the gateway's answers"),
            done=lazy("Saved."),
            read_by=lazy("Police and the Channel chair read this. Write no intelligence."),
            who=_police,
            states=frozenset({S.GATEWAY}) | HIDDEN_FROM_MOST,
            make=_gateway,
            do=_record(workflow.record_gateway),
            record=workflow.record_gateway,
            keeps="gateway_record",
            template="referrals/gateway.html",
        ),
        Act(
            verb="record-outcome",
            title=lazy("Bring the outcome about"),
            link=lazy("Bring the outcome about"),
            button=lazy("Bring the outcome about"),
            done=lazy("The outcome is recorded."),
            who=_police,
            states=frozenset({S.GATEWAY}),
            do=_go(workflow.record_outcome),
            remedy="record-gateway",
            context=outcome_words,
        ),
        Act(
            verb="lead-by-police",
            title=lazy("Outside Channel: led or held by the police"),
            link=lazy("Lead or hold it outside Channel, or give it back"),
            button=lazy("Record it"),
            intro=lazy(
                "Nobody below police and chair is told. For them its word, its place in the "
                "queue, its counts and its clocks stay as they are."
            ),
            done=lazy("Recorded."),
            who=_police,
            states=BEFORE_CLOSED - {S.TRANSFERRED},
            make=_police_target,
            do=_do_lead_by_police,
            remedy="record-gateway",
        ),
        Act(
            verb="reopen",
            title=lazy("Open this referral again"),
            link=lazy("Something is new: open it again"),
            button=lazy("Open it again"),
            intro=lazy("It goes to the police gateway."),
            done=lazy("The referral is open again, at the police gateway."),
            read_by=LEADS_READ,
            who=_either,
            states=frozenset({S.CLOSED}),
            make=_words(lazy("What is new?"), lazy("Write what is new")),
            do=_say(workflow.reopen),
        ),
        Act(
            verb="give-feedback",
            title=lazy("Tell the referrer"),
            link=lazy("Tell the referrer how it stands"),
            button=lazy("Send it to the referrer"),
            done=lazy("The referrer has been told."),
            read_by=REFERRER_READS,
            who=_either,
            states=SHARED - {S.WITHDRAWN},
            make=_feedback,
            do=_say(workflow.give_feedback),
            context=lambda asking: {
                "templates": feedback.offered(asking.status),
                "picked": asking.picked,
            },
        ),
        Act(
            verb="write-message",
            title=lazy("Write a message"),
            button=lazy("Send message"),
            done=lazy("Your message has been sent."),
            read_by=lazy("They get an e-mail with a link, and nothing else in it."),
            who=_writers,
            states=SHARED,
            make=_words(lazy("Your message"), lazy("Write your message")),
            do=_say(workflow.write_message),
            context=lambda asking: {"refused": _no_reply(asking)},
        ),
        Act(
            verb="write-note",
            title=lazy("Write a note"),
            link=lazy("Write a note"),
            button=lazy("Keep the note"),
            done=lazy("Your note is kept."),
            read_by=lazy(
                "The referrer, their agency, the front door and the panel never read it. "
                "It goes into no e-mail and no document."
            ),
            who=lambda standing: standing.reads_team_notes,
            states=SHARED,
            make=_note,
            do=_do_note,
        ),
        Act(
            verb="hand-to",
            title=lazy("Hand it to a colleague"),
            link=lazy("Hand it to a colleague"),
            button=lazy("Hand it over"),
            done=lazy("Your colleague has it now, and is told."),
            who=_either,
            states=BEFORE_CLOSED,
            make=_colleague,
            do=_do_hand_to,
        ),
        Act(
            verb="ask-colleague",
            title=lazy("Ask a colleague to take this check"),
            button=lazy("Ask my team"),
            intro=lazy(
                "The leads and deputies of your team who can take it are asked by e-mail. "
                "It stays with you until one of them takes it over."
            ),
            done=lazy("Your team has been asked. You have it until somebody takes it over."),
            who=_leads,
            states=IN_CHECK,
            do=_go(workflow.ask_colleague),
        ),
        Act(
            verb="take-check",
            title=lazy("Take this check over"),
            button=lazy("Take the check over"),
            intro=lazy("The check and its promise become yours, whoever had it before."),
            done=lazy("You have this check."),
            who=_leads,
            states=IN_CHECK,
            do=_go(workflow.take_check),
        ),
        Act(
            verb="keep-out",
            title=lazy("Somebody is close to it: keep them out"),
            link=lazy("Somebody is close to it: keep them out"),
            button=lazy("Keep them out"),
            intro=lazy(
                "Whoever you name no longer finds it, in no list, count, search or e-mail, and is "
                "not told. What they had to do with it goes to somebody else. It cannot be undone "
                "here, so make sure first: without them the concern must still be in good hands."
            ),
            done=lazy("They no longer find it."),
            read_by=lazy("Your reason is kept with the case. Nobody is shown it."),
            who=lambda standing: standing.may_keep_out,
            states=IN_AGENCY | SHARED,
            is_sensitive=True,
            make=_keep_out,
            do=_do_keep_out,
        ),
        Act(
            verb="who-is-named",
            title=lazy("Does it name somebody who uses this portal?"),
            link=lazy("Say whether it names somebody who uses this portal"),
            button=lazy("Save"),
            intro=lazy(
                "Whoever a record is about, and their family, must not come across it here. Until "
                "you have answered they find it in no list, count, search or e-mail, unless it "
                "would be left with nobody. Do not ask them."
            ),
            done=lazy("Thank you. It is kept with the case."),
            who=lambda standing: standing.may_keep_out,
            states=IN_AGENCY | SHARED,
            is_sensitive=True,
            make=_named,
            do=_do_say_who_is_named,
            context=_nobody_named,
        ),
    ]
}


# What comes next ------------------------------------------------------------------------------
@dataclass(frozen=True)
class Other:
    """An act as a link."""

    act: Act
    url: str


@dataclass(frozen=True)
class Next:
    """The panel beside a case: the one thing to do, what else can be done, and what cannot."""

    title: str
    primary: Act | None
    primary_url: str
    others: list["Other"]
    to_do: list[str]
    cannot: str


def next_for(asking: Asking) -> Next:
    referral, standing, status = asking.referral, asking.standing, asking.status
    to_do: list[str] = []
    verb = ""
    if standing.receives and status == S.TRANSFERRED:
        verb = "accept-transfer"
    elif standing.leads_locality:
        verb = {
            S.SUBMITTED: "acknowledge",
            S.TRIAGE: "pass-to-gateway",
            S.CLOSED: "give-feedback" if referral.due_at else "",
        }.get(status, "")
    elif standing.decides_at_gateway:
        verb = {S.SUBMITTED: "take-at-gateway", S.GATEWAY: "record-outcome"}.get(status, "")
    primary = ACTS.get(verb)
    if primary is not None and primary.remedy:
        to_do = missing(asking)
        primary = ACTS[primary.remedy] if to_do and _may(primary.remedy, asking) else primary
    if referral.emergency and status == S.SUBMITTED:
        to_do = [_("Make sure by telephone that the police have it"), *to_do]
    others = [
        Other(act, act.url(referral))
        for act in ACTS.values()
        if act.link and act is not primary and _is_useful(act, asking)
    ]
    return Next(
        title=_title(primary, asking),
        primary=primary,
        primary_url=primary.url(referral) if primary else "",
        others=others,
        to_do=to_do,
        cannot=_cannot(standing, status),
    )


def missing(asking: Asking) -> list[str]:
    """What must be recorded before the case can go on, in words."""
    needed = moves.triage if asking.status == S.TRIAGE else moves.gateway
    return [str(words) for words in needed(Answers(asking.referral))]


def places(act: Act, asking: Asking) -> dict[str, str]:
    """Where each sentence about what is missing can be put right, by the sentence.

    An address with the id of the input, on the page that records it: an act that asks nothing
    has no input of its own.
    """
    remedy = ACTS.get(act.remedy)
    if remedy is None or not remedy.is_offered(asking.standing, asking.status):
        return {}
    url, asked = remedy.url(asking.referral), of_record(remedy.keeps)
    form = remedy.make(replace(asking, typed=None))
    ids = {bound.name: f"{url}#{bound.first_id}" for bound in form.in_order()}
    about = {str(one.missing or one.text): one.name for one in asked}
    about |= {str(words): name for words, name in moves.ABOUT.items()}
    return {words: ids[name] for words, name in about.items() if name in ids}


def _may(verb: str, asking: Asking) -> bool:
    return ACTS[verb].is_offered(asking.standing, asking.status)


def _is_useful(act: Act, asking: Asking) -> bool:
    if not act.is_offered(asking.standing, asking.status):
        return False
    referral, user = asking.referral, asking.user
    if act.verb == "take-case":
        held = referral.officer_id if asking.standing.decides_at_gateway else referral.holder_id
        return held != user.pk
    if act.verb == "close-transferred":  # an area in the portal accepts or declines it there
        return referral.offered_to_id is None
    if act.verb == "who-is-named":  # nobody is asked about themselves
        return bool(set(referral.asked_about) - {user.pk})
    if act.verb == "lead-by-police":
        return bool(police_targets(Status(referral.status)))
    return True


def _title(primary: Act | None, asking: Asking) -> str:
    if primary is not None:
        words = str(primary.link)
        return _("Next: %(act)s") % {"act": words[:1].lower() + words[1:]}
    return {
        S.QUERY: _("Waiting for the referrer"),
        S.TRANSFERRED: _("Waiting for the other area"),
        S.GATEWAY: _("The police gateway has it"),
        S.INFO_GATHERING: _("The police gateway has it"),
        S.TRIAGE: _("The Prevent lead has it"),
        S.CLOSED: _("Closed"),
        S.WITHDRAWN: _("Taken back"),
        S.POLICE_LED: _("Led by the police"),
        S.INVESTIGATION_HOLD: _("Held for an investigation"),
    }.get(asking.status, _("With the Channel panel"))


def _cannot(standing: Standing, status: Status) -> str:
    """What cannot be done here, and who can: never a dead button."""
    if status == S.WITHDRAWN:
        return ""
    if not (standing.leads_locality or standing.decides_at_gateway or standing.receives):
        if not (standing.chairs or standing.coordinates):
            return _("You or your own agency made this referral, so you do not decide on it.")
        return _("The panel's decisions are recorded outside the portal for now.")
    if status == S.CLOSED:
        return ""
    if standing.leads_locality and not standing.decides_at_gateway:
        return _(
            "You cannot close it here. "
            "Only the police gateway can close a referral that has been shared."
        )
    if standing.decides_at_gateway and status == S.TRIAGE:
        return _("The Prevent lead checks it first, and can ask for more or transfer it.")
    if status not in {S.SUBMITTED, S.TRIAGE, S.QUERY, S.GATEWAY, S.TRANSFERRED, *HIDDEN_FROM_MOST}:
        return _("The next step is recorded outside the portal for now.")
    return ""
