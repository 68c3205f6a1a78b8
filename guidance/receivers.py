"""What the back office hears: sign-ins, roles that begin or end, pages that wait for a decision."""

from datetime import datetime
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.db.models.signals import post_save, pre_delete, pre_save
from django.dispatch import receiver
from wagtail.documents.models import AbstractDocument
from wagtail.models import (
    Comment,
    CommentReply,
    Page,
    ReferenceIndex,
    TaskState,
    WorkflowState,
)
from wagtail.signals import (
    page_published,
    page_unpublished,
    task_submitted,
    workflow_approved,
    workflow_rejected,
    workflow_submitted,
)
from wagtail.users.models import UserProfile

from accounts.models import User
from agencies.models import Contact, Membership
from agencies.signals import membership_confirmed, membership_ended
from agencies.terms import Role
from files.terms import FileState
from guidance import access, approval, editions, notices, reviews, scanning
from guidance.models import DatedPage
from guidance.readers import printing, texts, updates
from outbox.parts import in_parts
from outbox.signals import housekeeping


@receiver(user_logged_in, dispatch_uid="guidance_signed_in")
def follow_sign_in(user: User, **kwargs: Any) -> None:
    access.sync(user)


@receiver(membership_confirmed, dispatch_uid="guidance_role_began")
@receiver(membership_ended, dispatch_uid="guidance_role_ended")
def follow_role(membership: Membership, **kwargs: Any) -> None:
    if Role(membership.role) in access.GROUPS:
        access.sync(membership.person)


# Under the names that Wagtail gives its own mails, and before it does: so these take their place.
# Wagtail's would be sent while the editor waits, with the title of the page and a person's name.
@receiver(
    task_submitted,
    sender=TaskState,
    dispatch_uid="group_approval_task_submitted_email_notification",
)
def ask_approvers(instance: TaskState, user: User | None = None, **kwargs: Any) -> None:
    notices.page_waits(instance, by=user)


@receiver(
    workflow_submitted,
    sender=WorkflowState,
    dispatch_uid="workflow_state_submitted_email_notification",
)
def say_nothing_twice(**kwargs: Any) -> None:
    """The approvers have been told."""


@receiver(
    workflow_approved,
    sender=WorkflowState,
    dispatch_uid="workflow_state_approved_email_notification",
)
def tell_of_approval(instance: WorkflowState, user: User | None = None, **kwargs: Any) -> None:
    notices.page_approved(instance, by=user)


@receiver(
    workflow_rejected,
    sender=WorkflowState,
    dispatch_uid="workflow_state_rejected_email_notification",
)
def tell_of_changes(instance: WorkflowState, user: User | None = None, **kwargs: Any) -> None:
    notices.page_sent_back(instance, by=user)


@receiver(page_published, dispatch_uid="guidance_can_be_found")
@receiver(page_unpublished, dispatch_uid="guidance_cannot_be_found")
def let_it_be_found(instance: Page, **kwargs: Any) -> None:
    texts.refresh(instance)


@receiver(post_save, sender=Contact, dispatch_uid="guidance_print_new_number")
def print_new_number(**kwargs: Any) -> None:
    printing.forget_contacts()


@receiver(housekeeping, dispatch_uid="guidance_print")
@in_parts
def print_what_is_new(now: datetime, **kwargs: Any) -> None:
    printing.make_due(now)


@receiver(housekeeping, dispatch_uid="guidance_tell_subscribers")
def tell_subscribers(now: datetime, **kwargs: Any) -> None:
    updates.tell(now)


@receiver(post_save, dispatch_uid="guidance_file_waits")
def let_file_wait(sender: type[Any], instance: Any, **kwargs: Any) -> None:
    if issubclass(sender, AbstractDocument):
        scanning.expect(instance)


@receiver(post_save, sender=scanning.FileCheck, dispatch_uid="guidance_file_checked")
def print_what_may_be_had(instance: scanning.FileCheck, **kwargs: Any) -> None:
    if instance.state != FileState.PENDING:
        printing.forget_file(instance.pk)


@receiver(housekeeping, dispatch_uid="guidance_scan")
@in_parts
def check_files(now: datetime, **kwargs: Any) -> None:
    scanning.check_due(now)


# Wagtail would mail the words of comments; what people are told is ours to say.
@receiver(pre_save, sender=UserProfile, dispatch_uid="guidance_no_mail_of_comments")
def mail_no_comments(instance: UserProfile, **kwargs: Any) -> None:
    instance.updated_comments_notifications = False


@receiver(post_save, sender=Comment, dispatch_uid="guidance_comment")
def tell_of_comment(instance: Comment, created: bool, **kwargs: Any) -> None:
    if created:
        notices.comment(instance.page, key=f"{instance.pk}", by=instance.user)


@receiver(post_save, sender=CommentReply, dispatch_uid="guidance_comment_reply")
def tell_of_reply(instance: CommentReply, created: bool, **kwargs: Any) -> None:
    if created:
        key = f"{instance.comment_id}-{instance.pk}"
        notices.comment(instance.comment.page, key=key, by=instance.user)


# Wagtail's worker does the same a little later; who may have a picture is asked from now on.
@receiver(page_published, dispatch_uid="guidance_uses")
def note_what_it_uses(instance: Page, **kwargs: Any) -> None:
    with transaction.atomic():
        ReferenceIndex.create_or_update_for_object(instance.specific)


# The loader stores new pages without these signals, and notes their edition itself.
@receiver(page_published, dispatch_uid="guidance_published")
def note_edition(instance: Page, **kwargs: Any) -> None:
    if isinstance(instance, DatedPage):
        editions.publish([instance])


@receiver(page_unpublished, dispatch_uid="guidance_unpublished")
def note_taken_away(instance: Page, **kwargs: Any) -> None:
    page = instance.specific
    if isinstance(page, DatedPage):
        editions.take_away(page)
        printing.forget_whole()


@receiver(pre_delete, dispatch_uid="guidance_deleted")
def note_deleted(sender: type[Any], instance: Any, **kwargs: Any) -> None:
    if issubclass(sender, DatedPage) and instance.live:
        editions.take_away(instance)
        printing.forget_whole()


@receiver(housekeeping, dispatch_uid="guidance_schedule")
@in_parts
def keep_schedule(now: datetime, **kwargs: Any) -> None:
    approval.keep_schedule(now)


@receiver(housekeeping, dispatch_uid="guidance_reviews")
def remind_of_reviews(now: datetime, **kwargs: Any) -> None:
    reviews.remind(now)
