"""``load_demo`` makes what the stories tell, once."""

import io
import time
from collections import Counter

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import validate_totp_code
from allauth.mfa.utils import decrypt
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from agencies import people
from agencies.models import Agency
from agencies.terms import AGENCY_LEADS, READS_OTHERS
from audit.models import AuditEvent
from demo import cast, codes, loading
from demo.management.commands import load_demo
from outbox.models import Message
from referrals import moves
from referrals.answers import Answers
from referrals.models import Clock, Referral
from referrals.models import Message as Words
from referrals.terms import SHARED, RecipientKind, Status

pytestmark = pytest.mark.usefixtures("demonstration")
REFERENCES = {
    "S01": "NY-{year}-0007",
    "S02": "YK-{year}-0003",
    "S03": "NY-{year}-0011",
    "S07": "NY-{year}-0015",
    "S08": "YK-{year}-0009",
    "S09": "NY-{year}-0019",
    "S11": "NY-{year}-0022",
    "S12": "YK-{year}-0012",
}


def fresh(loaded: loading.Loaded, code: str) -> Referral:
    return Referral.objects.get(pk=loaded.referrals[code].pk)


def test_every_story_stands_where_it_says(demonstration: loading.Loaded) -> None:
    told = {story.code: story.ends for story in loading.stories()}
    assert {code: fresh(demonstration, code).status for code in told} == told


def test_no_case_stands_in_a_state_without_its_required_fields(
    demonstration: loading.Loaded,
) -> None:
    """What the table of moves asked for on the way, asked again of the rows as they stand."""
    shared = (moves.notice, moves.check, moves.refers, moves.share)
    needs = {
        Status.AGENCY_CHECK: (moves.notice, moves.talk),
        Status.RETURNED: (moves.notice, moves.talk),
        Status.AGENCY_CLOSED: (moves.notice, moves.closes),
        Status.OTHER_ROUTE: (moves.notice, moves.other_route),
        Status.CLOSED: (*shared, moves.triage, moves.gateway_closes),
        **dict.fromkeys((Status.GATEWAY, Status.POLICE_LED), (*shared, moves.triage)),
    }
    looked: Counter[str] = Counter()
    for referral in Referral.objects.exclude(status=Status.DRAFT):
        asked = needs.get(Status(referral.status), shared)
        if referral.acknowledged_by_id == referral.officer_id:  # taken at the gateway: no triage
            asked = tuple(one for one in asked if one is not moves.triage)
        answers = Answers(referral)
        missing = [str(words) for need in asked for words in need(answers)]
        assert not missing, (referral.reference or referral.agency, referral.status)
        if referral.status in SHARED:
            assert referral.reference
            assert referral.submission.answers
            assert referral.recipients.filter(kind=RecipientKind.POLICE).exists()
        looked[referral.status] += 1
    assert sum(looked.values()) > 65
    assert len(looked) > 8


def test_references_are_those_of_the_scenarios(demonstration: loading.Loaded) -> None:
    for code, reference in REFERENCES.items():
        referral = fresh(demonstration, code)
        assert referral.submitted_at is not None
        year = timezone.localdate(referral.submitted_at).year
        assert referral.reference == reference.format(year=year)


def test_nothing_shows_below_police_that_a_case_is_led_by_them(
    demonstration: loading.Loaded,
) -> None:
    assert fresh(demonstration, "S02").outward_status == Status.GATEWAY
    assert fresh(demonstration, "S07").outward_status == Status.GATEWAY


def test_the_front_door_has_the_child_of_s11_and_no_one_has_a_record_of_her(
    demonstration: loading.Loaded,
) -> None:
    referral = fresh(demonstration, "S11")
    assert referral.recipients.filter(kind=RecipientKind.FRONT_DOOR).exists()
    assert referral.age_band == "31-40"
    assert not Referral.objects.filter(agency=referral.agency).exclude(pk=referral.pk).exists()


