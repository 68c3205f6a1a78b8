"""What people are told, as outbox rows of the same transaction: what, why you, by when, a link.

No name of the person concerned, no category and no words of the case ever stand here (PR-01).
A key makes each notice unique, so that an act that is tried twice tells once.
"""

from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from agencies.people import on_duty
from agencies.terms import AGENCY_LEADS
from outbox import post
from referrals import policy
from referrals.models import Clock, Referral
from referrals.terms import ClockKind, EscalationStep
from ui import dates


def _case(referral: Referral) -> str:
    return reverse("referrals:case", args=[referral.key])


def _send(
    referral: Referral,
    people: Iterable[User],
    kind: str,
    *,
    once: object,
    subject: str,
    what: str,
    why: str,
    by_when: str = "",
    path: str = "",
) -> int:
    excluded = set(referral.exclusions.values_list("person_id", flat=True))
    sent = 0
    for person in {one.pk: one for one in people}.values():
        if person.pk in excluded or not person.is_active:
            continue
        if policy.wrote(person, referral) and not policy.may_hear(person, referral):
            continue
        post.send(
            person,
            kind=f"referral.{kind}",
            subject=subject,
            what=what,
            why=why,
            by_when=by_when,
            path=path or _case(referral),
            key=f"{referral.pk}:{kind}:{once}:{person.pk}",
            about=referral,
            reference=referral.reference,
        )
        sent += 1
    return sent


def _by(referral: Referral) -> str:
    if referral.due_at is None:
        return ""
    return _("By %(when)s.") % {"when": dates.moment(referral.due_at)}


def check_wanted(referral: Referral, people: Iterable[User]) -> int:
    return _send(
        referral,
        people,
        "check",
        once=referral.stage_since.isoformat(),
        subject=_("A concern to check"),
        what=_("A colleague has recorded a concern and asks you to check it."),
        why=_("You are a safeguarding lead of the agency, and it has come to you."),
        by_when=_by(referral),
    )


def take_check(referral: Referral, people: Iterable[User], once: object) -> int:
    return _send(
        referral,
        people,
        "take_check",
        once=once,
        subject=_("A concern to check"),
        what=_("A colleague asks whether you can take over the check of a concern."),
        why=_("You are a safeguarding lead of the agency."),
        by_when=_by(referral),
    )


def author_asked(referral: Referral) -> int:
    return _send(
        referral,
        [referral.created_by],
        "returned",
        once=referral.stage_since.isoformat(),
        subject=_("Your safeguarding lead has a question"),
        what=_("Your safeguarding lead has read your concern and has a question for you."),
        why=_("You recorded the concern."),
        by_when=_by(referral),
    )


def decided_in_agency(referral: Referral) -> int:
    return _send(
        referral,
        [referral.created_by],
        "decided",
        once=referral.stage_since.isoformat(),
        subject=_("Your safeguarding lead has decided"),
        what=_("Your safeguarding lead has decided about your concern and gives the reasons."),
        why=_("You recorded the concern."),
    )


def lead_told_of_despite(referral: Referral, people: Iterable[User]) -> int:
    return _send(
        referral,
        people,
        "despite",
        once=referral.stage_since.isoformat(),
        subject=_("A colleague has referred a concern"),
        what=_("A colleague has shared a concern as a referral. Your view has gone with it."),
        why=_("You checked the concern."),
    )


def shared(referral: Referral, people: Iterable[User]) -> int:
    return _send(
        referral,
        people,
        "shared",
        once=referral.stage_since.isoformat(),
        subject=(
            _("A referral marked emergency has arrived")
            if referral.emergency
            else _("A referral has arrived")
        ),
        what=(
            _("A referral marked emergency is waiting. The author says that 999 was called.")
            if referral.emergency
            else _("A new referral is waiting for you.")
        ),
        why=_("Your team receives referrals of this kind for this area."),
        by_when=_by(referral),
    )


def shared_confirmation(referral: Referral) -> int:
    return _send(
        referral,
        [referral.created_by, *([referral.submitted_by] if referral.submitted_by else [])],
        "sent",
        once="once",
        subject=_("Your referral has been sent"),
        what=_("Your referral has been sent. The page shows who has it and what happens next."),
        why=_("You raised the concern or sent the referral."),
    )


def acknowledged(referral: Referral) -> int:
    return _referrers(
        referral,
        "acknowledged",
        _("Your referral is being looked at"),
        _("The Prevent lead has taken your referral in."),
    )


def query_asked(referral: Referral) -> int:
    return _referrers(
        referral,
        "query",
        _("A question about your referral"),
        _("There is a question about your referral. Your answer is needed to go on."),
        by_when=_by(referral),
    )


def message_to_referrer(referral: Referral, once: object) -> int:
    return _referrers(
        referral,
        "message",
        _("A message about your referral"),
        _("There is a message about your referral."),
        once=once,
    )


def feedback(referral: Referral, once: object) -> int:
    return _referrers(
        referral,
        "feedback",
        _("News of your referral"),
        _("There is news of your referral."),
        once=once,
    )


def _referrers(
    referral: Referral,
    kind: str,
    subject: str,
    what: str,
    *,
    once: object = None,
    by_when: str = "",
) -> int:
    people = [referral.created_by]
    sent_it = {one.pk: one for one in (referral.lead, referral.submitted_by) if one is not None}
    sent_it.pop(referral.created_by_id, None)
    leads = [one for one in sent_it.values() if policy.leads_agency(one, referral)]
    if sent_it and not leads and referral.agency is not None:
        # They have left, or lead no more: whoever leads the agency now is told instead.
        leads = on_duty(referral.agency, *AGENCY_LEADS)
    return _send(
        referral,
        people + leads,
        kind,
        once=once or referral.stage_since.isoformat(),
        subject=subject,
        what=what,
        why=_("You raised the concern or sent the referral."),
        by_when=by_when,
    )


