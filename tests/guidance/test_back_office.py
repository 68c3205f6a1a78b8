import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from agencies.models import Agency, Contact, Locality, Membership, Route
from agencies.terms import AgencyType, ContactPurpose, Role, RouteKind
from audit.models import AuditEvent
from guidance import access
from guidance.models import GuidancePage
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


def test_approval_is_told_through_the_outbox_and_without_words(site, give, mailoutbox):
    page = GuidancePage.objects.get(slug="what-to-do")
    editor, approver = give(Role.GUIDANCE_EDITOR).person, give(Role.GUIDANCE_APPROVER).person
    access.sync(approver)
    page.summary = "Changed"
    page.save_revision(user=editor)
    state = page.get_workflow().start(page, editor)
    (asked,) = Message.objects.filter(to_person=approver)
    assert asked.kind == "guidance.page_waits"
    assert page.title not in asked.body
    assert editor.name not in asked.body
    state.current_task_state.reject(user=approver)
    state.refresh_from_db()
    state.resume(user=editor)
    state.current_task_state.approve(user=approver)
    told = Message.objects.filter(to_person=editor).order_by("created_at")
    assert [each.kind for each in told] == ["guidance.page_sent_back", "guidance.page_approved"]
    assert Message.objects.filter(to_person=approver).count() == 2
    assert not mailoutbox


def test_the_name_and_sign_in_of_a_person_are_kept_elsewhere(admin):
    assert admin.get("/cms/account/")["Location"] == reverse("account_home")
