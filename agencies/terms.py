"""Who belongs where, and as what, in the words of safeguarding work.

Values are stored and stay; labels may be reworded. Codes in comments are those of the
data dictionary of the referral.
"""

from datetime import time

from django.db import models
from django.utils.translation import gettext_lazy as _

INVITATION_HOURS = 72
REVIEW_DAYS = 365  # after which somebody says again that a person still needs a role
NOT_OF_ITSELF = _("An agency is not part of itself.")
HAS_PARTS = _("Other agencies are part of this one, so it cannot be part of another.")
IS_A_PART = _("That agency is itself part of another. Choose the one at the top.")
DAY_STARTS, DAY_ENDS = time(9), time(17)  # "by 5pm"; each locality may say otherwise


class Scope(models.TextChoices):
    """Where a role holds."""

    AGENCY = "agency", _("One agency")
    LOCALITY = "locality", _("One locality")
    PORTAL = "portal", _("The whole portal")


class Role(models.TextChoices):
    PRACTITIONER = "practitioner", _("Practitioner")
    LEAD = "lead", _("Safeguarding lead")
    DEPUTY_LEAD = "deputy_lead", _("Deputy safeguarding lead")
    AGENCY_ADMIN = "agency_admin", _("Agency administrator")
    SENIOR_LEAD = "senior_lead", _("Senior accountable lead")

    PREVENT_LEAD = "prevent_lead", _("Prevent lead")
    PREVENT_DEPUTY = "prevent_deputy", _("Deputy Prevent lead")
    PREVENT_SENIOR = "prevent_senior", _("Senior lead for Prevent")
    FRONT_DOOR = "front_door", _("Children’s front door")
    ADULT_SAFEGUARDING = "adult_safeguarding", _("Adult safeguarding team")
    GATEWAY_OFFICER = "gateway_officer", _("Police gateway officer")
    GATEWAY_SUPERVISOR = "gateway_supervisor", _("Police gateway supervisor")
    CHANNEL_CHAIR = "channel_chair", _("Channel chair")
    CHANNEL_COORDINATOR = "channel_coordinator", _("Channel coordinator")
    PANEL_MEMBER = "panel_member", _("Channel panel member")

    MODERATOR = "moderator", _("Moderator")
    MODERATION_MANAGER = "moderation_manager", _("Moderation manager")
    BOARD_MEMBER = "board_member", _("Board member")
    GUIDANCE_EDITOR = "guidance_editor", _("Guidance editor")
    GUIDANCE_APPROVER = "guidance_approver", _("Guidance approver")
    PORTAL_ADMIN = "portal_admin", _("Portal administrator")
    PRIVACY_OFFICER = "privacy_officer", _("Privacy officer")

    @property
    def scope(self) -> Scope:
        if self in AGENCY_ROLES:
            return Scope.AGENCY
        return Scope.LOCALITY if self in LOCALITY_ROLES else Scope.PORTAL


AGENCY_ROLES = (
    Role.PRACTITIONER,
    Role.LEAD,
    Role.DEPUTY_LEAD,
    Role.AGENCY_ADMIN,
    Role.SENIOR_LEAD,
)
LOCALITY_ROLES = (
    Role.PREVENT_LEAD,
    Role.PREVENT_DEPUTY,
    Role.PREVENT_SENIOR,
    Role.FRONT_DOOR,
    Role.ADULT_SAFEGUARDING,
    Role.GATEWAY_OFFICER,
    Role.GATEWAY_SUPERVISOR,
    Role.CHANNEL_CHAIR,
    Role.CHANNEL_COORDINATOR,
    Role.PANEL_MEMBER,
)
PORTAL_ROLES = tuple(role for role in Role if role not in {*AGENCY_ROLES, *LOCALITY_ROLES})
ROLES_OF_SCOPE = {
    Scope.AGENCY: AGENCY_ROLES,
    Scope.LOCALITY: LOCALITY_ROLES,
    Scope.PORTAL: PORTAL_ROLES,
}

AGENCY_LEADS = (Role.LEAD, Role.DEPUTY_LEAD)  # in the order in which work comes to them
RULE_KEEPERS = (Role.PORTAL_ADMIN, Role.PRIVACY_OFFICER)  # how long things are kept
PREVENT = (Role.PREVENT_LEAD, Role.PREVENT_DEPUTY, Role.PREVENT_SENIOR)
POLICE = (Role.GATEWAY_OFFICER, Role.GATEWAY_SUPERVISOR)
PANEL = (Role.CHANNEL_CHAIR, Role.CHANNEL_COORDINATOR, Role.PANEL_MEMBER)
# Everyone but a practitioner, who can only ever read their own: to give roles or to change
# guidance is a way to other people's records too.
READS_OTHERS = tuple(role for role in Role if role != Role.PRACTITIONER)


