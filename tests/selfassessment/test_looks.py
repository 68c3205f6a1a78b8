"""Whoever reads another agency's words leaves a line in that agency's log (AU-01, AU-07)."""

import pytest
from django.urls import reverse

from audit.models import AuditEvent
from selfassessment.actions import workflow as actions
from selfassessment.actions.workflow import Plan
from selfassessment.models import Evidence
from selfassessment.moderation import workflow
from selfassessment.terms import Priority, Rating, Status
from tests.entry import enter
from tests.factories import MembershipFactory
from tests.selfassessment import forms
from tests.selfassessment.moderating import codes_of


def pages(form, code, action, evidence):
    """Name of each page that shows words of the agency to the manager and the moderators."""
    of_form = ["overview", "consultation", "evidence", "actions", "actions_csv", "signed"]
    return [
        *((name, ()) for name in of_form),
        *((name, ()) for name in ("actions_pdf", "certificate")),
        ("standard", (code,)),
        ("signed_copy", (1,)),
        ("evidence_item", (evidence,)),
        ("action", (action,)),
        ("moderation:review", ()),
        ("moderation:drawn", ()),
        ("moderation:standard", (code,)),
    ]


@pytest.mark.parametrize("who", ["manager", "moderator"])
def test_every_look_at_another_agencys_words_is_in_its_log(cast, form, who):
    forms.handed_over(form, cast)
    forms.sign(form, cast.senior)
    form.refresh_from_db()
    form.waivers.create(
        rule="too_little_evidence", code="LG1", reason="It burnt.", asked_by=cast.lead
    )
    made = actions.make(
        form,
        Plan(
            words="Train the staff",
            codes=["LG1"],
            owner=cast.lead,
            owner_role="Head",
            priority=Priority.LOW,
            due_on=form.cycle.closes_on,
            success_measure="All are.",
        ),
        by=cast.lead,
        now=forms.NOW,
    )
    review = workflow.begin(form, [cast.moderator, cast.second_moderator], by=cast.manager)
    evidence = Evidence.objects.all()[0]
    found = pages(form, codes_of(review)[0], made.pk, evidence.pk)
    if who == "manager":
        found += [("manage", ()), ("decide_waiver", (form.waivers.get().pk,))]
    browser = enter(getattr(cast, who))
    silent = []
    for name, more in found:
        before = AuditEvent.objects.filter(agency=str(cast.school.pk)).count()
        answer = browser.get(reverse(f"selfassessment:{name}", args=[form.key, *more]))
        assert answer.status_code == 200, name
        if AuditEvent.objects.filter(agency=str(cast.school.pk)).count() == before:
            silent.append(name)
    assert silent == []


def test_the_agency_itself_is_written_down_only_for_what_it_takes_away(cast, form):
    forms.fill(form, Rating.IN_PLACE, by=cast.lead)
    forms.put_in(form, Status.SIGNED, cast)
    browser = enter(cast.lead)
    for name, kinds in [("actions", []), ("actions_csv", ["assessment.exported"])]:
        before = AuditEvent.objects.order_by("-pk").first()
        browser.get(reverse(f"selfassessment:{name}", args=[form.key]))
        after = AuditEvent.objects.filter(
            subject_id=str(form.pk), pk__gt=before.pk if before else 0
        )
        assert list(after.values_list("kind", flat=True)) == kinds


def test_a_partner_who_is_asked_for_help_leaves_a_line_too(cast, form):
    made = actions.make(
        form,
        Plan(
            words="Train the staff",
            codes=["LG1"],
            owner=cast.lead,
            owner_role="Head",
            priority=Priority.LOW,
            due_on=form.cycle.closes_on,
            success_measure="All are.",
            partner_help=True,
        ),
        by=cast.lead,
        now=forms.NOW,
    )
    prevent = MembershipFactory(role="prevent_lead", locality=cast.locality).person
    page = reverse("selfassessment:action_help", args=[form.key, made.pk])
    assert enter(prevent).get(page).status_code == 200
    event = AuditEvent.objects.filter(kind="assessment.viewed").get()
    assert (event.agency, event.person) == (str(cast.school.pk), prevent)
