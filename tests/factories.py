"""Builds the least that is true. Everybody here is invented."""

from typing import Any

import factory
from django.utils import timezone

from accounts.models import User
from agencies.models import Agency, AgencyDomain, Locality, Membership, Route
from agencies.terms import AgencyType, Role, RouteKind, Scope

LOCALITIES = {"NY": "North Yorkshire", "YK": "York"}


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    name = factory.Sequence(lambda n: f"Person Number{n}")
    email = factory.Sequence(lambda n: f"person{n}@people.example.org")
    job_title = "Teacher"

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        return User.objects.create_user(*args, **kwargs)


class LocalityFactory(factory.django.DjangoModelFactory):
    """North Yorkshire unless another code is given: ``LocalityFactory(code="YK")``."""

    class Meta:
        model = Locality
        django_get_or_create = ("code",)

    code = "NY"
    name = factory.LazyAttribute(lambda self: LOCALITIES.get(self.code, f"Locality {self.code}"))
    is_default = factory.LazyAttribute(lambda self: self.code == "NY")


class AgencyFactory(factory.django.DjangoModelFactory):
    """A school; ``domains=["fellgate.example.org"]`` gives it addresses."""

    class Meta:
        model = Agency
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"School Number{n}")
    kind = AgencyType.EDUCATION_SCHOOL
    locality = factory.SubFactory(LocalityFactory)

    @factory.post_generation
    def domains(self, create: bool, extracted: list[str] | None, **kwargs: Any) -> None:
        for domain in extracted or []:
            AgencyDomain.objects.create(agency=self, domain=domain)


class MembershipFactory(factory.django.DjangoModelFactory):
    """A confirmed practitioner of an agency; another ``role`` brings the place that fits it.

    ``pending=True`` leaves it unconfirmed.
    """

    class Meta:
        model = Membership

    class Params:
        pending = False

    person = factory.SubFactory(UserFactory)
    role = Role.PRACTITIONER
    agency = factory.Maybe(
        factory.LazyAttribute(lambda self: Role(self.role).scope == Scope.AGENCY),
        factory.SubFactory(AgencyFactory),
    )
    locality = factory.Maybe(
        factory.LazyAttribute(lambda self: Role(self.role).scope == Scope.LOCALITY),
        factory.SubFactory(LocalityFactory),
    )
    confirmed_at = factory.LazyAttribute(lambda self: None if self.pending else timezone.now())


class RouteFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Route
        django_get_or_create = ("locality", "kind", "sector")

    locality = factory.SubFactory(LocalityFactory)
    kind = RouteKind.PREVENT_LEAD
    sector = ""
    name = factory.LazyAttribute(lambda self: f"{RouteKind(self.kind).label}, {self.locality}")
    phone = "01632 960100"
    out_of_hours_name = "Duty officer"
    out_of_hours_phone = "01632 960101"