def test_queues_are_lived_in(demonstration: loading.Loaded) -> None:
    now = timezone.now()
    ny = demonstration.company.localities["NY"]
    running = Clock.objects.running().filter(referral__locality=ny)
    assert running.filter(due_at__lt=now).count() >= 3
    assert running.filter(due_at__gte=now).count() >= 30
    assert Referral.objects.filter(locality=ny, paused=True).count() >= 5
    assert Referral.objects.filter(emergency=True, acknowledged_at=None).count() == 1
    states = Counter(Referral.objects.values_list("status", flat=True))
    assert all(states[status] >= 5 for status in ("submitted", "triage", "query", "gateway"))


def test_one_check_waits_for_ruth_and_one_concern_came_back_to_sam(
    demonstration: loading.Loaded,
) -> None:
    ruth, sam = demonstration.company.people["ruth"], demonstration.company.people["sam"]
    assert Referral.objects.awaiting_check().filter(lead=ruth).count() == 1
    back = Referral.objects.filter(created_by=sam, status=Status.RETURNED)
    assert back.count() == 1
    assert Words.objects.filter(referral=back.get(), kind="question").exists()


def test_whoever_is_close_to_a_concern_finds_no_trace_of_it(
    demonstration: loading.Loaded,
) -> None:
    referral, cast_of = fresh(demonstration, "W2"), demonstration.company.people
    assert Referral.objects.visible_to(cast_of["ruth"]).filter(pk=referral.pk).exists()
    assert not Referral.objects.visible_to(cast_of["neil"]).filter(pk=referral.pk).exists()
    assert Referral.objects.visible_to(cast_of["neil"]).exists()


def test_the_absent_deputys_work_has_gone_to_the_lead(demonstration: loading.Loaded) -> None:
    imran, joanna = (demonstration.company.people[key] for key in ("imran", "joanna"))
    assert people.is_away(imran)
    assert not Referral.objects.filter(holder=imran).exists()
    assert Referral.objects.filter(holder=joanna).count() > 30


def test_what_happened_is_dated_as_told(demonstration: loading.Loaded) -> None:
    referral = fresh(demonstration, "S01")
    events = list(AuditEvent.objects.about(referral.pk).values_list("kind", "at"))
    assert [at for _kind, at in events] == sorted(at for _kind, at in events)
    assert dict(events)["referral.submitted"] == referral.submitted_at
    words = Words.objects.filter(referral=referral).order_by("at")
    assert all(word.at < timezone.now() for word in words)
    assert "[" not in "".join(word.body for word in words)


def test_old_mails_have_gone_and_fresh_ones_wait() -> None:
    waiting = Message.objects.waiting()
    assert 0 < waiting.count() < 30
    assert not Message.objects.filter(sent_at__gt=timezone.now()).exists()
    assert Message.objects.filter(sent_at__isnull=False).count() > 200


def test_whoever_reads_for_others_has_the_demonstrations_second_step(
    demonstration: loading.Loaded,
) -> None:
    for person in cast.told().people.values():
        user = demonstration.company.people[person.key]
        has = Authenticator.objects.filter(user=user, type="totp")
        assert has.exists() is any(role in READS_OTHERS for role, _place in person.held)
        assert EmailAddress.objects.filter(user=user, verified=True, primary=True).exists()
    ruth = Authenticator.objects.get(user=demonstration.company.people["ruth"])
    assert validate_totp_code(decrypt(ruth.data["secret"]), codes.now())


def test_everyone_of_the_cast_has_a_place_and_every_agency_a_contact(
    demonstration: loading.Loaded,
) -> None:
    for user in demonstration.company.people.values():
        assert not people.must_join(user)
    alone = {"Childminder, Ripon area", "Lantern Youth Club, Whitby area"}
    for agency in Agency.objects.all():
        assert agency.prevent_contact_name
        assert bool(people.holders(agency, AGENCY_LEADS)) is (agency.name not in alone)


@override_settings(PORTAL_DEMO=True)
def test_a_second_time_nothing_is_made(demonstration: loading.Loaded) -> None:
    before, out = Referral.objects.count(), io.StringIO()
    began = time.monotonic()
    call_command(load_demo.Command(), stdout=out)
    assert "there already" in out.getvalue()
    assert Referral.objects.count() == before
    assert time.monotonic() - began < 2


@override_settings(PORTAL_DEMO=False)
def test_only_a_demonstration_is_filled_with_invented_people() -> None:
    with pytest.raises(CommandError, match="PORTAL_DEMO"):
        call_command(load_demo.Command())
