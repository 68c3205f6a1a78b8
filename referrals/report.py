"""The referral as a PDF, and the sheet for a body that does not work in the portal.

Made by the worker from what was frozen at submission, never from the live record, and kept with
its SHA-256. The title names nobody.
"""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit import events
from referrals.answers import Answers, FrozenAnswers, Shown
from referrals.models import Document, Referral, Submission
from referrals.questions import Words, named
from referrals.steps import STEPS, TASKS, Task
from referrals.terms import SHARED, ParentTold, Section, Told
from ui import pdf

REFERRAL = "referral"
MADE_WITHIN = timedelta(minutes=2)
MOST_A_ROUND = 5
FACTS = (
    "forenames",
    "surname",
    "also_known_as",
    "born",
    "age",
    "gender",
    "place",
    "addresses",
    "parents",
    "school",
    "work",
    "ideology",
)
HIDDEN = ("ethnic_group",)


@dataclass(frozen=True)
class Part:
    """A heading of the document with its answers: the short ones as a table, then the long."""

    title: Words
    short: list[Shown]
    long: list[Shown]


def frozen(referral: Referral) -> FrozenAnswers:
    """The answers as they were shared."""
    submission = Submission.objects.get(referral=referral)
    return FrozenAnswers(referral, submission.answers, on=timezone.localdate(submission.at))


def parts(answers: Answers, section: Section) -> list[Part]:
    """The answers of a section by task, from the one list of questions."""
    found = []
    for task in TASKS:
        if task.section != section:
            continue
        shown = [one for one in answers.shown(_of(task)) if one.question.name not in HIDDEN]
        if section == Section.NOTICE and task.key == "person":
            shown = [one for one in shown if one.question.name not in FACTS]
        short = [one for one in shown if not one.is_long]
        long = [one for one in shown if one.is_long]
        if shown:
            found.append(Part(task.title, short, long))
    return found


def _of(task: Task) -> list[Any]:
    return [q for step in STEPS if step.task == task.key for q in step.questions]


def know_first(answers: Answers) -> list[tuple[str, str]]:
    """What to know first: who, whether they know, danger, and how to reach the referrer."""
    kind, age = answers.kind_of_person, answers.age
    who = (
        _("A %(kind)s of %(age)s.") % {"kind": kind.lower(), "age": age}
        if age is not None
        else _("A %(kind)s, age not known.") % {"kind": kind.lower()}
    )
    told = {
        Told.YES: _("The person has been told."),
        Told.RISK: _("The person has not been told: it would raise the risk."),
        Told.POLICE: _("The person has not been told, on police advice."),
        Told.NOT_YET: _("The person has not been told yet."),
    }.get(answers.get("told_person"), "")
    parent = {
        ParentTold.YES: _("A parent or carer knows."),
        ParentTold.RISK: _("The parents do not know: it would raise the risk."),
        ParentTold.POLICE: _("The parents do not know, on police advice."),
        ParentTold.NO_PARENT: _("There is no parent or carer."),
    }.get(answers.get("told_parent"), "")
    found = [(who, "")]
    if answers.gate_yes:
        number = answers.get("incident_number") or _("not given")
        found.append(
            (
                _("Emergency: the author says that 999 was called."),
                _("Incident number: %(number)s.") % {"number": number},
            )
        )
    else:
        found.append(
            (_("No emergency at the gate:"), _("nobody at immediate risk, no weapon, no travel."))
        )
    found.append((told, parent))
    if answers.get("anonymous") == "yes":
        found.append((_("The person who noticed it wishes to stay unnamed"), _("to the person.")))
    found.append((_("Reaching the referrer:"), str(answers.get("contact_notes"))))
    return [(bold, rest) for bold, rest in found if bold]


def context_of(referral: Referral) -> dict[str, Any]:
    answers = frozen(referral)
    submission = Submission.objects.select_related("by").get(referral=referral)
    return {
        "referral": referral,
        "submission": submission,
        "agency": referral.agency,
        "know": know_first(answers),
        "facts": list(answers.shown(named(*FACTS))),
        "sections": [
            (section.label, parts(answers, section))
            for section in (Section.NOTICE, Section.CHECK, Section.SHARE)
        ],
        "despite": referral.despite_lead,
        "recipients": list(referral.recipients.select_related("route", "locality")),
        "files": answers.get("attachments"),
    }


def title_of(referral: Referral) -> str:
    return _("Prevent referral %(reference)s") % {"reference": referral.reference}


def render(referral: Referral) -> bytes:
    """The document's bytes, PDF/UA-1."""
    return pdf.render("referrals/referral_pdf.html", context_of(referral), title=title_of(referral))


def missing(now: datetime) -> list[uuid.UUID]:
    """Keys of shared referrals that should have their document by now, a few at a time.

    In no order, so that some which cannot be made do not keep the others waiting.
    """
    made = Document.objects.filter(referral=OuterRef("pk"), kind=REFERRAL)
    late = Referral.objects.filter(
        ~Exists(made), status__in=sorted(SHARED), submitted_at__lte=now - MADE_WITHIN
    )
    return list(late.order_by("?").values_list("pk", flat=True)[:MOST_A_ROUND])


def make(referral: Referral) -> Document:
    """Make and keep the document once; a second call returns the first."""
    kept = Document.objects.filter(referral=referral, kind=REFERRAL).first()
    if kept is not None:
        return kept
    content = render(referral)
    with transaction.atomic():
        Referral.objects.select_for_update().get(pk=referral.pk)
        kept = Document.objects.filter(referral=referral, kind=REFERRAL).first()
        if kept is None:
            kept = Document.objects.create(
                referral=referral,
                kind=REFERRAL,
                content=content,
                sha256=hashlib.sha256(content).hexdigest(),
            )
            events.record("referral.document_made", referral, by=None)
    return kept


# The sheet for a body outside the portal --------------------------------------------------------
SHEET: tuple[tuple[Words, tuple[str, ...]], ...] = (
    (
        gettext_lazy("The child or person"),
        ("forenames", "surname", "also_known_as", "born", "age", "gender", "addresses", "reach"),
    ),
    (
        gettext_lazy("Language and needs"),
        ("language", "interpreter", "health_known", "health_detail", "communication"),
    ),
    (gettext_lazy("Family, parents and carers"), ("household", "parents", "cares_for_child")),
    (gettext_lazy("School, work and other agencies"), ("school", "work", "involved")),
    (
        gettext_lazy("What we are worried about"),
        (
            "observed",
            "told_by_others",
            "repeated",
            "repeated_detail",
            "worry",
            "other_concerns",
            "other_concerns_detail",
        ),
    ),
    (gettext_lazy("What is working well"), ("strengths", "strengths_detail")),
    (gettext_lazy("What has been done"), ("action_taken", "action_detail", "consulted_detail")),
    (
        gettext_lazy("Who has been told"),
        ("told_person", "told_response", "told_parent", "parent_response", "not_told_reason"),
    ),
    (gettext_lazy("Who is referring"), ("referrer", "contact_notes")),
)


def sheet(referral: Referral, *, name: str) -> bytes:
    """What a front door or team outside the portal is sent, in the order of such forms.

    Identity, what was noticed, and how to reach the referrer; never the working view of ideology.
    """
    answers = frozen(referral)
    context = {
        "referral": referral,
        "name": name,
        "parts": [
            Part(
                title,
                [one for one in shown if not one.is_long],
                [one for one in shown if one.is_long],
            )
            for title, questions in SHEET
            if (shown := list(answers.shown(named(*questions))))
        ],
    }
    return pdf.render("referrals/sheet_pdf.html", context, title=title_of(referral))
