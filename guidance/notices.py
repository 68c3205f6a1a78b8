"""What editors and approvers are told, as outbox rows."""

from datetime import date

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail.documents.models import AbstractDocument
from wagtail.models import Comment, CommentReply, Page, TaskState, WorkflowState

from accounts.models import User
from agencies import people
from agencies.terms import Role
from files.terms import FileState
from guidance.terms import ReviewStage
from outbox import post
from ui.dates import paper_day

LAST_REVISIONS = 10
"""Whoever wrote one of these still works on the page."""


def page_waits(task: TaskState, *, by: User | None) -> None:
    """Tell everybody who may take the step, but the one who asks, that a page waits for them."""
    page, step = task.workflow_state.content_object, task.task.specific
    for person in people.holders(None, [Role.GUIDANCE_EDITOR, Role.GUIDANCE_APPROVER]):
        if person != by and step.may_decide(task.workflow_state, person):
            post.send(
                person,
                kind="guidance.page_waits",
                subject=_("A page waits for your approval"),
                what=_("An editor has changed a page of the guidance and asks you to approve it."),
                why=_("You work on the guidance of the portal."),
                path=_edit_path(page),
                key=f"guidance.page_waits:{task.pk}:{person.pk}",
            )


def comment(page: Page, *, key: str, by: User | None) -> None:
    """Tell who works on a page that there is a comment on it; the words stay beside the page."""
    wrote = page.revisions.exclude(user=None).order_by("-pk").values("user")[:LAST_REVISIONS]
    said = Comment.objects.filter(page=page).values("user")
    replied = CommentReply.objects.filter(comment__page=page).values("user")
    told = User.objects.filter(Q(pk__in=wrote) | Q(pk__in=said) | Q(pk__in=replied))
    for person in told.filter(is_active=True, is_staff=True):
        if person != by:
            post.send(
                person,
                kind="guidance.comment",
                subject=_("A comment on a page of the guidance"),
                what=_("Somebody has left a comment beside a page that you work on."),
                why=_("You wrote a part of this page, or a comment on it."),
                path=_edit_path(page),
                key=f"guidance.comment:{key}:{person.pk}",
            )


def page_due(page: int, review_by: date, stage: ReviewStage, person: User) -> None:
    """Tell a keeper of a page that it is to be checked, or is late."""
    late = stage == ReviewStage.LATE
    post.send(
        person,
        kind="guidance.page_due",
        subject=_("A page is late to be checked") if late else _("A page is to be checked"),
        what=_("Read the page, put right what is no longer true, and set the next day."),
        why=_("You keep pages of the guidance."),
        by_when=_("It was due on %s.") % paper_day(review_by)
        if late
        else _("By %s.") % paper_day(review_by),
        path=reverse("wagtailadmin_pages:edit", args=[page]),
        key=f"guidance.page_due:{page}:{review_by}:{stage}:{person.pk}",
    )


def file_held_back(document: AbstractDocument, state: FileState) -> None:
    """Tell who added a file, and every approver, that readers will not get it."""
    told = set(people.holders(None, [Role.GUIDANCE_APPROVER]))
    if document.uploaded_by_user and document.uploaded_by_user.is_active:
        told.add(document.uploaded_by_user)
    had_virus = state == FileState.INFECTED
    for person in sorted(told, key=lambda each: each.pk):
        post.send(
            person,
            kind="guidance.file_held_back",
            subject=_("A file of the guidance was destroyed")
            if had_virus
            else _("A file of the guidance could not be checked"),
            what=_("It had a virus in it. Make a clean copy, and add that to the page.")
            if had_virus
            else _("The virus check could not read it, so readers do not get it. Add it anew."),
            why=_("You added the file, or you approve pages of the guidance."),
            path=reverse("wagtaildocs:edit", args=[document.pk]),
            key=f"guidance.file_held_back:{document.pk}:{document.file.name}:{person.pk}",
        )


def page_approved(workflow: WorkflowState, *, by: User | None) -> None:
    _answer(
        workflow,
        by,
        kind="guidance.page_approved",
        subject=_("Your page is published"),
        what=_("The page that you sent for approval has been approved and published."),
    )


def page_sent_back(workflow: WorkflowState, *, by: User | None) -> None:
    _answer(
        workflow,
        by,
        kind="guidance.page_sent_back",
        subject=_("Your page needs changes"),
        what=_("The page that you sent for approval has come back to you with a comment."),
    )


def _answer(
    workflow: WorkflowState, by: User | None, *, kind: str, subject: str, what: str
) -> None:
    editor: User | None = workflow.requested_by
    if editor is None or editor == by:
        return
    task = workflow.current_task_state_id  # a page may go to and fro more than once
    post.send(
        editor,
        kind=kind,
        subject=subject,
        what=what,
        why=_("You sent the page for approval."),
        path=_edit_path(workflow.content_object),
        key=f"{kind}:{workflow.pk}:{task}",
    )


def _edit_path(page: Page) -> str:
    return reverse("wagtailadmin_pages:edit", args=[page.pk])
