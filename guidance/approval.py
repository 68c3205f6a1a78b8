"""Two people agree a change before readers see it, and each says why."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.forms import TaskStateCommentForm
from wagtail.models import AbstractGroupApprovalTask, Page, Revision, TaskState, WorkflowState

from accounts.models import User
from outbox.parts import alone


class ReasonForm(TaskStateCommentForm):
    """Why a change is agreed or sent back; its editor reads it."""

    comment = forms.CharField(
        label=_("Your reason"),
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": _("Say why, so that the editor and later readers know.")},
    )


class ApprovalStep(AbstractGroupApprovalTask):
    """One of the steps. Nobody takes one for their own words, and nobody takes two.

    Their own are all that they wrote since readers last got a change.
    """

    class Meta:
        verbose_name = _("approval step")

    @classmethod
    def get_description(cls) -> str:
        return str(_("Somebody of the groups, who has neither written nor agreed it, says why"))

    def get_actions(self, obj: Page, user: User) -> list[tuple[str, Any, bool]]:
        state = obj.current_workflow_state
        if state is None or not self.may_decide(state, user):
            return []
        return [("reject", _("Send back"), True), ("approve", _("Agree"), True)]

    def get_form_for_action(self, action: str) -> type[ReasonForm]:
        return ReasonForm

    def may_decide(self, state: WorkflowState, user: User) -> bool:
        """Whether this person may take this step for this page."""
        if not self._user_in_groups(user) or state.requested_by_id == user.pk:
            return False
        wrote = unpublished_revisions_of(state.content_object).filter(user=user).exists()
        agreed = TaskState.objects.filter(
            workflow_state=state, status=TaskState.STATUS_APPROVED, finished_by=user
        )
        return not wrote and not agreed.exists()

    def on_action(self, task_state: TaskState, user: User, action_name: str, **kwargs: Any) -> None:
        if not kwargs.get("comment", "").strip():
            raise PermissionDenied  # the form asks for it; nothing else leads here
        if not self.may_decide(task_state.workflow_state, user):
            raise PermissionDenied  # they have just changed it themselves
        super().on_action(task_state, user, action_name, **kwargs)


def unpublished_revisions_of(page: Page) -> models.QuerySet[Revision]:
    """What was written since readers last got a change."""
    page = Page.objects.select_related("live_revision").get(pk=page.pk)
    written: models.QuerySet[Revision] = Revision.page_revisions.filter(object_id=str(page.pk))
    live = page.live_revision
    return written if live is None else written.filter(created_at__gt=live.created_at)


def keep_schedule(now: datetime) -> None:
    """Publish what was agreed for a moment that has come, and take away what has run out."""
    due = Revision.objects.filter(approved_go_live_at__lte=now).order_by("approved_go_live_at")
    for revision in due:
        with alone(f"Publishing of revision {revision.pk}"):
            revision.publish(log_action="wagtail.publish.scheduled")
    for page in Page.objects.live().filter(expire_at__lte=now).order_by("expire_at"):
        with alone(f"End of page {page.pk}"):
            page.unpublish(set_expired=True, log_action="wagtail.unpublish.scheduled")