def to_holders(referral: Referral, people: Iterable[User], kind: str, once: object) -> int:
    """An answer, an addition or a reply has come in."""
    what = {
        "answer": _("The referrer has answered your question."),
        "addition": _("Something has been added to a referral that you hold."),
        "reply": _("There is a reply about a referral that you hold."),
        "withdrawn": _("A referral has been taken back by the agency that sent it."),
        "gateway": _("A referral has been passed to the police gateway."),
        "taken": _("The police gateway has taken a referral of your area."),
        "offered": _("Another area offers you a referral. Accept it or decline it."),
        "accepted": _("The other area has accepted the referral that you offered."),
        "declined": _("The other area has declined the referral that you offered."),
        "unanswered": _("A referrer has heard nothing and asks for a reply."),
        "check_taken": _("A colleague has taken over a check that you had."),
        "owner": _("A case has come to you from a colleague."),
        "named": _("It may name somebody who uses the portal. Say whether it is them."),
    }[kind]
    return _send(
        referral,
        people,
        kind,
        once=once,
        subject=_("A referral needs you") if referral.is_shared else _("A concern needs you"),
        what=what,
        why=_("You or your team hold it."),
        by_when=_by(referral),
    )


def to_police(referral: Referral, people: Iterable[User], kind: str, once: object) -> int:
    """A case that police lead or hold is on its way to another area; nobody else is told so."""
    what = {
        "offered_away": _(
            "A case of yours is offered to another area. Ring the police there, "
            "or your Prevent lead if it should stay."
        ),
        "gone_away": _(
            "A case of yours is with another area now, and you cannot open it any more. "
            "Ring the police there."
        ),
        "come_at_work": _(
            "A case has come to your area that is not at its beginning. Ring the police of the "
            "area that sent it, and take it."
        ),
    }[kind]
    return _send(
        referral,
        people,
        kind,
        once=once,
        subject=_("A referral needs you"),
        what=what,
        why=_("Police of your area have it, or had it."),
        path=reverse("referrals:queue") if kind == "gone_away" else "",
    )


def file_destroyed(referral: Referral, people: Iterable[User], once: object) -> int:
    """No name of the file: it may be that of a person."""
    return _send(
        referral,
        people,
        "file_destroyed",
        once=once,
        subject=_("A file was destroyed"),
        what=_("A file that was added to a concern had a virus in it. It has been destroyed."),
        why=_("You added it, recorded the concern or check it. Have your computer looked at."),
    )


def clock_reminder(clock: Clock, step: EscalationStep, person: User) -> None:
    """A promise is near its end, or late; the key begins with its clock, so it can be stopped."""
    referral = clock.referral
    late = step != EscalationStep.AMBER
    what = _("%(act)s: %(state)s.") % {
        "act": clock.get_kind_display(),
        "state": _("it is late") if late else _("it is due soon"),
    }
    if clock.kind == ClockKind.AUTHOR_ANSWER and person.pk != referral.created_by_id:
        what = _(
            "The author of a concern has not answered the lead's questions. "
            "If they have left, take the concern back to the check."
        )
    why = (
        _("You cover for the person whose promise it is.")
        if step in (EscalationStep.DEPUTY, EscalationStep.SENIOR)
        else _("It is your promise, or your team's.")
    )
    path = _case(referral)
    if not Referral.objects.visible_to(person).filter(pk=referral.pk).exists():
        # The agency's senior lead answers for its people, and reads no concerns.
        what = _("%(what)s You cannot read it: speak to your lead, or have a deputy named.") % {
            "what": what
        }
        why, path = _("You are the senior lead of the agency."), reverse("agencies:home")
    post.send(
        person,
        kind="referral.clock",
        subject=_("A promise is late") if late else _("A promise is due soon"),
        what=what,
        why=why,
        by_when=_("It was due on %(when)s.") % {"when": dates.moment(clock.due_at)}
        if late
        else _("By %(when)s.") % {"when": dates.moment(clock.due_at)},
        path=path,
        key=f"clock:{clock.pk}:{step}:{person.pk}",
        about=referral,
        reference=referral.reference,
    )


def stop_reminders(clock_pk: int) -> int:
    """Reminders that are not sent yet are not sent once the promise is kept."""
    return post.cancel(f"clock:{clock_pk}:")


def draft_key(referral: Referral, days: int) -> str:
    """One reminder for each span in which a draft lies untouched."""
    return f"{referral.pk}:draft:{days}:{referral.touched_at.date().isoformat()}"


def stop_draft_reminders(referral: Referral) -> int:
    """What is sent or deleted is not reminded of."""
    return post.cancel(f"{referral.pk}:draft:")


def draft_reminder(referral: Referral, days: int) -> None:
    post.send(
        referral.created_by,
        kind="referral.draft",
        subject=_("You have not sent this"),
        what=_(
            "You began to record a concern and have not sent it. Send it, keep it or delete it."
        ),
        why=_("It is your draft. Nobody else can see it."),
        by_when=_("A draft that nobody opens is deleted %(days)d days after it was last changed.")
        % {"days": settings.DRAFT_KEPT_DAYS},
        path=_case(referral),
        key=draft_key(referral, days),
        about=referral,
    )
