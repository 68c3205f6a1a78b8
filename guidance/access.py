"""Who may work in the back office: those whose roles say so, at every request."""

from itertools import product

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q
from wagtail.models import (
    Collection,
    GroupCollectionPermission,
    GroupPagePermission,
    Page,
    Workflow,
    WorkflowPage,
    WorkflowTask,
)

from accounts.models import User
from agencies.models import Membership
from agencies.terms import Role
from guidance.approval import ApprovalStep

GROUPS = {
    Role.GUIDANCE_EDITOR: "Guidance editors",
    Role.GUIDANCE_APPROVER: "Guidance approvers",
    Role.PORTAL_ADMIN: "Portal administrators",
}
ON_PAGES = {
    Role.GUIDANCE_EDITOR: ["add", "change"],
    Role.GUIDANCE_APPROVER: ["add", "change", "publish", "lock", "unlock"],
    Role.PORTAL_ADMIN: [],
}
# Nothing here is deleted: an agency, route or contact is closed, so that history keeps its names.
ON_RECORDS = {
    Role.GUIDANCE_EDITOR: ["view_contact", "view_correction", "change_correction"],
    Role.GUIDANCE_APPROVER: [
        *(f"{act}_contact" for act in ("view", "add", "change")),
        *(f"{act}_correction" for act in ("view", "change")),
        *(f"{act}_urgentnotice" for act in ("view", "add", "change")),  # it ends by its time
    ],
    Role.PORTAL_ADMIN: [
        f"{act}_{record}"
        for act in ("view", "add", "change")
        for record in ("agency", "contact", "locality", "route", "clockrule")
    ]
    + ["view_terms", "add_terms"],  # a version is followed by another, never changed
}
# Of pictures and of files to download alike.
ON_PICTURES = {
    Role.GUIDANCE_EDITOR: ["add", "change", "choose"],
    Role.GUIDANCE_APPROVER: ["add", "change", "choose"],
    Role.PORTAL_ADMIN: [],
}
KEPT = [("wagtailimages", "image"), ("wagtaildocs", "document")]
APPROVAL = "Approval by a guidance approver"
STEPS = {
    "1. Read and checked": [Role.GUIDANCE_EDITOR, Role.GUIDANCE_APPROVER],
    "2. Agreed for publishing": [Role.GUIDANCE_APPROVER],
}


def sync(user: User) -> bool:
    """Let a person's groups follow their roles; whether they may enter the back office."""
    held = Membership.objects.active().filter(person=user, role__in=GROUPS)
    roles = (
        {Role(role) for role in held.values_list("role", flat=True)} if user.is_active else set()
    )
    wanted = {GROUPS[role] for role in roles}
    if wanted != set(user.groups.values_list("name", flat=True)):
        prepare_groups()
        user.groups.set(Group.objects.filter(name__in=wanted))
        for cache in ("_perm_cache", "_user_perm_cache", "_group_perm_cache"):
            user.__dict__.pop(cache, None)
    if user.is_staff != bool(wanted):
        user.is_staff = bool(wanted)
        user.save(update_fields=["is_staff"])
    return bool(wanted)


@transaction.atomic
def prepare_groups() -> None:
    """Make the groups and what they may do, and the approval that a page goes through."""
    root = Page.get_first_root_node()
    for role, name in GROUPS.items():
        group, _new = Group.objects.get_or_create(name=name)
        group.permissions.set(
            Permission.objects.filter(
                Q(content_type__app_label="wagtailadmin", codename="access_admin")
                | Q(
                    content_type__app_label__in=["accounts", "agencies", "guidance", "referrals"],
                    codename__in=ON_RECORDS[role],
                )
            )
        )
        for act in ON_PAGES[role]:
            permission = Permission.objects.get(
                content_type__app_label="wagtailcore", codename=f"{act}_page"
            )
            GroupPagePermission.objects.get_or_create(group=group, page=root, permission=permission)
        for act, (app, kind) in product(ON_PICTURES[role], KEPT):
            permission = Permission.objects.get(
                content_type__app_label=app, codename=f"{act}_{kind}"
            )
            GroupCollectionPermission.objects.get_or_create(
                group=group, collection=Collection.get_first_root_node(), permission=permission
            )
    _prepare_approval(root)


def _prepare_approval(root: Page) -> None:
    """Two steps: read by anyone who works on pages, then agreed by an approver."""
    workflow, _new = Workflow.objects.get_or_create(name=APPROVAL)
    WorkflowPage.objects.update_or_create(page=root, defaults={"workflow": workflow})
    for order, (name, roles) in enumerate(STEPS.items()):
        step, _new = ApprovalStep.objects.get_or_create(name=name)
        step.groups.set(Group.objects.filter(name__in=[GROUPS[role] for role in roles]))
        WorkflowTask.objects.update_or_create(
            workflow=workflow, task=step, defaults={"sort_order": order}
        )
    for gone in workflow.workflow_tasks.exclude(task__name__in=STEPS):
        gone.task.specific.deactivate()  # the one step of earlier editions of the portal
        gone.delete()
