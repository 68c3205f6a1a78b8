"""Whole cases for tests, walked to a state through the same doors that people use.

Everyone and everything here is invented. ``answer_all`` fills what a section requires with the
least that is true; a test changes only the answer it is about.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from accounts.models import User
from agencies.models import Agency, Locality
from agencies.terms import AgencyType, Role, RouteKind
from referrals import workflow
from referrals.answers import Answers
from referrals.models import Referral
from referrals.questions import BY_NAME
from referrals.steps import STEP, STEPS, Step
from referrals.terms import Status
from tests.factories import (
    AgencyFactory,
    LocalityFactory,
    MembershipFactory,
    RouteFactory,
    UserFactory,
)

# A Monday morning in term, well inside working hours.
MONDAY = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)

NOTICE: dict[str, Any] = {
    "harm": "no",
    "crime": "no",
    "travel": "no",
    "place": "NY",
    "under_18": "yes",
    "came_to_notice": "said",
    "noticed_when": {"day": 9, "month": 11, "year": 2026},
    "observed": "In form time he said, “people like that should be cleared out”. I sat near him.",
    "features": {"contacts": "He named two older boys he met online, in form time on Monday."},
    "repeated": "yes",
    "repeated_detail": "Three times since October, a little stronger each time.",
    "raised_before": "no",
    "forenames": "Callum",
    "surname": "Rhodes",
    "born": {"day": 9, "month": 1, "year": 2011},
    "gender": "male",
    "addresses": [{"address": "1 Example Street, Scarborough", "note": "Current"}],
    "language": "English",
    "interpreter": "no",
    "household": [{"name": "Mother", "relationship": "Mother", "age": ""}],
    "parents": [{"name": "Mother", "relationship": "Mother", "contact": "01632 960112"}],
    "cares_for_child": "no",
    "school": "Fellgate High School",
    "position_of_trust": "no",
    "involved": [{"agency": "GP", "worker": "Dr Example", "contact": "01632 960113"}],
    "needs": ["family"],
    "health_known": "none",
    "strengths": ["family"],
    "explanations": "He may be copying a game clan that uses symbols like this.",
    "worry": "That he is being talked into something and might be hurt.",
    "other_concerns": ["none"],
}
CHECK: dict[str, Any] = {
    "advice_from": ["none"],
    "facts_verified": "I read the planner myself.",
    "fair_basis": "yes",
    "explanations_tested": "yes",
    "explanations_detail": "The computing teacher did not know the game.",
    "second_opinion": "Agreed. Hearing and language were checked.",
    "clinical_view": "not_needed",
    "told_person": "yes",
    "told_response": "He said that he did not mean it.",
    "told_parent": "yes",
    "parent_response": "She is worried too and agrees.",
    "action_taken": "no",
    "consulted": "no",
    "legal_basis": "public_task",
    "decision": "b",
    "decision_reasons": "The words, the contacts and the change over time together give reason.",
    "signed": "yes",
}
SHARE: dict[str, Any] = {
    "noticed_by": {"name": "Hannah Ellis", "role": "Form tutor", "organisation": "Fellgate"},
    "anonymous": "no",
    "referrer": {"name": "Ruth Adeyemi", "role": "Safeguarding lead", "organisation": "Fellgate"},
    "prevent_contact": {"name": "Ruth Adeyemi", "role": "Safeguarding lead"},
    "contact_notes": "01632 960145, 8am to 4:30pm.",
    "sector": "education",
    "ideology": "not_known",
    "urgency": "standard",
    "adult_care_needs": "no",
    "form_sent": "yes",
    "form_reference": "URF 1",
    "declared": "yes",
}
DESPITE: dict[str, Any] = {
    "own_tested": "I asked the computing teacher, who did not know the game.",
    "own_reasons": "I was there and I saw his face. I still think that somebody should look.",
}
ROUTE: dict[str, Any] = {"routes": ["crisis", "adult"], "person_told": "yes"}
TRIAGE: dict[str, Any] = {
    "complete": "yes",
    "earlier": "none",
    "right_locality": "mine",
    "safeguarding_route": "has_it",
}


@dataclass
class Cast:
    """The people of one partnership: a school in North Yorkshire and those it shares with."""

    locality: Locality
    other_locality: Locality
    agency: Agency
    practitioner: User
    colleague: User
    lead: User
    deputy: User
    prevent_lead: User
    prevent_deputy: User
    prevent_senior: User
    officer: User
    supervisor: User
    front_door: User
    adult_team: User
    chair: User
    coordinator: User
    york_lead: User
    outsider_lead: User
    outsider: User
    portal_admin: User
    privacy_officer: User


def _member(name: str, role: Role, **place: Any) -> User:
    person: User = UserFactory(name=name)
    MembershipFactory(person=person, role=role, starts_on=date(2020, 1, 1), **place)
    return person


def make_cast() -> Cast:
    """Everyone in place, each route open and staffed."""
    ny, yk = LocalityFactory(code="NY"), LocalityFactory(code="YK")
    for place in (ny, yk):
        for kind in RouteKind:
            RouteFactory(locality=place, kind=kind)
    school = AgencyFactory(kind=AgencyType.EDUCATION_SCHOOL, locality=ny)
    other = AgencyFactory(kind=AgencyType.HEALTH, locality=yk)
    return Cast(
        locality=ny,
        other_locality=yk,
        agency=school,
        practitioner=_member("Hannah Ellis", Role.PRACTITIONER, agency=school),
        colleague=_member("Jo Colleague", Role.PRACTITIONER, agency=school),
        lead=_member("Ruth Adeyemi", Role.LEAD, agency=school),
        deputy=_member("Della Deputy", Role.DEPUTY_LEAD, agency=school),
        prevent_lead=_member("Joanna Firth", Role.PREVENT_LEAD, locality=ny),
        prevent_deputy=_member("Imran Siddiq", Role.PREVENT_DEPUTY, locality=ny),
        prevent_senior=_member("Sena Senior", Role.PREVENT_SENIOR, locality=ny),
        officer=_member("DC Alice Moor", Role.GATEWAY_OFFICER, locality=ny),
        supervisor=_member("DI Sam Super", Role.GATEWAY_SUPERVISOR, locality=ny),
        front_door=_member("Fran Door", Role.FRONT_DOOR, locality=ny),
        adult_team=_member("Ada Adult", Role.ADULT_SAFEGUARDING, locality=ny),
        chair=_member("Helen Marsden", Role.CHANNEL_CHAIR, locality=ny),
        coordinator=_member("Leo Hart", Role.CHANNEL_COORDINATOR, locality=ny),
        york_lead=_member("Tom Beckwith", Role.PREVENT_LEAD, locality=yk),
        outsider_lead=_member("Olly Other", Role.LEAD, agency=other),
        outsider=_member("Pat Other", Role.PRACTITIONER, agency=other),
        portal_admin=_member("Noor Rahman", Role.PORTAL_ADMIN),
        privacy_officer=_member("Frank Tully", Role.PRIVACY_OFFICER),
    )


def fill(referral: Referral, values: dict[str, Any], *, by: User, now: datetime = MONDAY) -> None:
    """Answer page by page, as far as each question applies by then."""
    for step in (*STEPS, _DECLARATION):
        referral = Referral.objects.get(pk=referral.pk)
        asked = {question.name for question in step.asked(Answers(referral))}
        # Follow-ups on the same page count as asked once their parent is among the answers.
        asked |= {q.name for q in step.questions if q.of in values and q.name in values}
        changes = {name: value for name, value in values.items() if name in asked}
        if changes:
            workflow.answer(referral, step, changes, by=by, now=now)


_DECLARATION = Step(
    name="declaration", task="share", title="Declaration", questions=(BY_NAME["declared"],)
)
assert "declaration" not in STEP


def draft(
    cast: Cast, *, by: User | None = None, now: datetime = MONDAY, **changes: Any
) -> Referral:
    """A draft with all of NOTICE answered."""
    author = by or cast.practitioner
    referral = workflow.start(author, now=now)
    fill(referral, NOTICE | changes, by=author, now=now)
    nobody_close(referral, by=author, now=now)
    return fresh(referral)


def nobody_close(referral: Referral, *, by: User, now: datetime = MONDAY) -> None:
    """The question before the hand-over (AC-06), answered with "No, nobody"."""
    workflow.exclude(referral, [], by=by, now=now)


def fresh(referral: Referral) -> Referral:
    return Referral.objects.get(pk=referral.pk)


def walk_to(cast: Cast, status: Status, *, now: datetime = MONDAY, **changes: Any) -> Referral:
    """A case of the cast's school in the given state, with ``changes`` to its answers."""
    answers = {name: changes.pop(name) for name in list(changes) if name in BY_NAME}
    notice = NOTICE | {k: v for k, v in answers.items() if BY_NAME[k].record in _NOTICE_RECORDS}
    check = CHECK | {"second_opinion_by": cast.deputy}
    check |= {k: v for k, v in answers.items() if BY_NAME[k].record == "check_record"}
    share = SHARE | {k: v for k, v in answers.items() if BY_NAME[k].record == "share"}
    referral = workflow.start(cast.practitioner, now=now)
    fill(referral, notice, by=cast.practitioner, now=now)
    if status == Status.DRAFT:
        return fresh(referral)
    fill(referral, {"spoken_to": cast.lead, "spoken_at": now}, by=cast.practitioner, now=now)
    nobody_close(referral, by=cast.practitioner, now=now)
    workflow.hand_over(referral, by=cast.practitioner, now=now)
    if status == Status.AGENCY_CHECK:
        return fresh(referral)
    if status == Status.RETURNED:
        workflow.ask_author(fresh(referral), "Who else was there?", by=cast.lead, now=now)
        return fresh(referral)
    if status == Status.AGENCY_CLOSED:
        fill(fresh(referral), check | {"decision": "d"}, by=cast.lead, now=now)
        workflow.decide(fresh(referral), by=cast.lead, now=now)
        return fresh(referral)
    if status == Status.OTHER_ROUTE:
        fill(fresh(referral), check | {"decision": "c"} | ROUTE, by=cast.lead, now=now)
        workflow.decide(fresh(referral), by=cast.lead, now=now)
        workflow.take_other_route(fresh(referral), by=cast.lead, now=now)
        return fresh(referral)
    fill(fresh(referral), check, by=cast.lead, now=now)
    workflow.decide(fresh(referral), by=cast.lead, now=now)
    fill(fresh(referral), share, by=cast.lead, now=now)
    workflow.submit(fresh(referral), by=cast.lead, form_key=uuid.uuid4(), now=now)
    if status == Status.SUBMITTED:
        return fresh(referral)
    if status == Status.WITHDRAWN:
        workflow.withdraw(fresh(referral), "Sent by mistake.", by=cast.lead, now=now)
        return fresh(referral)
    workflow.acknowledge(fresh(referral), by=cast.prevent_lead, now=now)
    if status == Status.TRIAGE:
        return fresh(referral)
    if status == Status.QUERY:
        workflow.ask_referrer(fresh(referral), "Which game?", by=cast.prevent_lead, now=now)
        return fresh(referral)
    if status == Status.TRANSFERRED:
        workflow.transfer(
            fresh(referral), cast.other_locality, "He lives in York.", by=cast.prevent_lead, now=now
        )
        return fresh(referral)
    workflow.record_triage(fresh(referral), TRIAGE, by=cast.prevent_lead, now=now)
    workflow.pass_to_gateway(fresh(referral), by=cast.prevent_lead, now=now)
    if status == Status.GATEWAY:
        return fresh(referral)
    if status in (Status.POLICE_LED, Status.INVESTIGATION_HOLD):
        workflow.lead_by_police(fresh(referral), status, by=cast.officer, now=now)
        return fresh(referral)
    gateway = {
        "national_reference": "N-1",
        "national_earlier": "none",
        "deconflicted": "yes",
        "deconflicted_on": now.date(),
        "tool": "paf",
        "category": "possible",
        "rationale": "Enough to look further.",
        "outcome": "progress",
    }
    if status == Status.CLOSED:
        gateway |= {
            "outcome": "no_concern",
            "closure_reason": "misguided",
            "second_officer": cast.supervisor,
        }
    workflow.record_gateway(fresh(referral), gateway, by=cast.officer, now=now)
    workflow.record_outcome(fresh(referral), by=cast.officer, now=now)
    if status in (Status.INFO_GATHERING, Status.CLOSED):
        return fresh(referral)
    # Beyond here the moves wait for records that come with panel and support; the state is set
    # as those records will, so that visibility can be tested for it.
    Referral.objects.filter(pk=referral.pk).update(status=status, outward_status=status)
    return fresh(referral)


_NOTICE_RECORDS = {"gate", "concern", "person", "monitoring", "context"}
