"""No word of a form in a header, a title, a mail, an event or the properties of a document.

A word of its own is in everything that people write: answers, evidence and its file, comments,
actions, questions, judgements, comments on the outcome, appeals, letters. What the portal
logs meanwhile, and which headers it sends, ``tests/sweep.py`` reads along (PR-05). The board sees
figures (section 7.5): no word of it all reaches its pages, tables and documents.
"""

import io
from datetime import date
from typing import Any

import pikepdf
import pytest
from django.urls import reverse

import files
from audit.models import AuditEvent
from outbox.models import Message
from selfassessment import workflow
from selfassessment.actions import workflow as actions
from selfassessment.evidence import workflow as evidence
from selfassessment.models import Answer, Assessment, Evidence
from selfassessment.moderation import workflow as moderation
from selfassessment.moderation.models import Question
from selfassessment.reports import store
from selfassessment.terms import ActionStatus, EvidenceKind, Outcome, Priority, Rating, Status
from tests.entry import enter
from tests.selfassessment import forms, moderating
from tests.selfassessment.test_access import BOARD, BY_ROLE, address, arguments, of_forms, people

MARK = "Canary"
REASON = "We are too few for that this year."
"""Why somebody did what needs a reason: the log of events holds it (AU-01), no word of a form."""
TEXTS = ("position", "what_changed")
TODAY = date(2026, 11, 23)


def said(what: str) -> str:
    return f"{MARK}{what} is in these words, which are long enough for every rule."


def answered(cast: forms.Cast, form: Assessment) -> None:
    """All that is written while a form is filled in, through the doors that pages use."""
    forms.complete(form, cast)
    one = forms.standard("LG1")
    version = Answer.objects.get(assessment=form, standard=one).version
    texts = {name: said(f"answer{name.replace('_', '')}") for name in TEXTS}
    workflow.write_answer(form, one, texts, by=cast.lead, version=version)
    workflow.write_consultation(
        form,
        {name: said(name.replace("_", "")) for name in ("consulted_who", "consulted_said")},
        by=cast.lead,
        version=workflow.consultation_version(Assessment.objects.get(pk=form.pk)),
    )
    workflow.give(form, cast.teacher, [one], by=cast.lead)
    workflow.comment(form, one, said("comment"), by=cast.lead)
    workflow.comment(form, one, said("reply"), by=cast.teacher)
    workflow.ask_waiver(form, "nobody_asked", "", REASON, by=cast.lead)
    details = evidence.Details(
        title=said("title"),
        kind=EvidenceKind.DOCUMENT,
        owner=cast.lead,
        dated_on=TODAY,
        note=said("note"),
    )
    file = files.clean(f"{MARK}name.txt", said("file").encode())
    evidence.add(form, details, [one], file=file, by=cast.lead)
    plan = actions.Plan(
        words=said("action"),
        codes=[one.code],
        owner=cast.teacher,
        owner_role=f"{MARK}role",
        priority=Priority.HIGH,
        due_on=TODAY,
        success_measure=said("measure"),
        resource_needed=said("resource"),
        partner_help=True,
    )
    action = actions.make(form, plan, by=cast.lead)
    actions.note(action, said("progress"), by=cast.teacher)
    actions.move_to(action, ActionStatus.IN_PROGRESS, by=cast.teacher, words=said("moved"))


def moderated(cast: forms.Cast, form: Assessment) -> None:
    """And what is written when others look at it."""
    form = Assessment.objects.get(pk=form.pk)
    workflow.ready(form, by=cast.lead, no_personal_data=True)
    workflow.send_back(form, REASON, by=cast.senior)
    workflow.ready(form, by=cast.lead, no_personal_data=True)
    forms.sign(form, cast.senior)
    store.make_missing(forms.NOW)
    form.refresh_from_db()
    review = moderation.begin(form, [cast.moderator, cast.second_moderator], by=cast.manager)
    moderating.agree_on_all(cast, form, review, but=["LG1"])
    ask: dict[str, Any] = {"by": cast.moderator, "outcome": Outcome.ASK, "reason": said("asked")}
    moderation.judge(form, forms.standard("LG1"), **ask)
    moderation.answer(Question.objects.get(), by=cast.lead, words=said("answered"))
    for person in (cast.moderator, cast.second_moderator):
        lower: dict[str, Any] = {"outcome": Outcome.LOWER, "rating": Rating.NOT_IN_PLACE}
        moderation.judge(form, forms.standard("LG1"), by=person, reason=said("lowered"), **lower)
    moderation.finish(form, by=cast.moderator)
    moderation.comment(form, by=cast.lead, words=said("remark"))
    moderation.appeal(form, {"LG1": said("appeal")}, by=cast.senior)
    moderation.write_letter(
        form, by=cast.manager, strengths=said("strengths"), support=said("support")
    )


@pytest.fixture
def written(cast: forms.Cast, form: Assessment) -> Assessment:
    answered(cast, form)
    moderated(cast, form)
    return Assessment.objects.get(pk=form.pk)


def about(answer: Any) -> str:
    """What browsers, proxies and desktops keep of an answer: headers, title, properties."""
    kept = str(answer.headers)
    body = b"" if answer.streaming else answer.content
    if body.startswith(b"%PDF"):
        opened = pikepdf.open(io.BytesIO(body))
        with opened.open_metadata() as metadata:
            return f"{kept} {dict(opened.docinfo.items())} {dict(metadata)}"
    page = body.decode(errors="replace")
    return f"{kept} {page.partition('<title>')[2].partition('</title>')[0]}"


def test_what_lies_around_the_pages_holds_no_word_of_a_form(cast, written):
    shown = pdfs = 0
    for person in (cast.lead, cast.senior, cast.teacher, cast.manager, cast.moderator):
        browser = enter(person)
        for name, kinds in of_forms():
            answer = browser.get(address(name, written.key, kinds))
            assert MARK not in about(answer), (name, person)
            if not answer.streaming:
                shown += MARK.encode() in answer.content
                pdfs += answer.content.startswith(b"%PDF")
    assert shown > 10  # they were there to be seen
    assert pdfs > 2
    for mail in Message.objects.all():
        assert MARK not in f"{mail.subject} {mail.body} {mail.path} {mail.key} {mail.last_error}"
    assert Message.objects.count() > 4
    for event in AuditEvent.objects.all():
        assert MARK not in f"{event.detail} {event.reason} {event.reference} {event.subject_id}"


def test_no_word_of_a_form_reaches_those_who_may_not_read_it(cast, written):
    assert written.status == Status.MODERATED
    item = Evidence.objects.get(title__startswith=MARK)
    urls = [address(name, written.key, kinds) for name, kinds in of_forms()]
    urls.append(reverse("selfassessment:evidence_item", args=[written.key, item.pk]))
    urls += [reverse(name, args=arguments(name, cast, written)) for name in BY_ROLE]
    urls += [reverse("selfassessment:board_sheet", args=["standards", "csv"])]
    readers = Assessment.objects.filter(pk=written.pk)
    for who, person in people(cast).items():
        if person and readers.visible_to(person).exists():
            continue
        browser = enter(person)
        for url in urls:
            answer = browser.get(url)
            assert MARK not in str(answer.headers), (who, url)
            assert answer.streaming or MARK.encode() not in answer.content, (who, url)
    assert set(BOARD) - {"manager"} == {"board_member"}  # who was among them
