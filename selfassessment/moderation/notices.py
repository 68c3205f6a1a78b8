"""What people are told of a moderation, as outbox rows of the same transaction: no content.

No rating, no standard and no name of an agency stands in a message.
"""

import datetime
from collections.abc import Iterable
from datetime import time, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from agencies import workdays
from agencies.people import holders
from agencies.terms import Role
from outbox import post
from selfassessment import notices
from selfassessment.models import Assessment, Moderator
from selfassessment.moderation.models import Appeal, Question
from selfassessment.moderation.terms import REMIND_DAYS
from selfassessment.terms import NoticeKind
from ui import dates

DIGEST_AT = time(7)


def _of(assessment: Assessment) -> str:
    return reverse("selfassessment:moderation:review", args=[assessment.key])


def _leads(assessment: Assessment) -> list[User]:
    return notices.leads(assessment.agency)


def _everybody(assessment: Assessment) -> list[User]:
    return [*_leads(assessment), *holders(assessment.agency, [Role.SENIOR_LEAD])]


def _managers() -> list[User]:
    return holders(None, [Role.MODERATION_MANAGER])


def _send(
    assessment: Assessment,
    people: Iterable[User],
    kind: str,
    *,
    once: object,
    subject: str,
    what: str,
    why: str,
    by_when: str = "",
    path: str = "",
    at: datetime.datetime | None = None,
) -> None:
    for person in {each.pk: each for each in people if each.is_active}.values():
        post.send(
            person,
            kind=f"moderation.{kind}",
            subject=subject,
            what=what,
            why=why,
            by_when=by_when,
            path=path or _of(assessment),
            key=f"moderation:{kind}:{once}:{person.pk}",
            about=assessment,
            at=at,
        )


def _digest_key(person: User, now: datetime.datetime) -> str:
    return f"moderation:given:{person.pk}:{_next_morning(now):%Y-%m-%d}"


def _next_morning(now: datetime.datetime) -> datetime.datetime:
    local = timezone.localtime(now)
    day = local.date() if local.time() < DIGEST_AT else local.date() + timedelta(days=1)
    return datetime.datetime.combine(day, DIGEST_AT, local.tzinfo)


def given(moderator: Moderator, *, now: datetime.datetime) -> None:
    """One mail on the next morning, however many forms somebody was given on the day."""
    post.send(
        moderator.person,
        kind="moderation.given",
        subject=_("Self-assessments to moderate"),
        what=_("You have been given self-assessments to moderate. The page lists them."),
        why=_("You are a moderator of the safeguarding partnership."),
        path=reverse("selfassessment:moderation:mine"),
        key=_digest_key(moderator.person, now),
        at=_next_morning(now),
    )


def taken_back(person: User, *, now: datetime.datetime) -> None:
    """Nothing given since yesterday is left with them: there is nothing to tell."""
    since = _next_morning(now) - timedelta(days=1)
    left = Moderator.objects.at_work(person).filter(given_at__gte=since)
    if not left.exists():
        post.cancel(_digest_key(person, now))


def one_is_missing(assessment: Assessment, *, now: datetime.datetime) -> None:
    _send(
        assessment,
        _managers(),
        "missing",
        once=f"{assessment.pk}:{now.isoformat()}",
        subject=_("A self-assessment needs a moderator"),
        what=_("A moderator has stopped, and a self-assessment has fewer than two."),
        why=_("You manage the moderation."),
        path=reverse("selfassessment:moderation:give", args=[assessment.key]),
    )


def asked(question: Question, assessment: Assessment) -> None:
    """Now, and once more some days before the answer is due."""
    when = dates.paper_day(question.due_on)
    path = reverse("selfassessment:moderation:question", args=[assessment.key, question.pk])
    _send(
        assessment,
        _leads(assessment),
        "asked",
        once=question.pk,
        subject=_("The moderators ask for evidence"),
        what=_("The moderators of your self-assessment ask for evidence."),
        why=_("You are a safeguarding lead of the agency."),
        by_when=_("By %(when)s.") % {"when": when},
        path=path,
    )
    _send(
        assessment,
        _leads(assessment),
        "reminder",
        once=question.pk,
        subject=_("Evidence that the moderators asked for is due soon"),
        what=_("The moderators of your self-assessment wait for evidence."),
        why=_("You are a safeguarding lead of the agency."),
        by_when=_("By %(when)s.") % {"when": when},
        path=path,
        at=_reminder_at(question, assessment),
    )


def _reminder_at(question: Question, assessment: Assessment) -> datetime.datetime:
    day = question.due_on
    left = REMIND_DAYS
    while left:
        day -= timedelta(days=1)
        left -= workdays.is_working_day(day, assessment.board)
    return datetime.datetime.combine(day, DIGEST_AT, workdays.LOCAL)


def stop_asking(question: Question) -> None:
    post.cancel(f"moderation:asked:{question.pk}:")
    post.cancel(f"moderation:reminder:{question.pk}:")


def answered(question: Question, assessment: Assessment) -> None:
    _send(
        assessment,
        [question.judgement.moderator.person],
        "answered",
        once=question.pk,
        subject=_("Your question has been answered"),
        what=_("The agency has answered what you asked about its self-assessment."),
        why=_("You moderate it."),
    )


def provisional(assessment: Assessment, *, now: datetime.datetime) -> None:
    notices.to_everybody(assessment, NoticeKind.MODERATED, now=now)


def appealed(appeal: Appeal, assessment: Assessment, chairs: Iterable[User]) -> None:
    chairs = list(chairs)
    _send(
        assessment,
        chairs or _managers(),
        "appealed",
        once=appeal.pk,
        subject=_("An appeal to decide")
        if chairs
        else _("An appeal waits for a chair who may decide it"),
        what=_("An agency appeals against the outcome of a moderation."),
        why=_("You chair the board.") if chairs else _("You name the chairs of the board."),
        by_when=_("By %(when)s.") % {"when": dates.paper_day(appeal.due_on)},
        path=reverse("selfassessment:moderation:decide", args=[assessment.key])
        if chairs
        else reverse("selfassessment:moderation:chairs"),
    )


def decided(appeal: Appeal, assessment: Assessment) -> None:
    people = [*_everybody(assessment), *_managers()]
    _send(
        assessment,
        people,
        "decided",
        once=appeal.pk,
        subject=_("The appeal has been decided"),
        what=_("The chair of the board has decided the appeal, and gives the reasons."),
        why=_("You speak for the agency, or manage the moderation."),
    )


def final(assessment: Assessment, moderators: Iterable[User], *, now: datetime.datetime) -> None:
    notices.to_everybody(assessment, NoticeKind.PUBLISHED, now=now)
    notices.tell(assessment, moderators, NoticeKind.PUBLISHED, once="moderators", now=now)
