"""A trust and its schools: shown, changed by one door, and a right to nothing."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from agencies import importing, policy, receivers, sheets, workflow
from agencies.models import Agency
from agencies.terms import (
    AGENCY_ROLES,
    HAS_PARTS,
    IS_A_PART,
    NOT_OF_ITSELF,
    AgencyType,
)
from audit.models import AuditEvent
from referrals.models import Referral
from referrals.terms import Status
from selfassessment.models import Assessment
from tests.entry import enter
from tests.factories import AgencyFactory, LocalityFactory, MembershipFactory
from tests.referrals import cases
from tests.selfassessment.forms import form_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def trust(locality):
    return AgencyFactory(name="Fell Learning Trust")


def take(rows, by):
    return importing.carry_out(look(rows, by), by=by)


def look(rows, by):
    return importing.plan(sheets.read(rows.encode(), most_rows=9), by=by)


# --- One level --------------------------------------------------------------------------------
def test_a_part_has_no_parts_and_nothing_is_part_of_itself(school, trust, portal_admin):
    change, by = workflow.change_agency, portal_admin
    group = AgencyFactory(name="Northern Group")
    change(school, parent=trust, domains=[], by=by)
    assert AuditEvent.objects.get(kind="agency.changed").detail["fields"] == ["parent"]
    for agency, parent, why in (
        (trust, trust, NOT_OF_ITSELF),
        (trust, school, HAS_PARTS),
        (trust, group, HAS_PARTS),
        (group, school, IS_A_PART),
    ):
        with pytest.raises(workflow.RefusedError, match=str(why)):
            change(agency, parent=parent, domains=[], by=by)
        stored = Agency.objects.get(pk=agency.pk)
        stored.parent = Agency.objects.get(pk=parent.pk)
        with pytest.raises(ValidationError) as refused:
            stored.full_clean()
        assert refused.value.message_dict == {"parent": [str(why)]}
    with pytest.raises(workflow.RefusedError, match=str(IS_A_PART)):
        workflow.add_agency("New", school.locality, kind="school", domains=[], parent=school, by=by)
    assert list(trust.children.all()) == [school]
    change(school, parent=None, domains=[], by=by)
    assert not trust.children.exists()
    with pytest.raises(IntegrityError, match="agency_is_not_part_of_itself"):
        Agency.objects.filter(pk=trust.pk).update(parent=trust)


# --- The back office --------------------------------------------------------------------------
def test_the_back_office_changes_it_and_says_why_not_beside_the_field(school, trust, portal_admin):
    browser = enter(portal_admin)
    base = "/cms/snippets/agencies/agency/edit"
    said = {"kind": AgencyType.EDUCATION_SCHOOL, "locality": school.locality_id}
    said |= {"is_active": "on", "mail_domains": "fellgate.example.org"}
    sent = said | {"name": school.name, "parent": trust.pk}
    assert browser.post(f"{base}/{school.pk}/", sent).status_code == 302
    school.refresh_from_db()
    assert school.parent == trust
    assert "parent" in AuditEvent.objects.get(kind="agency.changed").detail["fields"]
    for parent, why in ((trust, NOT_OF_ITSELF), (school, HAS_PARTS)):
        page = browser.post(f"{base}/{trust.pk}/", said | {"name": "T", "parent": parent.pk})
        assert page.status_code == 200
        assert page.context["form"].errors == {"parent": [str(why)]}
        assert str(why) in page.content.decode()
    assert "It gives nobody a right" in page.content.decode()


# --- The file ---------------------------------------------------------------------------------
HEADS = "agency,kind,locality,part of\n"


def test_a_file_names_the_trust_that_is_there_or_stands_above(school, portal_admin):
    rows = HEADS + (
        "Fell Learning Trust,School,NY,\n"
        "Fellgate High School,School,NY,fell learning trust\n"
        "Birch Lane School,School,YK,Fell Learning Trust\n"
    )
    LocalityFactory(code="YK", name="York")
    assert take(rows, portal_admin) == 3
    trust = Agency.objects.get(name="Fell Learning Trust")
    assert [each.name for each in trust.children.all()] == ["Birch Lane School", school.name]
    assert not look(rows, portal_admin).changes
    page = enter(portal_admin).get("/agency/import/agencies.csv")
    assert "parent" in page.content.decode().strip().split(",")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("Birch Lane School,School,NY,Nowhere Trust", "no such agency in the portal"),
        ("Birch Lane School,School,NY,birch lane school", NOT_OF_ITSELF),
        ("Birch Lane School,School,NY,Fellgate High School", IS_A_PART),
        ("Fell Learning Trust,School,NY,Fellgate High School", HAS_PARTS),
        ("Birch Lane School,School,SC,Twin Trust", "Several agencies have this name"),
    ],
)
def test_a_row_of_an_unknown_or_impossible_parent_is_named(school, trust, portal_admin, row, said):
    for code in ("YK", "SC"):
        LocalityFactory(code=code, name=code)
    for locality in (school.locality, LocalityFactory(code="YK")):
        AgencyFactory(name="Twin Trust", locality=locality)
    Agency.objects.filter(pk=school.pk).update(parent=trust)
    faults = look(HEADS + row, portal_admin).faults
    assert [(each.row, each.column) for each in faults] == [(2, "parent")]
    assert str(said) in faults[0].what


# --- What it shows, and what it does not give -------------------------------------------------
@pytest.mark.parametrize("school_is_the_part", [True, False])
def test_the_pages_name_the_other_and_open_nothing_of_it(school_is_the_part):
    cast = cases.make_cast()
    ours, theirs = cast.agency, Agency.objects.get(memberships__person=cast.outsider)
    concern, form = cases.walk_to(cast, Status.AGENCY_CHECK), form_of(ours)
    part, whole = (ours, theirs) if school_is_the_part else (theirs, ours)
    workflow.change_agency(part, parent=whole, domains=[], by=cast.portal_admin)
    kept = [f"/agency/{ours.pk}/", f"/agency/{ours.pk}/invite/", f"/agency/{ours.pk}/contact/"]
    kept += [f"/referrals/{concern.key}/", f"/self-assessment/{form.key}/"]
    for role in AGENCY_ROLES:
        person = MembershipFactory(role=role, agency=theirs).person
        browser = enter(person)
        assert [browser.get(each).status_code for each in kept] == [404] * len(kept), role
        assert not policy.can_see_people(person, ours)
        assert not Referral.objects.visible_to(person).exists()
        assert not Assessment.objects.visible_to(person).exists()
        assert str(ours.pk) not in receivers.log_of_agency(None, person)
    said = {ours: f"Part of {theirs}.", theirs: f"Its agencies: {ours}."}
    if not school_is_the_part:
        said = {ours: f"Its agencies: {theirs}.", theirs: f"Part of {ours}."}
    for lead, own in ((cast.lead, ours), (cast.outsider_lead, theirs)):
        assert said[own] in enter(lead).get(f"/agency/{own.pk}/").content.decode()
    browser = enter(cast.lead)  # the addresses are right: its own lead opens them
    assert all(browser.get(each).status_code < 400 for each in kept[:1] + kept[3:])
