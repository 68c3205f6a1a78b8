from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Revision

from accounts.models import User
from agencies.models import Agency, Contact, Locality, Membership, Route
from agencies.terms import AgencyType, ContactPurpose, Role, RouteKind
from audit.models import AuditEvent
from guidance import access, approval
from guidance.models import GuidancePage, PageEdition
from outbox.models import Message
from tests.guidance.conftest import signed_in

pytestmark = pytest.mark.django_db
OFFICE = [Role.GUIDANCE_EDITOR, Role.GUIDANCE_APPROVER, Role.PORTAL_ADMIN]
SIGN_IN_PAGES = ["login/", "password_reset/", "password_reset/confirm/MQ/abc-123/"]


@pytest.mark.parametrize("page", SIGN_IN_PAGES)
def test_the_back_office_has_no_sign_in_page_of_its_own(client, page):
    answer = client.get(f"/cms/{page}")
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


def test_a_visitor_is_sent_to_sign_in(client):
    answer = client.get("/cms/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("role", OFFICE)
def test_those_who_work_there_come_in(give, role):
    browser = signed_in(give(role).person)
    assert browser.get("/cms/").status_code == 200


@pytest.mark.parametrize("role", OFFICE)
def test_one_factor_is_not_enough(give, role):
    answer = signed_in(give(role).person, second_factor=False).get("/cms/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("mfa_activate_totp"))


@pytest.mark.parametrize("role", [r for r in Role if r.scope == "portal" and r not in OFFICE])
def test_no_other_role_comes_in(give, role):
    assert signed_in(give(role).person).get("/cms/").status_code == 403


def test_not_even_a_superuser_without_a_role():
    root = User.objects.create_superuser("root@example.org", name="Root")
    assert signed_in(root).get("/cms/").status_code == 403


def test_losing_the_role_acts_on_the_next_request(give):
    membership = give(Role.GUIDANCE_EDITOR)
    browser = signed_in(membership.person)
    assert browser.get("/cms/").status_code == 200
    Membership.objects.filter(pk=membership.pk).update(ends_on=timezone.localdate())
    assert browser.get("/cms/").status_code == 403


def test_groups_follow_the_roles(give):
    person = give(Role.GUIDANCE_EDITOR).person
    assert access.sync(person)
    assert person.is_staff
    assert [group.name for group in person.groups.all()] == ["Guidance editors"]
    give(Role.PORTAL_ADMIN, person)
    Membership.objects.filter(role=Role.GUIDANCE_EDITOR).update(ends_on=timezone.localdate())
    assert access.sync(person)
    assert [group.name for group in person.groups.all()] == ["Portal administrators"]
    Membership.objects.filter(person=person).update(ends_on=timezone.localdate())
    assert not access.sync(person)
    assert not person.is_staff
    assert not person.groups.exists()


def test_an_editor_writes_and_an_approver_publishes(site, give):
    page = GuidancePage.objects.get(slug="what-to-do")
    editor, approver = give(Role.GUIDANCE_EDITOR).person, give(Role.GUIDANCE_APPROVER).person
    admin = give(Role.PORTAL_ADMIN).person
    for person in (editor, approver, admin):
        access.sync(person)
    assert page.permissions_for_user(editor).can_edit()
    assert not page.permissions_for_user(editor).can_publish()
    assert page.permissions_for_user(approver).can_publish()
    assert not page.permissions_for_user(admin).can_edit()
    assert signed_in(editor).get(f"/cms/pages/{page.pk}/edit/").status_code == 200
    assert page.get_workflow().name == access.APPROVAL


def agency_fields(**changed: object) -> dict[str, object]:
    return {
        "name": "Fellgate High School",
        "kind": AgencyType.EDUCATION_SCHOOL,
        "mail_domains": "Fellgate.example.org\n@sixth.fellgate.example.org",
        "is_active": "on",
        **changed,
    }


@pytest.fixture
def admin(give):
    return signed_in(give(Role.PORTAL_ADMIN).person)


def test_an_agency_is_added_with_its_domains_and_logged(admin, locality):
    answer = admin.post("/cms/snippets/agencies/agency/add/", agency_fields(locality=locality.pk))
    assert answer.status_code == 302
    agency = Agency.objects.get(name="Fellgate High School")
    assert {each.domain for each in agency.domains.all()} == {
        "fellgate.example.org",
        "sixth.fellgate.example.org",
    }
    event = AuditEvent.objects.get(kind="agency.added")
    assert event.subject_id == str(agency.pk)
    assert "mail_domains" in event.detail["fields"]
    assert "Fellgate" not in str(event.detail)


def test_a_change_names_the_fields_and_an_unchanged_save_says_nothing(admin, locality):
    agency = Agency.objects.create(
        name="Fellgate High School", kind=AgencyType.EDUCATION_SCHOOL, locality=locality
    )
    agency.domains.create(domain="old.example.org")
    address = f"/cms/snippets/agencies/agency/edit/{agency.pk}/"
    admin.post(address, agency_fields(locality=locality.pk, mail_domains="new.example.org"))
    assert [each.domain for each in agency.domains.all()] == ["new.example.org"]
    assert AuditEvent.objects.get(kind="agency.changed").detail["fields"] == ["mail_domains"]
    admin.post(address, agency_fields(locality=locality.pk, mail_domains="new.example.org"))
    assert AuditEvent.objects.filter(kind="agency.changed").count() == 1


@pytest.mark.parametrize("domain", ["gmail.com", "nodot", "two words@", "ex ample"])
def test_a_domain_that_is_nobodys_is_refused(admin, locality, domain):
    answer = admin.post(
        "/cms/snippets/agencies/agency/add/",
        agency_fields(locality=locality.pk, mail_domains=domain),
    )
    assert answer.status_code == 200
    assert not Agency.objects.exists()


@pytest.mark.parametrize("record", ["agency", "contact", "locality", "route"])
def test_lists_open_and_nothing_can_be_deleted(admin, locality, record):
    agency = Agency.objects.create(name="A", kind=AgencyType.OTHER, locality=locality)
    contact = Contact.objects.create(
        purpose=ContactPurpose.POLICE, name="B", phone="01632 960123", source="S", owner="O",
        checked_on=timezone.localdate(),
    )  # fmt: skip
    route = Route.objects.filter(locality=locality).first() or Route.objects.create(
        locality=locality, kind=RouteKind.POLICE, name="C"
    )
    found: Agency | Contact | Locality | Route = {
        "agency": agency, "contact": contact, "locality": locality, "route": route,
    }[record]  # fmt: skip
    base = f"/cms/snippets/agencies/{record}"
    assert admin.get(f"{base}/").status_code == 200
    assert admin.get(f"{base}/?q=a").status_code == 200
    assert admin.get(f"{base}/edit/{found.pk}/").status_code == 200
    assert admin.post(f"{base}/delete/{found.pk}/").status_code in {302, 403}
    assert type(found).objects.filter(pk=found.pk).exists()


def test_whoever_changes_a_contact_sees_which_pages_show_it(site, admin):
    contact = Contact.objects.create(
        purpose=ContactPurpose.WORRIED_CHILD, name="B", phone="01632 960123", source="S",
        owner="O", checked_on=timezone.localdate(),
    )  # fmt: skip
    page = admin.get(f"/cms/snippets/agencies/contact/edit/{contact.pk}/").content.decode()
    assert '<a href="/worried-about-a-child/">' in page
    assert '<a href="/guidance/local-arrangements/contacts/">' in page
    assert '<a href="/worried-about-an-adult/">' not in page
    assert admin.get("/cms/snippets/agencies/contact/add/").status_code == 200


def test_an_editor_cannot_change_places(give, locality):
    browser = signed_in(give(Role.GUIDANCE_EDITOR).person)
    answer = browser.get(f"/cms/snippets/agencies/locality/edit/{locality.pk}/")
    assert answer.status_code in {302, 403}


def test_memberships_are_not_changed_in_the_back_office(admin):
    assert admin.get("/cms/snippets/agencies/membership/").status_code == 404
    for page in ("users/", "groups/"):
        assert admin.get(f"/cms/{page}").status_code in {302, 403, 404}


def test_sign_out_is_the_portals(admin):
    answer = admin.post("/cms/logout/")
    assert answer.status_code == 307
    assert answer["Location"] == reverse("account_logout")


@pytest.fixture
def office(give):
    """Those who work on pages: who writes, who reads, two who agree."""
    roles = [Role.GUIDANCE_EDITOR] * 2 + [Role.GUIDANCE_APPROVER] * 2
    people = []
    for number, role in enumerate(roles):
        person = User.objects.create_user(f"office{number}@example.org", name=f"Person {number}")
        people.append(give(role, person).person)
        access.sync(person)
    return people


def sent_on(page, editor):
    page.summary = "Changed"
    page.save_revision(user=editor)
    return page.get_workflow().start(page, editor)


def decide(state, person, action, comment="It agrees with the law."):
    state.refresh_from_db()
    task = state.current_task_state
    task.task.specific.on_action(task, person, action, comment=comment)


def test_approval_is_told_through_the_outbox_and_without_words(site, office, mailoutbox):
    editor, reader, approver, other = office
    page = GuidancePage.objects.get(slug="what-to-do")
    state = sent_on(page, editor)
    asked = Message.objects.filter(kind="guidance.page_waits")
    assert {message.to_person for message in asked} == {reader, approver, other}
    assert not any(page.title in message.body or editor.name in message.body for message in asked)
    decide(state, reader, "reject")
    state.refresh_from_db()
    state.resume(user=editor)
    decide(state, reader, "approve")
    assert asked.filter(to_person=reader).count() == 2
    assert asked.filter(to_person=approver).count() == 3
    decide(state, approver, "approve")
    told = Message.objects.filter(to_person=editor).order_by("created_at")
    assert [each.kind for each in told] == ["guidance.page_sent_back", "guidance.page_approved"]
    assert GuidancePage.objects.get(pk=page.pk).summary == "Changed"
    assert not mailoutbox


def test_nobody_agrees_their_own_words_or_takes_two_steps(site, office):
    editor, reader, approver, other = office
    page = GuidancePage.objects.get(slug="what-to-do")
    state = sent_on(page, editor)
    with pytest.raises(PermissionDenied):
        decide(state, editor, "approve")
    decide(state, approver, "approve")
    with pytest.raises(PermissionDenied):
        decide(state, approver, "approve")  # took the first
    with pytest.raises(PermissionDenied):
        decide(state, reader, "approve")  # is no approver
    page.save_revision(user=other)
    page.save_revision(user=editor)
    with pytest.raises(PermissionDenied):
        decide(state, other, "approve")  # has changed it, though a colleague did so after
    assert GuidancePage.objects.get(pk=page.pk).summary != "Changed"


@pytest.mark.parametrize("action", ["approve", "reject"])
def test_a_decision_says_why(site, office, action):
    editor, reader, *_others = office
    state = sent_on(GuidancePage.objects.get(slug="what-to-do"), editor)
    with pytest.raises(PermissionDenied):
        decide(state, reader, action, comment="  ")
    task = state.current_task_state
    address = f"/cms/pages/workflow/action/{state.object_id}/{action}/{task.pk}/"
    browser = signed_in(reader)
    form = browser.get(address)
    assert "Your reason" in form.content.decode()
    script = {"x-requested-with": "XMLHttpRequest"}  # the form stands in a dialogue
    empty = browser.post(address, {"comment": ""}, headers=script)
    assert "Say why" in empty.content.decode()
    task.refresh_from_db()
    assert task.status == task.STATUS_IN_PROGRESS
    browser.post(address, {"comment": "Checked with the law."})
    task.refresh_from_db()
    assert task.status == (task.STATUS_APPROVED if action == "approve" else task.STATUS_REJECTED)
    assert task.comment == "Checked with the law."


def test_no_page_is_published_past_the_two_steps(site, office):
    approver = signed_in(office[2])
    page = GuidancePage.objects.get(slug="local-arrangements")
    before = page.live_revision
    edit = approver.get(f"/cms/pages/{page.pk}/edit/").content.decode()
    assert 'name="action-publish"' not in edit
    copy = {"new_title": "C", "new_slug": "c", "new_parent_page": page.get_parent().pk}
    approver.post(f"/cms/pages/{page.pk}/copy/", copy | {"publish_copies": "on"})
    assert not GuidancePage.objects.filter(slug="c").exists()
    draft = page.save_revision(user=office[0])
    approver.post(f"/cms/bulk/wagtailcore/page/publish/?id={page.pk}", {})
    page.refresh_from_db()
    assert page.live_revision == before != draft


def test_two_revisions_are_compared_and_an_earlier_one_comes_back(site, office):
    """Every kind of block, pictures too, by Wagtail's own screens."""
    editor = signed_in(office[0])
    page = GuidancePage.objects.get(slug="what-to-do")
    first = page.save_revision(user=office[0])
    page.summary = "Quite other words."
    del page.body[2]
    second = page.save_revision(user=office[0])
    args = [page.pk, first.pk, second.pk]
    compared = editor.get(reverse("wagtailadmin_pages:revisions_compare", args=args))
    assert compared.status_code == 200
    assert "Quite other" in compared.content.decode()
    back = reverse("wagtailadmin_pages:revisions_revert", args=[page.pk, first.pk])
    earlier = editor.get(back).content.decode()
    assert "You are viewing a previous version of this page" in earlier
    assert "Quite other words." not in earlier


def test_a_page_that_an_approver_locked_is_changed_by_nobody_else(site, office):
    editor, approver = signed_in(office[0]), signed_in(office[2])
    page = GuidancePage.objects.get(slug="what-to-do")
    approver.post(reverse("wagtailadmin_pages:lock", args=[page.pk]))
    page.refresh_from_db()
    assert page.locked_by == office[2]
    before = page.latest_revision_id
    edit = reverse("wagtailadmin_pages:edit", args=[page.pk])
    assert "locked" in editor.get(edit).content.decode()
    editor.post(edit, {"title": "Mine", "slug": page.slug, "body-count": "0", "sources-count": "0"})
    page.refresh_from_db()
    assert page.latest_revision_id == before


def test_the_old_single_step_gives_way_to_two(site):
    access.prepare_groups()
    workflow = GuidancePage.objects.get(slug="what-to-do").get_workflow()
    assert [task.name for task in workflow.tasks] == list(access.STEPS)
    access.prepare_groups()
    assert workflow.workflow_tasks.count() == 2


def test_what_is_agreed_for_a_later_moment_waits_for_it(site, office):
    editor, reader, approver, _other = office
    page = GuidancePage.objects.get(slug="what-to-do")
    now = timezone.now()
    page.go_live_at, page.expire_at = now + timedelta(days=1), now + timedelta(days=3)
    state = sent_on(page, editor)
    decide(state, reader, "approve")
    decide(state, approver, "approve")

    def shown() -> tuple[bool, bool]:
        read = GuidancePage.objects.get(pk=page.pk)
        return read.live, read.summary == "Changed"

    approval.keep_schedule(now)
    assert shown() == (True, False)
    waiting = Revision.objects.get(approved_go_live_at__isnull=False)
    waiting.approved_go_live_at = now - timedelta(minutes=1)  # its moment has come
    waiting.content["go_live_at"] = waiting.approved_go_live_at.isoformat()
    waiting.save()
    approval.keep_schedule(now)
    assert shown() == (True, True)
    approval.keep_schedule(now + timedelta(days=4))
    assert shown()[0] is False
    assert PageEdition.objects.filter(page=page.pk, what="Taken away.").count() == 1


def test_the_name_and_sign_in_of_a_person_are_kept_elsewhere(admin):
    assert admin.get("/cms/account/")["Location"] == reverse("account_home")
