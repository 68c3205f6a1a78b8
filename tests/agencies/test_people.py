"""Who is who today."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from agencies import people
from agencies.models import (
    Absence,
    Agency,
    AgencyDomain,
    Contact,
    Locality,
    Membership,
    Route,
)
from agencies.terms import (
    DEFAULT_BASIS,
    DEFAULT_SECTOR,
    READS_OTHERS,
    ROUTE_DEPUTIES,
    ROUTE_LEADS,
    AgencyType,
    ContactPurpose,
    LegalBasis,
    Role,
    RouteKind,
    Scope,
    Sector,
)
from tests.factories import (
    AgencyFactory,
    LocalityFactory,
    MembershipFactory,
    RouteFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def days(n):
    return timezone.localdate() + datetime.timedelta(days=n)


def away(person, first=0, last=0):
    return Absence.objects.create(person=person, starts_on=days(first), ends_on=days(last))


def refused(act):
    with pytest.raises(IntegrityError), transaction.atomic():
        act()


# --- Words ------------------------------------------------------------------------------------
def test_every_role_has_one_scope_and_every_kind_of_agency_its_defaults():
    assert {role.scope for role in Role} == set(Scope)
    assert Role.PRIVACY_OFFICER.scope == Scope.PORTAL
    assert Role.CHANNEL_CHAIR.scope == Scope.LOCALITY
    assert set(DEFAULT_SECTOR) == set(DEFAULT_BASIS) == set(AgencyType)
    assert set(ROUTE_LEADS) == set(ROUTE_DEPUTIES) == set(RouteKind)
    assert set(Role) - set(READS_OTHERS) == {Role.PRACTITIONER}


def test_an_agency_refers_in_the_sector_of_its_kind_unless_it_says_another():
    school = AgencyFactory()
    assert school.referral_sector == Sector.EDUCATION
    assert school.legal_basis == LegalBasis.PUBLIC_TASK
    school.sector = Sector.HEALTH
    assert school.referral_sector == Sector.HEALTH


# --- Rules that the database keeps ------------------------------------------------------------
def test_a_role_needs_the_place_that_fits_it():
    person, agency, locality = UserFactory(), AgencyFactory(), LocalityFactory()
    make = Membership.objects.create
    refused(lambda: make(person=person, role=Role.LEAD))
    refused(lambda: make(person=person, role=Role.LEAD, locality=locality))
    refused(lambda: make(person=person, role=Role.LEAD, agency=agency, locality=locality))
    refused(lambda: make(person=person, role=Role.PREVENT_LEAD, agency=agency))
    refused(lambda: make(person=person, role=Role.PORTAL_ADMIN, locality=locality))
    refused(lambda: make(person=person, role="emperor"))


def test_a_role_is_held_once_in_a_place_at_a_time():
    lead = MembershipFactory(role=Role.LEAD)
    again = {"person": lead.person, "agency": lead.agency, "role": Role.LEAD}
    refused(lambda: Membership.objects.create(**again))
    lead.ends_on = timezone.localdate()
    lead.save()
    assert Membership.objects.create(**again).pk

    for role in (Role.PREVENT_LEAD, Role.PORTAL_ADMIN):
        held = MembershipFactory(role=role)
        same = {"person": held.person, "locality": held.locality, "role": role}
        refused(lambda same=same: Membership.objects.create(**same))


def test_nobody_confirms_themselves():
    held = MembershipFactory()
    held.confirmed_by = held.person
    refused(held.save)


def test_one_locality_takes_unknown_places():
    LocalityFactory()
    refused(lambda: Locality.objects.create(code="XX", name="Elsewhere", is_default=True))
    LocalityFactory(code="YK")
    assert Locality.objects.default().code == "NY"


def test_public_mail_domains_belong_to_no_agency():
    agency = AgencyFactory()
    refused(lambda: AgencyDomain.objects.create(agency=agency, domain="gmail.com"))
    with pytest.raises(ValidationError):
        AgencyDomain(agency=agency, domain="gmail.com").full_clean()
    with pytest.raises(ValidationError):
        AgencyDomain(agency=agency, domain="fellgate").full_clean()
    assert AgencyDomain.objects.create(agency=agency, domain="@Fellgate.Example.ORG").domain == (
        "fellgate.example.org"
    )


def test_days_end_after_they_start():
    refused(lambda: MembershipFactory(starts_on=days(0), ends_on=days(-1)))
    refused(lambda: away(UserFactory(), 0, -1))
    with pytest.raises(ValidationError):
        Membership(starts_on=days(0), ends_on=days(-1)).clean()
    refused(
        lambda: Locality.objects.create(
            code="XX", name="X", day_starts=datetime.time(17), day_ends=datetime.time(9)
        )
    )


def test_a_route_outside_the_portal_can_be_reached_some_way():
    with pytest.raises(ValidationError):
        Route(kind=RouteKind.FRONT_DOOR, name="Front door", in_portal=False).clean()
    with pytest.raises(ValidationError):
        Contact(name="Nobody answers").clean()


def test_rows_speak_for_themselves(school, lead):
    assert str(school) == "Fellgate High School"
    assert str(lead.memberships.get()) == "Ruth Adeyemi, Safeguarding lead, Fellgate High School"
    chief = MembershipFactory(person=UserFactory(name="Joanna Firth"), role=Role.PREVENT_LEAD)
    assert chief.role_in_words == "North Yorkshire Prevent lead"
    assert str(MembershipFactory(person=chief.person, role=Role.PORTAL_ADMIN)) == (
        "Joanna Firth, Portal administrator"
    )
    assert "Joanna Firth" in str(away(chief.person))
    assert str(RouteFactory(name="Prevent team")) == "Prevent team"
    assert str(Contact(name="Duty desk", purpose=ContactPurpose.POLICE)) == "Duty desk"


# --- Questions --------------------------------------------------------------------------------
def test_a_membership_holds_from_its_first_day_to_the_day_before_its_end():
    held = MembershipFactory(starts_on=days(-10), ends_on=days(5))
    active = Membership.objects.active
    assert not active(days(-11)).exists()
    assert active(days(-10)).get() == active(days(4)).get() == held
    assert not active(days(5)).exists()


def test_a_membership_that_waits_for_confirmation_gives_nothing(school):
    waiting = MembershipFactory(agency=school, role=Role.LEAD, pending=True)
    person = waiting.person
    assert people.roles_of(person) == []
    assert not people.has_role(person, Role.LEAD)
    assert not Agency.objects.led_by(person).exists()
    assert not Agency.objects.belonging_to(person).exists()
    assert people.agency_of(person) is None
    assert people.leads_of(school) == []
    assert people.pending_for(person) == [waiting]
    assert not people.must_join(person)


def test_roles_are_read_with_their_places_in_one_query(lead, django_assert_num_queries):
    MembershipFactory(person=lead, role=Role.PREVENT_LEAD)
    with django_assert_num_queries(1):
        held = people.roles_of(lead)
        assert {str(each.agency or each.locality) for each in held} == {
            "Fellgate High School",
            "North Yorkshire",
        }


def test_a_role_counts_where_it_is_held(lead, school):
    other = AgencyFactory()
    assert people.has_role(lead, Role.LEAD)
    assert people.has_role(lead, Role.LEAD, Role.AGENCY_ADMIN, agency=school)
    assert not people.has_role(lead, Role.LEAD, agency=other)
    assert not people.has_role(lead, Role.AGENCY_ADMIN)
    chief = MembershipFactory(role=Role.PREVENT_LEAD)
    assert people.has_role(chief.person, Role.PREVENT_LEAD, locality=chief.locality)
    assert not people.has_role(chief.person, Role.PREVENT_LEAD, locality=LocalityFactory(code="YK"))


def test_places_are_found_by_who_serves_them(lead, practitioner, admin, school):
    assert list(Agency.objects.led_by(lead)) == [school]
    assert not Agency.objects.led_by(practitioner).exists()
    assert not Agency.objects.led_by(admin).exists()
    assert list(Agency.objects.belonging_to(practitioner)) == [school]
    assert list(Agency.objects.administered_by(admin)) == [school]
    chief = MembershipFactory(role=Role.PREVENT_LEAD, locality=LocalityFactory(code="YK"))
    served = Locality.objects.served_by(chief.person, Role.PREVENT_LEAD, Role.PREVENT_DEPUTY)
    assert [each.code for each in served] == ["YK"]
    assert not Locality.objects.served_by(chief.person, Role.GATEWAY_OFFICER).exists()


def test_an_ended_role_serves_nothing(lead, school):
    lead.memberships.update(ends_on=timezone.localdate())
    assert not Agency.objects.led_by(lead).exists()
    assert people.roles_of(lead) == []


def test_leads_come_before_deputies(lead, deputy, school):
    assert people.leads_of(school) == [lead, deputy]


def test_the_lead_is_on_duty_unless_away_then_the_deputy(lead, deputy, school):
    assert people.on_duty(school) == [lead]
    away(lead)
    assert people.is_away(lead)
    assert people.on_duty(school) == [deputy]
    assert people.on_duty(school, on=days(1)) == [lead]


def test_work_has_an_owner_even_when_everybody_is_away(lead, deputy, school):
    away(lead)
    away(deputy)
    assert people.on_duty(school) == [lead, deputy]


def test_a_team_is_on_duty_together():
    locality = LocalityFactory()
    one, two = (MembershipFactory(role=Role.FRONT_DOOR, locality=locality) for _ in "ab")
    assert set(people.on_duty(locality, Role.FRONT_DOOR)) == {one.person, two.person}
    away(one.person)
    assert people.on_duty(locality, Role.FRONT_DOOR) == [two.person]
    assert people.on_duty(locality, Role.GATEWAY_OFFICER) == []


def test_who_can_no_longer_sign_in_is_given_no_work(lead, deputy, school):
    lead.is_active = False
    lead.save()
    assert people.leads_of(school) == [deputy]
    assert people.on_duty(school) == [deputy]


def test_who_holds_two_roles_is_named_once(lead, school):
    MembershipFactory(person=lead, agency=school, role=Role.DEPUTY_LEAD)
    assert people.leads_of(school) == [lead]


def test_on_duty_asks_the_database_twice(lead, deputy, school, django_assert_num_queries):
    with django_assert_num_queries(2):
        people.on_duty(school)


def test_a_person_writes_for_the_agency_they_joined_first(practitioner, school):
    MembershipFactory(person=practitioner)
    assert people.agency_of(practitioner) == school


def test_an_address_points_to_the_agencies_of_its_domain(school):
    AgencyFactory(domains=["elsewhere.example.org"])
    found = Agency.objects.of_domain
    assert list(found("hannah@FELLGATE.example.org")) == [school]
    assert not found("hannah@sub.fellgate.example.org").exists()
    assert not found("hannah@gmail.com").exists()
    school.is_active = False
    school.save()
    assert not found("hannah@fellgate.example.org").exists()


def test_colleagues_are_those_with_a_confirmed_place(lead, practitioner, school):
    MembershipFactory(agency=school, pending=True)
    assert set(people.colleagues(school)) == {lead, practitioner}