class Nation(models.TextChoices):
    """Whose bank holidays count; the values are those of the ``holidays`` library."""

    ENGLAND = "ENG", _("England")
    WALES = "WLS", _("Wales")
    SCOTLAND = "SCT", _("Scotland")
    NORTHERN_IRELAND = "NIR", _("Northern Ireland")


class AgencyType(models.TextChoices):
    EDUCATION_SCHOOL = "education_school", _("School")
    EDUCATION_FE = "education_fe", _("Further education college")
    EDUCATION_HE = "education_he", _("University")
    EARLY_YEARS = "early_years", _("Early years")
    HEALTH = "health", _("Health")
    LOCAL_AUTHORITY = "local_authority", _("Local authority")
    POLICE = "police", _("Police")
    PROBATION = "probation", _("Probation, prison or youth justice")
    COMMUNITY = "community", _("Community or voluntary organisation")
    FAITH = "faith", _("Faith organisation")
    INDEPENDENT = "independent", _("Person who works alone")
    OTHER = "other", _("Other")


class Sector(models.TextChoices):
    """S5: where a referral comes from, for statistics (section 9.1)."""

    EDUCATION = "education", _("Education")
    POLICE = "police", _("Police")
    LOCAL_AUTHORITY = "local_authority", _("Local authority")
    HEALTH = "health", _("Health")
    HMPPS_YOUTH_JUSTICE = "hmpps_youth_justice", _("Prison, probation or youth justice")
    COMMUNITY = "community_voluntary_faith", _("Community, voluntary or faith organisation")
    FRIENDS_FAMILY = "friends_family", _("Friends or family")
    OTHER = "other", _("Other")


class LegalBasis(models.TextChoices):
    """C16: the agency's view of the basis on which it shares."""

    PUBLIC_TASK = "public_task", _("Public task")
    LEGAL_OBLIGATION = "legal_obligation", _("Legal obligation")
    VITAL_INTERESTS = "vital_interests", _("Vital interests")
    LEGITIMATE_INTERESTS = "legitimate_interests", _("Legitimate interests")
    OTHER = "other", _("Other")


DEFAULT_SECTOR = {
    AgencyType.EDUCATION_SCHOOL: Sector.EDUCATION,
    AgencyType.EDUCATION_FE: Sector.EDUCATION,
    AgencyType.EDUCATION_HE: Sector.EDUCATION,
    AgencyType.EARLY_YEARS: Sector.EDUCATION,
    AgencyType.HEALTH: Sector.HEALTH,
    AgencyType.LOCAL_AUTHORITY: Sector.LOCAL_AUTHORITY,
    AgencyType.POLICE: Sector.POLICE,
    AgencyType.PROBATION: Sector.HMPPS_YOUTH_JUSTICE,
    AgencyType.COMMUNITY: Sector.COMMUNITY,
    AgencyType.FAITH: Sector.COMMUNITY,
    AgencyType.INDEPENDENT: Sector.OTHER,
    AgencyType.OTHER: Sector.OTHER,
}
# Public bodies act on their public task; the others usually on legitimate interests. The
# safeguarding lead may choose another on each record.
DEFAULT_BASIS = {
    AgencyType.EDUCATION_SCHOOL: LegalBasis.PUBLIC_TASK,
    AgencyType.EDUCATION_FE: LegalBasis.PUBLIC_TASK,
    AgencyType.EDUCATION_HE: LegalBasis.PUBLIC_TASK,
    AgencyType.EARLY_YEARS: LegalBasis.LEGITIMATE_INTERESTS,
    AgencyType.HEALTH: LegalBasis.PUBLIC_TASK,
    AgencyType.LOCAL_AUTHORITY: LegalBasis.PUBLIC_TASK,
    AgencyType.POLICE: LegalBasis.PUBLIC_TASK,
    AgencyType.PROBATION: LegalBasis.PUBLIC_TASK,
    AgencyType.COMMUNITY: LegalBasis.LEGITIMATE_INTERESTS,
    AgencyType.FAITH: LegalBasis.LEGITIMATE_INTERESTS,
    AgencyType.INDEPENDENT: LegalBasis.LEGITIMATE_INTERESTS,
    AgencyType.OTHER: LegalBasis.LEGITIMATE_INTERESTS,
}


