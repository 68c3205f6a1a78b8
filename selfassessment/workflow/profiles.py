"""Which form an agency fills in, set by its leads or by the board's manager."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from agencies.models import Agency, Locality
from agencies.terms import AGENCY_LEADS, Role
from audit import events
from selfassessment import policy, results
from selfassessment.models import AlsoReports, Assessment, Profile
from selfassessment.moves import NotReady
from selfassessment.terms import Size, Status

STILL_CHANGED = (Status.NOT_STARTED, Status.IN_PROGRESS)


@dataclass(frozen=True)
class SetUp:
    """What the page asks about an agency."""

    form_type: str
    size: str
    sub_type: str = ""
    short_form: bool = False
    full_form_required: bool = False
    is_specified: bool = True


def may_set(user: User, agency: Agency) -> bool:
    """Its leads and administrators, and the board's manager."""
    held = Agency.objects.held_by(user, *AGENCY_LEADS, Role.AGENCY_ADMIN, Role.SENIOR_LEAD)
    return manages(user, agency) or held.filter(pk=agency.pk).exists()


def manages(user: User, agency: Agency) -> bool:
    """As the board's manager; nobody is that for an agency of their own (AC-11)."""
    own = Agency.objects.belonging_to(user).filter(pk=agency.pk)
    return policy.manages(user) and not own.exists()


@transaction.atomic
def set_profile(agency: Agency, setup: SetUp, *, by: User) -> Profile:
    """Store it, and let the forms that are open and not handed over follow.

    Raises:
        PermissionDenied: ``by`` has no say in it; only the manager asks for the full form.
        NotReady: the short form is for fewer than five people, and where the board allows it.
    """
    if not may_set(by, agency):
        raise PermissionDenied
    agency = Agency.objects.select_for_update().get(pk=agency.pk)
    profile = Profile.objects.filter(agency=agency).first() or Profile(agency=agency)
    required = profile.full_form_required
    if manages(by, agency):
        required = setup.full_form_required
    elif setup.full_form_required != required:
        raise PermissionDenied
    if setup.short_form and setup.size == Size.MANY:
        raise NotReady([_("The short form is for places with fewer than five people.")])
    if setup.short_form and required:
        raise NotReady([_("The board asks for the full form from this agency.")])
    profile.form_type = setup.form_type
    profile.sub_type = setup.sub_type
    profile.short_form = setup.short_form
    profile.full_form_required = required
    profile.is_specified = setup.is_specified
    profile.is_one_person = setup.size == Size.ONE
    profile.save()
    events.record(
        "assessment.profile_set",
        profile,
        by=by,
        agency=str(agency.pk),
        form_type=profile.form_type,
        short=profile.short_form,
    )
    _let_forms_follow(profile)
    return profile


def _let_forms_follow(profile: Profile) -> None:
    """Answers to what is no longer asked stay where they are, and count no more."""
    forms = Assessment.objects.select_for_update(of=("self",)).select_related("cycle")
    own = Q(status__in=STILL_CHANGED, answers_of=None)
    found = forms.filter(
        own, agency=profile.agency, cycle__opened_at__isnull=False, cycle__closed_at=None
    )
    for form in found:
        seconds = list(form.also_sent_as.select_for_update(of=("self",)))
        if any(each.status not in STILL_CHANGED for each in seconds):
            continue  # another board reads it as it is
        for each in (form, *seconds):
            each.form_type = profile.form_type
            each.short_form = profile.short_form
            each.is_specified = profile.is_specified
            each.is_one_person = profile.is_one_person
            each.save(update_fields=["form_type", "short_form", "is_specified", "is_one_person"])
        form.sections.all().delete()
        results.refresh(form)


@transaction.atomic
def set_boards(agency: Agency, boards: Iterable[Locality], *, by: User) -> None:
    """Which further boards an agency answers to; forms that are there stay.

    Raises:
        PermissionDenied: ``by`` does not manage the self-assessment of this agency.
    """
    if not manages(by, agency):
        raise PermissionDenied
    wanted = {each.pk for each in boards} - {agency.locality_id}
    AlsoReports.objects.filter(agency=agency).exclude(board__in=wanted).delete()
    AlsoReports.objects.bulk_create(
        [AlsoReports(agency=agency, board_id=pk) for pk in sorted(wanted)], ignore_conflicts=True
    )
    events.record(
        "assessment.profile_set",
        agency,
        by=by,
        agency=str(agency.pk),
        boards=sorted(str(pk) for pk in wanted),
    )


def size_of(profile: Profile) -> str:
    """How many people work there, as far as what is stored tells."""
    if profile.is_one_person:
        return Size.ONE
    return Size.FEW if profile.short_form else Size.MANY
