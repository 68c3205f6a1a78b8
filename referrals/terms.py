"""The words of a concern and a referral: statuses, sections and every list of choices.

Values are stored and stay; labels are shown and may be reworded. The code beside a list is its
place in the record's dictionary (``N3``, ``C17``), so that a lead finds their own form here.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    DRAFT = "draft", _("Draft")
    AGENCY_CHECK = "agency_check", _("With the safeguarding lead")
    RETURNED = "returned", _("Back with the author")
    AGENCY_CLOSED = "agency_closed", _("No further concern")
    OTHER_ROUTE = "other_route", _("Another route")
    SUBMITTED = "submitted", _("Just arrived")
    TRIAGE = "triage", _("Triage")
    QUERY = "query", _("Waiting for the referrer")
    GATEWAY = "gateway", _("With specialist officers")
    INFO_GATHERING = "info_gathering", _("Information wanted")
    S36_PENDING = "s36_pending", _("Decision on panel")
    PANEL_LISTED = "panel_listed", _("Channel panel")
    PANEL_ADJOURNED = "panel_adjourned", _("Panel adjourned")
    CONSENT_PENDING = "consent_pending", _("Consent being asked")
    IN_SUPPORT = "in_support", _("In support")
    POST_EXIT = "post_exit", _("After support")
    POLICE_LED = "police_led", _("Police-led")
    INVESTIGATION_HOLD = "investigation_hold", _("Held for an investigation")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    TRANSFERRED = "transferred", _("Offered to another area")
    CLOSED = "closed", _("Closed")
    DISPOSED = "disposed", _("Disposed of")


IN_AGENCY = frozenset(
    {
        Status.AGENCY_CHECK,
        Status.RETURNED,
        Status.AGENCY_CLOSED,
        Status.OTHER_ROUTE,
    }
)
"""Known to the agency alone; a Prevent lead never sees these."""
SHARED = frozenset(set(Status) - IN_AGENCY - {Status.DRAFT, Status.DISPOSED})
"""Submitted once; everything after it."""
FROM_PANEL = frozenset(
    {
        Status.PANEL_LISTED,
        Status.PANEL_ADJOURNED,
        Status.CONSENT_PENDING,
        Status.IN_SUPPORT,
        Status.POST_EXIT,
    }
)
HIDDEN_FROM_MOST = frozenset({Status.POLICE_LED, Status.INVESTIGATION_HOLD})
"""To everyone below police and chair nothing changes: word, order, counts and clocks stay."""
BEFORE_CLOSED = frozenset(SHARED - {Status.CLOSED, Status.WITHDRAWN})
EDITABLE_BY_AUTHOR = frozenset({Status.DRAFT, Status.RETURNED})


class StatusWord(models.TextChoices):
    """The six plain phrases that a referrer reads (section 11 of the record)."""

    WITH_LEAD = "with_lead", _("With your safeguarding lead")
    RECEIVED = "received", _("Received")
    LOOKED_AT = "looked_at", _("Being looked at")
    OFFICERS = "officers", _("With specialist officers")
    CONSIDERED = "considered", _("Support being considered")
    OFFERED = "offered", _("Support being offered")
    CLOSED = "closed", _("Closed")


STATUS_WORD = {
    Status.AGENCY_CHECK: StatusWord.WITH_LEAD,
    Status.RETURNED: StatusWord.WITH_LEAD,
    Status.SUBMITTED: StatusWord.RECEIVED,
    Status.TRIAGE: StatusWord.LOOKED_AT,
    Status.QUERY: StatusWord.LOOKED_AT,
    Status.TRANSFERRED: StatusWord.LOOKED_AT,
    Status.GATEWAY: StatusWord.OFFICERS,
    Status.INFO_GATHERING: StatusWord.OFFICERS,
    Status.S36_PENDING: StatusWord.CONSIDERED,
    Status.PANEL_LISTED: StatusWord.CONSIDERED,
    Status.PANEL_ADJOURNED: StatusWord.CONSIDERED,
    Status.CONSENT_PENDING: StatusWord.OFFERED,
    Status.IN_SUPPORT: StatusWord.OFFERED,
    Status.POST_EXIT: StatusWord.OFFERED,
    Status.CLOSED: StatusWord.CLOSED,
    Status.WITHDRAWN: StatusWord.CLOSED,
    Status.AGENCY_CLOSED: StatusWord.CLOSED,
    Status.OTHER_ROUTE: StatusWord.CLOSED,
}


class Section(models.TextChoices):
    NOTICE = "notice", _("Notice")
    CHECK = "check", _("Check")
    SHARE = "share", _("Share")


class ReceivedBy(models.TextChoices):
    """How the concern reached the portal (a lead may type in a call or a paper form)."""

    PORTAL = "portal", _("Typed in by the person who noticed it")
    TELEPHONE = "telephone", _("Told by telephone")
    PAPER = "paper", _("Sent on paper")
    IN_PERSON = "in_person", _("Told in person")


class YesNo(models.TextChoices):
    YES = "yes", _("Yes")
    NO = "no", _("No")


class YesNoUnknown(models.TextChoices):
    YES = "yes", _("Yes")
    NO = "no", _("No")
    UNKNOWN = "not_known", _("I do not know")


class Place(models.TextChoices):  # N1
    NORTH_YORKSHIRE = "NY", _("North Yorkshire")
    YORK = "YK", _("York")
    OTHER = "other", _("Another area")
    NO_FIXED = "no_fixed", _("No fixed address")
    UNKNOWN = "not_known", _("Not known")


class CameToNotice(models.TextChoices):  # N3
    SAID = "said", _("Something they said")
    DID = "did", _("Something they did")
    ONLINE = "online", _("Something online")
    CONTACT = "contact", _("Contact with others")
    TOLD = "told", _("Somebody told me")
    CHANGE = "change", _("A change over time")
    EVENT = "event", _("One specific event")
    OTHER = "other", _("Something else")
    UNKNOWN = "not_known", _("Not known")


class Feature(models.TextChoices):  # N8
    INTEREST_TERROR = (
        "interest_terror",
        _("Concerning, sympathetic interest in terrorism, extremism or hate crime"),
    )
    INTEREST_MASS_VIOLENCE = (
        "interest_mass_violence",
        _(
            "Concerning interest in school attacks, mass killings, murders of public figures, "
            "or extreme violence for its own sake"
        ),
    )
    EXPRESSED_SUPPORT = (
        "expressed_support",
        _("Spoken or written support for a terrorist or violent extremist group, cause or act"),
    )
    CONTACTS = "contacts", _("Contact with people or groups that give cause for concern")
    ONLINE = "online", _("Worrying device, internet or social media use")
    MATERIAL = "material", _("Symbols, imagery, manuals or publications")
    THREAT_HARM = "threat_harm", _("Wish to cause physical harm, or a threat")
    WEAPONS = "weapons", _("Access to or interest in weapons or making devices")
    TRAVEL = "travel", _("Plans to travel to a conflict zone")
    RECRUITING = "recruiting", _("Trying to influence or recruit others")
    FAMILY_INFLUENCE = (
        "family_influence",
        _("Being influenced at home or by an adult in a position of trust"),
    )
    CHANGE = "change", _("Marked change in behaviour, friends, language or mood")
    GRIEVANCE = (
        "grievance",
        _("Strong grievance or conspiracy belief together with justification of violence"),
    )
    OTHER = "other", _("Something else")


STOP_FEATURES = frozenset({Feature.THREAT_HARM, Feature.WEAPONS, Feature.TRAVEL})
"""Ticking one of these shows the STOP page again."""


class OnlineHow(models.TextChoices):  # N9
    SHOWN = "shown", _("It was shown to me")
    PUBLIC = "public", _("It was a public post")
    MONITORING = "monitoring", _("School or work monitoring")
    PERSON = "person", _("Another person told me")
    SEARCHED = "searched", _("I searched for it")
    UNKNOWN = "not_known", _("Not known")


class Gender(models.TextChoices):  # P7
    MALE = "male", _("Male")
    FEMALE = "female", _("Female")
    ANOTHER = "another", _("Another description")
    UNKNOWN = "not_known", _("Not known, or prefers not to say")


class Immigration(models.TextChoices):  # P12
    CITIZEN = "citizen", _("British or Irish citizen")
    SETTLED = "settled", _("Settled, or has leave to remain")
    ASYLUM = "asylum", _("Seeking asylum")
    REFUGEE = "refugee", _("Refugee or protected")
    OTHER = "other", _("Something else")
    UNKNOWN = "not_known", _("Not known, or not recorded")


class EthnicGroup(models.TextChoices):  # P13
    ASIAN = "asian", _("Asian or Asian British")
    BLACK = "black", _("Black, Black British, Caribbean or African")
    MIXED = "mixed", _("Mixed or multiple ethnic groups")
    WHITE = "white", _("White")
    OTHER = "other", _("Other ethnic group")
    UNKNOWN = "not_known", _("Not known, or prefers not to say")


class HoldReason(models.TextChoices):  # section 8.1, rights_hold
    ERASURE = "erasure", _("The person asked for it to be erased or put right")
    COMPLAINT = "complaint", _("A complaint or a dispute")
    INQUIRY = "inquiry", _("An inquiry or a review")
    COURT = "court", _("A court case, or one that is expected")


class AgeBand(models.TextChoices):  # P6, section 9.3
    CHILD_10 = "0-10", _("10 and under")
    CHILD_15 = "11-15", _("11 to 15")
    CHILD_17 = "16-17", _("16 to 17")
    ADULT_20 = "18-20", _("18 to 20")
    ADULT_30 = "21-30", _("21 to 30")
    ADULT_40 = "31-40", _("31 to 40")
    ADULT_50 = "41-50", _("41 to 50")
    ADULT_51 = "51+", _("51 and over")
    UNKNOWN = "unknown", _("Not known")


CHILDREN = (AgeBand.CHILD_10, AgeBand.CHILD_15, AgeBand.CHILD_17)


class Need(models.TextChoices):  # W1
    VICTIM = "victim", _("Victim of crime, abuse or bullying")
    MONEY = "money", _("Work, money or housing")
    IMMIGRATION = "immigration", _("Worry about immigration")
    FAMILY = "family", _("Family, relationship or emotional difficulty")
    COURT = "court", _("Court proceedings")
    PROBATION = "probation", _("Probation or licence")
    RISKY = "risky", _("Risky, violent or self-harming behaviour")
    ALCOHOL_DRUGS = "alcohol_drugs", _("Alcohol or drugs")
    INJUSTICE = "injustice", _("Feelings of injustice or grievance")
    LEARNING = "learning", _("Education, learning or behaviour difficulty")
    MENTAL_HEALTH = "mental_health", _("Mental ill health")
    NEURODIVERGENCE = "neurodivergence", _("Neurodivergence")
    OTHER = "other", _("Something else")
    NONE = "none", _("None that I know of")
    UNKNOWN = "not_known", _("Not known")


class HealthKnown(models.TextChoices):  # W2
    NONE = "none", _("None known")
    STATED = "stated", _("The person or family says so")
    DIAGNOSED = "diagnosed", _("Diagnosed")
    SUSPECTED = "suspected", _("A worker thinks so")
    UNKNOWN = "not_known", _("Not known, or prefers not to say")


class Strength(models.TextChoices):  # W4
    ADULT = "adult", _("An adult they trust")
    FAMILY = "family", _("Family")
    SCHOOL_WORK = "school_work", _("School or work")
    COMMUNITY = "community", _("Faith or community")
    TREATMENT = "treatment", _("Treatment or care")
    HOBBIES = "hobbies", _("Hobbies or sport")
    TALKS = "talks", _("Is willing to talk")
    OTHER = "other", _("Something else")
    NONE = "none", _("None that I know of")
    UNKNOWN = "not_known", _("Not known")


class OtherConcern(models.TextChoices):  # W7
    NEGLECT = "neglect", _("Neglect")
    PHYSICAL = "physical", _("Physical abuse")
    SEXUAL = "sexual", _("Sexual abuse")
    EMOTIONAL = "emotional", _("Emotional abuse")
    EXPLOITATION = "exploitation", _("Exploitation")
    DOMESTIC = "domestic", _("Domestic abuse")
    ONLINE = "online", _("Harm online")
    SELF_NEGLECT = "self_neglect", _("Self-neglect")
    HATE_CRIME = "hate_crime", _("Hate crime")
    TRAFFICKING = "trafficking", _("Trafficking or modern slavery")
    NONE = "none", _("None that I know of")
    UNKNOWN = "not_known", _("Not known")


class AdviceFrom(models.TextChoices):  # C3
    PREVENT_LEAD = "prevent_lead", _("Local authority Prevent lead")
    POLICE = "police", _("Police Prevent team")
    FRONT_DOOR = "front_door", _("Children's front door")
    ADULT = "adult", _("Adult safeguarding")
    CALDICOTT = "caldicott", _("Caldicott guardian or data protection officer")
    CLINICAL = "clinical", _("Clinical or special needs advice")
    NONE = "none", _("Nobody")


class AdviceLine(models.TextChoices):
    """What came of the advice line, for someone who has no safeguarding lead (section 5)."""

    REACHED = "reached", _("Yes, I spoke to them")
    NOT_REACHED = "not_reached", _("I tried, and could not reach them")


class ClinicalView(models.TextChoices):  # C8
    YES = "yes", _("Yes")
    NOT_NEEDED = "not_needed", _("Not needed")
    URGENT = "urgent", _("Could not be had in time, and this is urgent")


class Told(models.TextChoices):  # C9, R4
    YES = "yes", _("Yes")
    RISK = "no_risk", _("No: it would raise the risk")
    POLICE = "no_police", _("No: police advice")
    NOT_YET = "no_not_yet", _("No: not yet")


class ParentTold(models.TextChoices):  # C11
    YES = "yes", _("Yes")
    RISK = "no_risk", _("No: it would raise the risk")
    POLICE = "no_police", _("No: police advice")
    NO_PARENT = "no_parent", _("There is no parent or carer")


class Decision(models.TextChoices):  # C17
    REFER = "a", _("Prevent referral")
    REFER_AND_ROUTE = "b", _("Prevent referral and another safeguarding route")
    OTHER_ROUTE = "c", _("Another safeguarding route only")
    NO_CONCERN = "d", _("No further concern")
    MORE = "e", _("I need to know more")
    DESPITE = "f", _("The practitioner refers, although the lead sees it otherwise")


REFERS = frozenset({Decision.REFER, Decision.REFER_AND_ROUTE, Decision.DESPITE})


class OtherRoute(models.TextChoices):  # R1
    FRONT_DOOR = "front_door", _("Children's services front door")
    EARLY_HELP = "early_help", _("Early help")
    ADULT = "adult", _("Adult safeguarding")
    CRISIS = "crisis", _("Mental health crisis")
    GP_CAMHS = "gp_camhs", _("GP or children's mental health service")
    HATE_CRIME = "hate_crime", _("Hate crime report")
    DOMESTIC = "domestic", _("Domestic abuse")
    EXPLOITATION = "exploitation", _("Exploitation team")
    ONLINE_HARM = "online_harm", _("Online harm report")
    PASTORAL = "pastoral", _("School pastoral support")
    EMPLOYER = "employer", _("Employer or human resources")
    TRUST = "trust", _("Position of trust process")
    DRUGS = "drugs", _("Drug and alcohol service")
    HOUSING = "housing", _("Housing")
    OTHER = "other", _("Another service")


class Ideology(models.TextChoices):  # S6, section 9.2
    ISLAMIST = "islamist", _("Islamist")
    EXTREME_RIGHT = "erw", _("Extreme right-wing")
    OTHER_CAUSE = (
        "lasit_other",
        _("Left-wing, anarchist, environmental, animal rights, separatist or another single issue"),
    )
    INCEL = "incel", _("Misogynist or incel")
    MIXED = "conflicted", _("Mixed, shifting or incoherent")
    MASS_VIOLENCE = "mass_violence", _("Fascination with extreme violence or mass attack")
    SUSCEPTIBLE = "vulnerable_no_ideology", _("Worry about susceptibility, no ideology seen")
    RISK = "risk_no_ideology", _("Worry about risk, no ideology seen")
    NONE = "none", _("None found after assessment")
    UNKNOWN = "not_known", _("Too early to say")


class Urgency(models.TextChoices):  # S7
    EMERGENCY = "emergency", _("Emergency: 999 has been called")
    SAME_DAY = "same_day", _("The same day")
    STANDARD = "standard", _("Standard")


class RecipientKind(models.TextChoices):  # S8
    POLICE = "police", _("Police Prevent team")
    PREVENT_LEAD = "prevent_lead", _("Local authority Prevent lead")
    FRONT_DOOR = "front_door", _("Children's front door")
    ADULT = "adult_safeguarding", _("Adult safeguarding")


class FormSent(models.TextChoices):  # S9
    YES = "yes", _("Yes, it has been sent")
    PORTAL = "portal", _("Done through this portal")
    BEING_DONE = "being_done", _("It is being done")


class Complete(models.TextChoices):  # T2
    YES = "yes", _("Yes")
    ASK = "ask", _("No, I will ask the referrer")


class Repeat(models.TextChoices):  # T3
    NONE = "none", _("None found here, and the national record was asked for")
    FOUND = "found", _("Yes, there are earlier records")


class NationalRecord(models.TextChoices):  # T3, of the gateway
    NONE = "none", _("No")
    FOUND = "found", _("Yes")
    UNKNOWN = "not_known", _("Not known: it could not be looked up")


class RepeatReview(models.TextChoices):  # T4
    NOT_NEEDED = "not_needed", _("Not needed")
    DONE = "done", _("Done by a second reviewer")


class RightLocality(models.TextChoices):  # T5
    MINE = "mine", _("Yes, it is ours")
    TRANSFER = "transfer", _("No, it belongs to another area")


class SafeguardingRoute(models.TextChoices):  # T6
    HAS_IT = "has_it", _("The front door has it")
    SENT_NOW = "sent_now", _("Sent now")
    NOT_NEEDED = "not_needed", _("Not needed")


class AssessmentTool(models.TextChoices):  # X4
    PAF = "paf", _("PAF")
    OTHER = "other", _("Another tool")


class GatewayOutcome(models.TextChoices):  # X5
    PROGRESS = "progress", _("Progress to information gathering")
    NO_CONCERN = "no_concern", _("Not Prevent: no concern")
    OTHER_SERVICES = "other_services", _("Not Prevent: other services")
    POLICE_LED = "police_led", _("Police-led")
    INVESTIGATION = "investigation", _("Passed to investigation")
    ASK = "ask", _("Not enough, ask the referrer")


class GatewayCategory(models.TextChoices):  # X6
    CLEAR = "clear", _("Clear")
    POSSIBLE = "possible", _("Possible")
    NOT_APPROPRIATE = "not_appropriate", _("Not appropriate")


class ClosureReason(models.TextChoices):  # X7
    MISGUIDED = "misguided", _("Misguided: context explains it")
    MISINFORMED = "misinformed", _("Misinformed: the facts were wrong")
    MALICIOUS = "malicious", _("Malicious")
    OTHER_NEED = "other_need", _("Another safeguarding need")
    MANAGED = "managed", _("Already managed elsewhere")
    OUTSIDE = "outside", _("Outside the area")
    OTHER = "other", _("Another reason")


class MessageKind(models.TextChoices):
    QUESTION = "question", _("Question to the author")  # agency_check -> returned
    REPLY = "reply", _("Answer to the lead")
    QUERY = "query", _("Question to the referrer")  # triage or gateway -> query
    ANSWER = "answer", _("Answer from the referrer")
    MESSAGE = "message", _("Message")
    FEEDBACK = "feedback", _("Feedback to the referrer")
    ADDITION = "addition", _("Added to the referral")
    DECISION = "decision", _("Decision and reasons")
    WITHDRAWAL = "withdrawal", _("Reasons for taking it back")
    TRANSFER = "transfer", _("Reason for the transfer")
    NOTE = "note", _("Note")


class NoteReaders(models.TextChoices):
    """Who reads a note; never the referrer, their agency, the front door or the panel."""

    TEAM = "team", _("The team: Prevent leads and the police of this area")
    SELF = "self", _("Only me")


class NamedBy(models.TextChoices):
    """By what a record names somebody who uses the portal (AC-08)."""

    EMAIL = "email", _("the same e-mail address")
    PHONE = "phone", _("the same telephone number")
    NAME = "name", _("the same name")


class ClockKind(models.TextChoices):
    """A promise with a due moment (section 8.2, and feedback from section 11)."""

    DRAFT = "draft", _("Send or delete the draft")
    CHECK = "check", _("Decide the check")
    AUTHOR_ANSWER = "author_answer", _("Answer the lead's questions")
    ROUTE_SENT = "route_sent", _("Send it to the other service")
    LOOK_AGAIN = "look_again", _("Look again")
    ACKNOWLEDGE = "acknowledge", _("Acknowledge")
    TRIAGE = "triage", _("Pass to police or ask for more")
    REFERRER_ANSWER = "referrer_answer", _("Answer from the referrer")
    ACCEPT_TRANSFER = "accept_transfer", _("Accept or decline the transfer")
    GATEWAY = "gateway", _("Gateway assessment")
    FEEDBACK = "feedback", _("Tell the referrer")
    PRACTICE = "practice", _("Tell the referrer about the quality of the referral")
    STAGE = "stage", _("Next step")
    OUT_OF_HOURS = "out_of_hours", _("Tell somebody by telephone")


class EscalationStep(models.TextChoices):
    AMBER = "amber", _("Reminder")
    RED = "red", _("Late")
    DEPUTY = "deputy", _("Deputy told")
    SENIOR = "senior", _("Senior lead told")


_LAWFUL = """
    muslim muslims islam islamic mosque quran koran ramadan prayer prayers praying imam hijab niqab
    burka burqa headscarf beard turban keffiyeh jewish judaism synagogue kippah sikh sikhs hindu
    hindus buddhist christian christians church bible catholic polish romanian ukrainian russian
    irish pakistani bangladeshi afghan syrian iraqi iranian somali palestinian israeli kurdish
    turkish chinese nigerian foreign foreigner immigrant refugee
"""
LAWFUL_EXPRESSION = frozenset(_LAWFUL.split())
"""Words for a religion, a nationality or dress in N6 (rule 9), as ``vault.digests.normal`` writes
them. They are looked for only to remind the author what is lawful."""