class RouteKind(models.TextChoices):
    """S8: whom a referral of a locality goes to, or who gives advice on it."""

    POLICE = "police", _("Police Prevent team")
    PREVENT_LEAD = "prevent_lead", _("Local authority Prevent lead")
    FRONT_DOOR = "front_door", _("Children’s front door")
    ADULT_SAFEGUARDING = "adult_safeguarding", _("Adult safeguarding")
    ADVICE_LINE = "advice_line", _("Advice line")


# Whose queue a route fills: those on duty first, then those who stand in for them.
ROUTE_LEADS: dict[RouteKind, tuple[Role, ...]] = {
    RouteKind.POLICE: (Role.GATEWAY_OFFICER,),
    RouteKind.PREVENT_LEAD: (Role.PREVENT_LEAD,),
    RouteKind.FRONT_DOOR: (Role.FRONT_DOOR,),
    RouteKind.ADULT_SAFEGUARDING: (Role.ADULT_SAFEGUARDING,),
    RouteKind.ADVICE_LINE: (),
}
ROUTE_DEPUTIES: dict[RouteKind, tuple[Role, ...]] = {
    RouteKind.POLICE: (Role.GATEWAY_SUPERVISOR,),
    RouteKind.PREVENT_LEAD: (Role.PREVENT_DEPUTY,),
    RouteKind.FRONT_DOOR: (),  # a team: a second person of it stands in
    RouteKind.ADULT_SAFEGUARDING: (),
    RouteKind.ADVICE_LINE: (),
}


class ContactPurpose(models.TextChoices):
    WORRIED_CHILD = "worried_child", _("Worried about a child")
    WORRIED_ADULT = "worried_adult", _("Worried about an adult")
    PREVENT_ADVICE = "prevent_advice", _("Advice about radicalisation")
    POLICE = "police", _("Police")
    PUBLIC_HELP = "public_help", _("For members of the public")
    PORTAL_HELP = "portal_help", _("Help with the portal")
    CONTROLLER = "controller", _("Who answers for personal data")


class Kept(models.TextChoices):
    """What the portal keeps, each with a time of its own (section 12)."""

    AGENCY_CLOSED = "agency_closed", _("Concern closed by the agency")
    OTHER_ROUTE = "other_route", _("Concern sent another way")
    WITHDRAWN = "withdrawn", _("Referral withdrawn, or taken on elsewhere")
    NO_CONCERN = "no_concern", _("Closed at the gateway: no concern")
    OTHER_SERVICES = "other_services", _("Closed at the gateway: other services")
    NOT_ADOPTED = "not_adopted", _("Not adopted by the panel")
    ADOPTED = "adopted", _("Adopted by the panel")
    POLICE_LED = "police_led", _("Led by the police")
    ACCESS_LOG = "access_log", _("Access log, after the case is gone")
    SELF_ASSESSMENT = "self_assessment", _("Self-assessment")


# What the form begins with, in months: for adults, and for children where it is shorter. The
# partnership decides; until two people have signed a rule there is none.
SUGGESTED_MONTHS: dict[Kept, tuple[int, int | None]] = {
    Kept.AGENCY_CLOSED: (12, 6),
    Kept.OTHER_ROUTE: (12, 6),
    Kept.WITHDRAWN: (12, 6),
    Kept.NO_CONCERN: (12, 6),
    Kept.OTHER_SERVICES: (24, None),
    Kept.NOT_ADOPTED: (36, None),
    Kept.ADOPTED: (72, None),
    Kept.POLICE_LED: (12, None),
    Kept.ACCESS_LOG: (12, None),
    Kept.SELF_ASSESSMENT: (72, None),
}


# Addresses that anyone can have say nothing about where a person works.
PUBLIC_MAIL_DOMAINS = frozenset(
    {
        "aol.com",
        "aol.co.uk",
        "blueyonder.co.uk",
        "btinternet.com",
        "btopenworld.com",
        "duck.com",
        "fastmail.com",
        "gmail.com",
        "gmx.co.uk",
        "gmx.com",
        "googlemail.com",
        "hey.com",
        "hotmail.co.uk",
        "hotmail.com",
        "icloud.com",
        "live.co.uk",
        "live.com",
        "mac.com",
        "mail.com",
        "me.com",
        "msn.com",
        "ntlworld.com",
        "outlook.com",
        "outlook.co.uk",
        "pm.me",
        "proton.me",
        "protonmail.com",
        "sky.com",
        "talktalk.net",
        "tiscali.co.uk",
        "tutanota.com",
        "virginmedia.com",
        "yahoo.co.uk",
        "yahoo.com",
        "ymail.com",
        "zoho.com",
    }
)
