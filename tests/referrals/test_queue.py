"""The queue: its words, its order, its counts, its pages; and what nobody may notice in it."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from agencies import people
from agencies.models import Absence
from agencies.terms import Role, RouteKind, Sector
from referrals import clocks, queue, workflow
from referrals.models import Clock, PersonRecord, Referral
from referrals.terms import (
    ClockKind,
    EscalationStep,
    MessageKind,
    NoteReaders,
    RecipientKind,
    Status,
)
from tests.entry import enter
from tests.factories import MembershipFactory, UserFactory
from tests.referrals import cases
from vault import keys

S = Status
# A Wednesday, twenty minutes before the working day ends.
NOW = datetime(2026, 11, 18, 16, 40, tzinfo=UTC)
FIVE = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
DAY = timedelta(days=1)

Make = Callable[..., Referral]


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def make(cast) -> Make:
    """A shared case as a bare row, with its person and its running promise."""
    numbers = iter(range(1, 1000))

    def row(
        status: Status = S.TRIAGE,
        *,
        due: datetime | None = FIVE + DAY,
        days: int = 1,
        started: datetime = NOW - DAY,
        name: tuple[str, str] = ("Lee", "Barker"),
        age: int | None = 31,
        kind: ClockKind | None = None,
        **more: Any,
    ) -> Referral:
        person = more.pop("person", {})
        more.setdefault("outward_status", status)
        referral = Referral(
            status=status,
            agency=cast.agency,
            locality=more.pop("locality", cast.locality),
            created_by=cast.practitioner,
            reference=f"NY-2026-{next(numbers):04}",
            submitted_at=more.pop("submitted_at", NOW - DAY),
            acknowledged_at=NOW - DAY,
            due_at=due,
            stage_since=more.pop("stage_since", NOW - DAY),
            **more,
        )
        keys.new_case(referral.pk)
        referral.save()
        PersonRecord.objects.create(
            referral=referral,
            forenames=name[0],
            surname=name[1],
            age=age,
            gender="male",
            **person,
        )
        kind = kind or clocks.OF_STATUS.get(Status(referral.outward_status))
        if due is not None and kind is not None:
            begun = min(started, due)
            Clock.objects.create(
                referral=referral,
                kind=kind,
                started_at=begun,
                amber_at=begun,
                due_at=due,
                promised_days=None if referral.emergency else days,
                promised_hours=1 if referral.emergency else None,
            )
        return referral

    return row


def desk(person: User, now: datetime = NOW) -> queue.Desk:
    held = people.roles_of(person)
    place = next(each.locality for each in held if each.locality)
    return queue.Desk.at(person, held, place, now)


def shown(person: User, **asked: str) -> list[str]:
    """References in the order of the page."""
    at = desk(person)
    wanted = queue.Wanted.read(asked, at)
    return [one.reference for one in queue.page(at, wanted, 0).referrals]


def page_of(person: User, query: str = "") -> str:
    return enter(person).get(f"/referrals/{query}").content.decode()


# Order and words --------------------------------------------------------------------------------
def test_late_comes_first_then_today_then_later_and_999_before_older(cast, make):
    later = make(due=FIVE + DAY, holder=cast.prevent_lead)
    today = make(due=FIVE, holder=cast.prevent_lead)
    late = make(due=NOW - DAY, holder=cast.prevent_lead)
    later_still = make(due=FIVE + 2 * DAY, holder=cast.prevent_lead)
    older = make(due=NOW - 2 * DAY, holder=cast.prevent_lead)
    urgent = make(S.SUBMITTED, due=NOW - timedelta(minutes=35), emergency=True)
    order = [urgent, older, late, today, later, later_still]
    assert shown(cast.prevent_lead) == [one.reference for one in order]


def test_the_page_says_how_many_and_how_long_the_day_lasts(cast, make):
    make(due=NOW - DAY, holder=cast.prevent_lead)
    make(due=FIVE, holder=cast.prevent_lead)
    make(due=FIVE + DAY, holder=cast.prevent_deputy)
    page = page_of(cast.prevent_lead)
    assert '<h1 class="govuk-heading-xl">My queue</h1>' in page
    assert "3 open. <strong>1 late, 1 due today.</strong>" in page
    assert "The working day ends at 5pm: 20 minutes left." in page
    assert "Next working day: Thursday 19 November." in page
    assert "Late: 1" in page
    assert "Due today by 5pm: 1" in page
    assert "Later" not in page  # the deputy's is not mine
    assert ">Mine 2</a>" in page
    assert ">All open 3</a>" in page


@pytest.mark.parametrize(
    ("what", "clock", "days"),
    [
        ({"due": NOW - DAY}, "Late by 1 working day", "Triage, day 2 (promised in 1)"),
        ({"due": NOW - timedelta(minutes=35)}, "Late by 35 minutes", "Triage, day 1 of 1"),
        ({"due": FIVE}, "Due today, by 5pm", "Triage, day 1 of 1"),
        (
            {"due": datetime(2026, 11, 30, 17, tzinfo=UTC), "days": 5},
            "Due Monday 30 November",
            "Triage, day 1 of 5",
        ),
        (
            {"status": S.SUBMITTED, "due": NOW - timedelta(minutes=35), "emergency": True},
            "999: confirm that police have it. 35 minutes late",
            "Just arrived",
        ),
        (
            {"status": S.QUERY, "paused": True, "days": 2},
            "Paused: waiting for",
            "Waiting for the referrer, day 1 of 2",
        ),
        (
            {"status": S.CLOSED, "kind": ClockKind.FEEDBACK, "due": FIVE, "days": 5},
            "Due today, by 5pm",
            "Feedback owed, day 1 of 5",
        ),
    ],
)
def test_a_promise_is_said_in_words(what, clock, days, cast, make):
    started = what.get("due", NOW) - DAY
    make(holder=cast.prevent_lead, **{"started": started, **what})
    page = page_of(cast.prevent_lead, "?view=open")
    assert clock in page
    assert days in page


def test_a_row_says_who_where_and_what_is_next(cast, make):
    referral = make(
        due=FIVE,
        holder=cast.prevent_lead,
        person={"cares_for_child": "yes"},
    )
    page = page_of(cast.prevent_lead)
    assert referral.reference in page
    assert "Lee B., 31" in page
    assert "Barker" not in page
    assert "Child in household" in page
    assert f"{cast.agency.name}, North Yorkshire" in page
    assert "With you" in page
    assert f'{referral.get_absolute_url()}#next">Pass to police or ask for more' in page


def test_a_person_whose_name_is_not_known_is_said_by_kind_and_age(cast, make):
    make(holder=cast.prevent_lead, name=("Not known", "not known"), age=12)
    assert "Boy, 12" in page_of(cast.prevent_lead)


def test_what_was_not_opened_or_written_in_since_is_new(cast, make):
    referral = make(holder=cast.prevent_lead)
    assert ">New</strong>" in page_of(cast.prevent_lead)
    workflow.write_message(referral, "We have it.", by=cast.prevent_lead, now=NOW)
    workflow.view(referral, by=cast.prevent_lead, now=NOW)
    assert ">New</strong>" not in page_of(cast.prevent_lead)
    workflow.write_message(referral, "More.", by=cast.practitioner, now=NOW + DAY)
    assert ">New</strong>" in page_of(cast.prevent_lead)


def test_words_that_one_may_not_read_make_nothing_new(cast, make):
    """The flag would tell that others write about the case, and when (AC-17)."""
    referral = make(holder=cast.prevent_lead)
    for person in (cast.prevent_lead, cast.practitioner):
        workflow.view(referral, by=person, now=NOW)
    workflow.write_note(referral, "Mine.", NoteReaders.SELF, by=cast.officer, now=NOW + DAY)
    assert ">New</strong>" not in page_of(cast.prevent_lead)
    workflow.write_note(referral, "Ours.", NoteReaders.TEAM, by=cast.officer, now=NOW + DAY)
    assert ">New</strong>" in page_of(cast.prevent_lead)
    assert queue.new_to(cast.practitioner, [referral.pk]) == set()
    workflow.write_message(referral, "We have it.", by=cast.prevent_lead, now=NOW + DAY)
    assert queue.new_to(cast.practitioner, [referral.pk]) == {referral.pk}


def test_a_colleague_with_too_long_a_number_is_nobody(cast, make):
    make(holder=cast.prevent_lead)
    assert "My queue" in page_of(cast.prevent_lead, "?view=cover&for=99999999999999999999")


def test_an_empty_queue_says_what_is_due_next(cast, make):
    assert "Nothing is waiting for you." in page_of(cast.prevent_lead)
    other = make(due=FIVE + 5 * DAY, holder=cast.prevent_deputy)
    page = page_of(cast.prevent_lead)
    assert f'The next thing due is <a class="govuk-link" href="{other.get_absolute_url()}">' in page
    assert "on Monday 23 November" in page


# Views, filters, sort ---------------------------------------------------------------------------
def test_each_pill_shows_its_own(cast, make):
    mine = make(holder=cast.prevent_lead)
    nobodys = make(S.SUBMITTED)
    imrans = make(holder=cast.prevent_deputy)
    waits = make(S.QUERY, paused=True, holder=cast.prevent_lead)
    closed = make(S.CLOSED, due=None, holder=cast.prevent_lead)
    make(S.CLOSED, due=None, holder=cast.prevent_lead, stage_since=NOW - 40 * DAY)
    Absence.objects.create(person=cast.prevent_deputy, starts_on=date(2026, 11, 16), ends_on=NOW)
    page = page_of(cast.prevent_lead)
    for words in (
        "Mine 3",
        "All open 4",
        "Covering for Imran 1",
        "Waiting for others 1",
        "Closed this month 1",
    ):
        assert f">{words}</a>" in page
    at = cast.prevent_lead
    assert set(shown(at)) == {mine.reference, nobodys.reference, waits.reference}
    assert set(shown(at, view="open")) == {one.reference for one in (mine, nobodys, imrans, waits)}
    assert shown(at, view="cover", **{"for": str(cast.prevent_deputy.pk)}) == [imrans.reference]
    assert shown(at, view="waiting") == [waits.reference]
    assert shown(at, view="closed") == [closed.reference]


def test_filters_stand_in_the_address_and_count_what_they_show(cast, make):
    make(holder=cast.prevent_lead, sector=Sector.HEALTH)
    make(holder=cast.prevent_lead, sector=Sector.EDUCATION)
    make(S.SUBMITTED, sector=Sector.HEALTH)
    page = page_of(cast.prevent_lead, "?stage=triage&sector=health")
    assert "Later: 1" in page
    assert ">Mine 3</a>" in page
    assert "Show all of it" in page
    assert '<option value="triage" selected>' in page


def test_late_and_very_late_are_said_and_can_be_shown_alone(cast, make):
    mine = {"holder": cast.prevent_lead}
    # It is Wednesday afternoon: the senior lead was told of what was due on Thursday; and in an
    # emergency of what is two hours late.
    very = make(due=FIVE - 6 * DAY, sector=Sector.HEALTH, **mine)
    urgent = make(S.SUBMITTED, due=NOW - timedelta(hours=2), emergency=True, **mine)
    late = make(due=FIVE - 2 * DAY, sector=Sector.HEALTH, **mine)
    make(S.SUBMITTED, due=NOW - timedelta(hours=1), emergency=True, **mine)
    make(due=FIVE + DAY, **mine)
    make(S.QUERY, due=FIVE - 9 * DAY, paused=True, **mine)
    make(due=FIVE - 9 * DAY, holder=cast.prevent_deputy)
    page = page_of(cast.prevent_lead)
    assert [f">{words}</a>" in page for words in ("Late or not 6", "Late 4", "Very late 2")] == [
        True,
        True,
        True,
    ]
    assert page.count('<strong class="govuk-tag">Very late</strong>') == 2
    asked = page_of(cast.prevent_lead, "?late=very")
    assert 'href="/referrals/queue/?late=very" aria-current="page">Very late 2</a>' in asked
    assert "Late: 2" in asked
    assert "Show all of it" in asked
    assert '<input type="hidden" name="late" value="very">' in asked
    assert shown(cast.prevent_lead, late="very") == [urgent.reference, very.reference]
    assert len(shown(cast.prevent_lead, late="late", sort="newest")) == 4
    assert shown(cast.prevent_lead, late="late", sector="health") == [
        very.reference,
        late.reference,
    ]
    assert len(shown(cast.prevent_lead, late="very", view="open")) == 3
    assert "Nothing here fits what you chose." in page_of(
        cast.prevent_lead, "?late=very&sector=police"
    )
    # What was closed, and what the police lead, is in no hurry.
    closed = page_of(cast.prevent_lead, "?late=very&view=closed")
    assert "This is a part of the list." not in closed
    assert "Late or not" not in closed


def test_the_row_the_filter_and_the_escalation_agree_on_very_late(cast, make):
    for hours in range(0, 24 * 8, 5):
        make(due=NOW - timedelta(hours=hours), holder=cast.prevent_lead)
    at = desk(cast.prevent_lead)
    said = set(Referral.objects.filter(at.very_late))
    told = {
        clock.referral
        for clock in Clock.objects.select_related("referral__locality")
        if EscalationStep.SENIOR in clocks.steps_due(clock, NOW)
    }
    assert said == told == {one for one in Referral.objects.all() if at.is_very_late(one)}
    assert 0 < len(said) < Referral.objects.count()


def test_nonsense_in_the_address_counts_as_not_said(cast, make):
    make(holder=cast.prevent_lead)
    for query in ("?view=x&for=y&stage=z&sector=q&sort=w&after=v", "?for=%00", "?after=a:b:c"):
        page = page_of(cast.prevent_lead, query)
        assert "Later: 1" in page


def test_newest_first_is_another_order(cast, make):
    old = make(holder=cast.prevent_lead, due=NOW - DAY, submitted_at=NOW - 5 * DAY)
    new = make(holder=cast.prevent_lead, due=FIVE + 5 * DAY, submitted_at=NOW - DAY)
    assert shown(cast.prevent_lead) == [old.reference, new.reference]
    assert shown(cast.prevent_lead, sort="newest") == [new.reference, old.reference]
    assert "Newest first: 2" in page_of(cast.prevent_lead, "?sort=newest")


# Pages ------------------------------------------------------------------------------------------
def test_pages_of_what_is_late_stay_with_what_is_late(cast, make):
    for number in range(queue.PAGE + 3):
        make(due=NOW - (number % 3 + 1) * DAY, holder=cast.prevent_lead)
    make(due=FIVE, holder=cast.prevent_lead)
    page = page_of(cast.prevent_lead, "?late=late")
    link = re.search(r'href="([^"]+)" rel="next"', page)
    assert link is not None
    assert "late=late" in link.group(1)
    assert f"Late: {queue.PAGE + 3}" in page
    rest = enter(cast.prevent_lead).get(link.group(1).replace("&amp;", "&")).content.decode()
    assert len(re.findall(r'/"><span class="p-ref">(NY-2026-\d{4})</span></a>', rest)) == 3


@pytest.mark.parametrize("sort", ["due", "newest"])
def test_pages_follow_each_other_without_gap_or_double(sort, cast, make):
    for number in range(60):
        make(
            due=NOW + (number % 3 - 1) * DAY,  # many due at the same moment
            emergency=number % 7 == 0,
            holder=cast.prevent_lead,
            submitted_at=NOW - (number % 4) * DAY,
        )
    browser, seen = enter(cast.prevent_lead), []
    address = f"/referrals/queue/?view=open&sort={sort}"
    counts = []
    while address:
        page = browser.get(address).content.decode()
        seen += re.findall(r'/"><span class="p-ref">(NY-2026-\d{4})</span></a>', page)
        counts += re.findall(r">Next (\d+)<", page)
        link = re.search(r'href="([^"]+)" rel="next"', page)
        address = link.group(1).replace("&amp;", "&") if link else ""
        if address and len(seen) == queue.PAGE:
            # What arrives meanwhile at the front moves nothing on the pages that follow.
            make(due=NOW - 9 * DAY, holder=cast.prevent_lead, submitted_at=NOW)
            assert "NY-" not in address
    assert len(seen) == len(set(seen)) == 60
    assert counts == ["25", "11"]  # 61 by then
    assert shown(cast.prevent_lead, view="open", sort=sort, after="forged") == shown(
        cast.prevent_lead, view="open", sort=sort
    )


def test_the_queue_asks_the_database_no_more_for_more_cases(cast, make):
    def asked() -> int:
        browser = enter(cast.officer)
        browser.get("/referrals/")
        with CaptureQueriesContext(
            connection,
        ) as captured:
            browser.get("/referrals/?view=open")
        return sum("SAVEPOINT" not in query["sql"] for query in captured.captured_queries)

    make()
    few = asked()
    for number in range(40):
        make(due=NOW + (number - 20) * DAY)
    assert asked() == few <= 15


def test_who_has_more_than_is_counted_is_told_so_and_reads_all_of_it(cast, make, monkeypatch):
    monkeypatch.setattr(queue, "MOST_COUNTED", 3)
    monkeypatch.setattr(queue, "_KINDS", queue.Asked(queue._kinds))
    for number in range(queue.PAGE + 2):
        make(due=NOW + (number - 3) * DAY, holder=cast.prevent_lead)
        make(S.CLOSED, due=None)
    page = page_of(cast.prevent_lead)
    for words in ("3 or more open.", "3 or more late", "Mine 3 or more", "month 3 or more"):
        assert words in page
    link = re.search(r'href="([^"]+)" rel="next"[^>]*>(.*?)</a>', page)
    assert link is not None
    assert "Next page" in link.group(2)
    rest = enter(cast.prevent_lead).get(link.group(1).replace("&amp;", "&")).content.decode()
    assert len(re.findall(r'/"><span class="p-ref">(NY-2026-\d{4})</span></a>', rest)) == 2
    assert 'rel="next"' not in rest


# Who sees it ------------------------------------------------------------------------------------
def test_the_queue_is_for_those_who_have_one(cast):
    for person in (cast.lead, cast.practitioner, cast.front_door, cast.chair, cast.portal_admin):
        assert enter(person).get("/referrals/queue/").status_code == 403
    for person in (cast.prevent_lead, cast.prevent_senior, cast.supervisor):
        assert enter(person).get("/referrals/queue/").status_code == 200


def test_counts_are_of_the_permitted_set(cast, make):
    make(holder=cast.prevent_lead)
    make(locality=cast.other_locality)
    close = make(holder=cast.prevent_lead)
    close.exclusions.create(person=cast.prevent_lead, by=cast.practitioner)
    make(S.AGENCY_CLOSED, due=None, submitted_at=None)
    for person in (cast.prevent_lead, cast.prevent_deputy, cast.officer, cast.york_lead):
        at = desk(person)
        permitted = Referral.objects.visible_to(person).filter(due_at__isnull=False)
        counts = queue.count(at, queue.Wanted(view=queue.OPEN), [])
        assert counts.open == counts.in_view == permitted.count()
        assert set(shown(person, view="open")) == set(permitted.values_list("reference", flat=True))
    page = page_of(cast.prevent_lead, "?view=open")
    assert close.reference not in page
    assert "1 open." in page


def test_what_another_area_offers_stands_in_the_queue_until_it_is_answered(cast, make):
    offered = make(S.TRANSFERRED, offered_to=cast.other_locality, holder=cast.prevent_lead)
    assert shown(cast.york_lead) == [offered.reference]
    assert "Accept or decline" in page_of(cast.york_lead)
    assert "Offered to York" in page_of(cast.prevent_lead)


# Police-led -------------------------------------------------------------------------------------
def without_time(page: str) -> str:
    ticks = r'name="csrfmiddlewaretoken" value="[^"]+"|data-left="\d+"|\d{1,2}:\d\d[ap]m'
    return re.sub(ticks, "", page)


@pytest.mark.parametrize("hidden", [S.POLICE_LED, S.INVESTIGATION_HOLD])
def test_a_prevent_lead_cannot_tell_what_the_police_lead_or_hold(hidden, cast, case_in):
    referral = case_in(S.GATEWAY)
    case_in(S.GATEWAY)
    queries = ["", "?view=open", "?view=open&stage=gateway", "?view=waiting", "?sort=newest"]
    queries.append("?view=open&late=very")
    watchers = (cast.prevent_lead, cast.prevent_senior)
    for person in watchers:
        workflow.view(referral, by=person, now=NOW)
    before = [without_time(page_of(who, query)) for who in watchers for query in queries]
    workflow.lead_by_police(referral, hidden, by=cast.officer, now=NOW)
    after = [without_time(page_of(who, query)) for who in watchers for query in queries]
    assert before == after
    assert referral.reference in before[1]
    # The value of the filter that would tell it is not known to them, and changes no count.
    asked = [page_of(cast.prevent_lead, f"?view=open&stage={stage}") for stage in (hidden, "")]
    assert without_time(asked[0]) == without_time(asked[1])


def test_what_was_held_stands_for_the_police_by_the_time_they_have_back(cast, make):
    """Late, very late and its place, over pages; for everybody else nothing is different."""
    long_ago, before, lately = (
        make(S.GATEWAY, due=NOW - days * DAY).reference for days in (30, 20, 2)
    )
    held = Referral.objects.filter(reference=long_ago)
    held.update(police_due_at=NOW - 5 * DAY)
    assert shown(cast.officer) == [before, long_ago, lately]
    assert shown(cast.prevent_lead, view="open") == [long_ago, before, lately]
    at = desk(cast.officer)
    for due, late, very in ((NOW - 9 * DAY, True, True), (NOW - DAY, True, False)):
        held.update(police_due_at=due)
        assert at.open().filter(at.group(queue.LATE), reference=long_ago).exists() is late
        assert at.open().filter(at.very_late, reference=long_ago).exists() is very
        assert at.is_very_late(held.get()) is very
    held.update(police_due_at=NOW + 3 * DAY)
    assert shown(cast.officer) == [before, lately, long_ago]
    assert f"{lately}" not in page_of(cast.officer, "?view=open&late=very")
    for number in range(2 * queue.PAGE):
        make(S.GATEWAY, due=NOW - 40 * DAY, police_due_at=NOW + number % 4 * DAY)
    seen, asked = [], {"view": "open"}
    for _page in range(3):
        page = queue.page(at, queue.Wanted.read(asked, at), 53)
        seen += [one.reference for one in page.referrals]
        asked["after"] = str(page.after)
    assert page.after is None
    assert len(seen) == len(set(seen)) == 2 * queue.PAGE + 3
    assert seen[:2] == [before, lately]


@pytest.mark.parametrize("hidden", [S.POLICE_LED, S.INVESTIGATION_HOLD])
def test_what_is_with_the_police_never_turns_late_for_a_prevent_lead(hidden, cast, make):
    due = NOW - 5 * DAY
    led = make(hidden, outward_status=S.GATEWAY, due=due, holder=cast.prevent_lead)
    other = make(S.GATEWAY, due=due, holder=cast.prevent_lead)
    page = page_of(cast.prevent_lead, "?view=open")
    assert "2 open. <strong>0 late, 0 due today.</strong>" in page
    assert page.count("With the police. Promised by Friday 13 November") == 2
    assert "Later: 2" in page
    assert set(shown(cast.prevent_lead)) == {led.reference, other.reference}
    page = page_of(cast.officer, "?view=open")
    assert "Late by 3 working days" in page
    assert other.reference in page
    assert led.reference not in page


def test_the_police_keep_what_they_lead_in_a_list_apart(cast, case_in):
    referral = case_in(S.POLICE_LED)
    page = page_of(cast.officer, "?view=held")
    assert referral.reference in page
    assert "Led or held by us 1" in page
    assert "Police-led" in page
    assert referral.reference not in page_of(cast.officer, "?view=open")
    assert "Led or held" not in page_of(cast.prevent_lead)


def test_somebody_who_is_police_in_one_area_and_prevent_lead_in_another_is_shown_the_less(
    cast, case_in
):
    both = cast.prevent_lead
    MembershipFactory(
        person=both,
        role=Role.GATEWAY_OFFICER,
        locality=cast.other_locality,
        starts_on=date(2020, 1, 1),
    )
    referral = case_in(S.POLICE_LED)
    page = page_of(both, "?view=open&stage=gateway")
    assert referral.reference in page
    assert "Police-led" not in page


# Home -------------------------------------------------------------------------------------------
def test_a_practitioner_begins_with_one_act(cast):
    page = page_of(cast.practitioner)
    assert "Record a concern" in page
    assert "You do not have to be certain." in page
    assert "Nothing is waiting" not in page


def test_a_practitioner_sees_their_own_in_plain_words_and_nobody_elses(cast, case_in):
    mine = case_in(S.GATEWAY)
    draft = cases.draft(cast)
    other = cases.draft(cast, by=cast.colleague)
    page = page_of(cast.practitioner)
    assert mine.reference in page
    assert "With specialist officers" in page
    assert draft.get_absolute_url() in page
    assert "Go on with it: Callum R., 15" in page
    assert other.get_absolute_url() not in page
    workflow.lead_by_police(mine, S.POLICE_LED, by=cast.officer, now=NOW)
    assert without_time(page_of(cast.practitioner)) == without_time(page)


def test_a_lead_sees_the_work_of_the_agency_and_only_a_count_of_drafts(cast, case_in):
    check = case_in(S.AGENCY_CHECK)
    returned = case_in(S.RETURNED)
    route = case_in(S.OTHER_ROUTE)
    asked = case_in(S.QUERY)
    draft = cases.draft(cast)
    secret = cases.draft(cast)
    workflow.exclude(secret, [cast.lead], by=cast.practitioner)
    page = page_of(cast.lead)
    assert "To check: 1" in page
    assert "Questions to answer: 1" in page
    assert "Waiting for the author: 1" in page
    assert "Other help to look at again: 1" in page
    for referral in (check, returned, route, asked):
        assert referral.get_absolute_url() in page
    assert "1 draft not yet sent in your agency." in page
    for referral in (draft, secret):
        assert referral.key not in page
    assert "2 drafts not yet sent in your agency." in page_of(cast.deputy)
    assert "Have we had this child before?" in page
    assert "Late by 1 working day" in page  # the check was due on Tuesday
    assert "Paused" not in page  # the answer is theirs to give
    assert "Due today, by 5pm" in page


def test_what_is_left_to_do_by_hand_once_shared_waits_on_the_agencys_page(cast, monkeypatch):
    sunday = datetime(2026, 11, 15, 21, 0, tzinfo=UTC)
    cast.locality.routes.filter(kind=RouteKind.FRONT_DOOR).update(in_portal=False)
    called = {"harm": "yes", "called_999": "yes", "called_at": sunday}
    called |= {"incident_number": "not given", "urgency": "emergency"}
    referral = cases.walk_to(cast, S.SUBMITTED, now=sunday, **called)
    for person in (cast.lead, cast.deputy):
        page = page_of(person)
        assert "To tell by telephone: 1" in page
        assert "Still to send by hand: 1" in page
        assert f'{referral.get_absolute_url()}sent/">Ring, and say that you did' in page
        assert f'{referral.get_absolute_url()}sheet/">Send the sheet, and record how' in page
    assert "To tell by telephone" not in page_of(cast.outsider_lead)
    police = referral.recipients.get(kind=RecipientKind.POLICE)
    workflow.record_call(referral, police, by=cast.deputy, now=NOW)
    workflow.record_route(
        cases.fresh(referral),
        {"sent_where": "By secure mail to the front door.", "sent_on": NOW.date()},
        by=cast.lead,
        now=NOW,
    )
    page = page_of(cast.lead)
    assert "To tell by telephone" not in page
    assert "Still to send by hand" not in page


def test_a_lead_takes_back_what_its_author_has_left_behind(cast, case_in):
    referral = case_in(S.RETURNED)
    assert "Take it back" not in page_of(cast.lead)
    cast.practitioner.is_active = False
    cast.practitioner.save()
    assert "Take it back to the check" in page_of(cast.lead)
    assert "The author has left: it is yours to take back" in page_of(cast.lead)
    page = enter(cast.lead).get(f"{referral.get_absolute_url()}status/").content.decode()
    assert "The author has left" in page
    assert "has a question for you" not in page  # said to the author
    url = f"{referral.get_absolute_url()}reply-to-lead/"
    assert enter(cast.lead).post(url, {"words": "She told me on Monday."}).status_code == 302
    referral = cases.fresh(referral)
    assert (referral.status, referral.lead) == (S.AGENCY_CHECK, cast.lead)
    assert referral.messages.filter(by=cast.lead, kind=MessageKind.REPLY).exists()


def test_a_front_door_sees_its_parts_and_says_that_it_has_them(cast, case_in):
    referral = case_in(S.GATEWAY)
    page = page_of(cast.front_door)
    assert referral.reference in page
    assert "Say that you have it" in page
    assert "With specialist officers" not in page
    part = f"{referral.get_absolute_url()}part/"
    enter(cast.front_door).post(f"{referral.get_absolute_url()}confirm-receipt/")
    assert "You have it" in page_of(cast.front_door)
    assert "Fran Door said that you have it" in enter(cast.front_door).get(part).content.decode()
    assert referral.reference not in page_of(cast.adult_team)


def test_chair_and_coordinator_have_a_plain_list_from_the_panel_on(cast, case_in):
    listed = case_in(S.PANEL_LISTED)
    early = case_in(S.GATEWAY)
    for person in (cast.chair, cast.coordinator):
        page = page_of(person)
        assert listed.reference in page
        assert early.reference not in page


def test_those_who_read_no_cases_have_links_and_no_case(cast, case_in):
    referral = case_in(S.GATEWAY)
    for person in (cast.portal_admin, cast.privacy_officer):
        page = page_of(person)
        assert referral.reference not in page
        assert "What else you can open" in page
        assert "Record a concern" not in page


def test_several_roles_stand_on_one_page_in_order(cast, case_in):
    case_in(S.GATEWAY)
    MembershipFactory(
        person=cast.prevent_lead, role=Role.LEAD, agency=cast.agency, starts_on=date(2020, 1, 1)
    )
    page = page_of(cast.prevent_lead)
    assert page.index("To check: 0") < page.index("Shared by your agency") < page.index("1 open.")
    assert reverse("referrals:queue") in page


def test_somebody_without_any_role_is_asked_where_they_work(db):
    response = enter(UserFactory()).get("/referrals/")
    assert response.status_code == 302
    assert urlsplit(response["Location"]).path == reverse("agencies:join")


def test_all_that_an_agency_recorded_is_for_its_leads(cast, case_in):
    referral = case_in(S.AGENCY_CLOSED)
    assert enter(cast.practitioner).get("/referrals/all/?of=agency").status_code == 403
    assert referral.key in enter(cast.lead).get("/referrals/all/?of=agency").content.decode()
    assert referral.key in enter(cast.practitioner).get("/referrals/all/").content.decode()
    assert referral.key not in enter(cast.colleague).get("/referrals/all/").content.decode()
