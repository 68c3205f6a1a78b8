"""Every address and method as every role, made from the URL resolver (AC-01 to AC-06, IN-11).

An address that is not declared here breaks the build. Wagtail's and allauth's own are declared by
prefix: their access is theirs, and ours to their front doors is tested beside them.

``make test`` leaves out cells that others stand for, as said beside each; ``make proof`` fills in
every one (``PORTAL_MATRIX=whole``).
"""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import fields

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from audit.models import AuditEvent
from files.terms import FileKind, FileState
from outbox.models import Message as Mail
from referrals import report, workflow
from referrals.models import Attachment, Referral, Submission
from referrals.terms import NoteReaders, Status
from tests.entry import enter
from tests.referrals import canaries, cases

pytestmark = pytest.mark.matrix

PUBLIC = {
    "referrals:start",
    "referrals:stop",
    "guidance_changes",
    "picture",
    "wagtaildocs_serve",
    # For readers, who are nobody in particular (tests/guidance/test_answering_back.py).
    "readers:search",
    "readers:search_cy",
    "readers:updates",
    "readers:asked",
    "readers:confirm",
    "readers:stop",
    "readers:useful",
    "readers:suggest",
    "readers:pdf",
    "readers:folded",
    "readers:whole",
    "readers:news_feed",
    "readers:changes_feed",
    "readers:sitemap",
    "live",
    "ready",
}
# One address for everybody who is signed in; what they find there is theirs.
SIGNED_IN = {
    "referrals:home",
    "referrals:list",
    "referrals:queue",
    "referrals:new",
    "referrals:blank",
    "referrals:search",
    # What an agency asks its people to read (tests/guidance/test_reading.py).
    "readers:reading",
    "readers:reading_ask",
    "readers:reading_confirm",
    "readers:reading_state",
    "readers:reading_remind",
    "readers:reading_end",
    "readers:reading_csv",
    "readers:reading_pdf",
    # For the roles that a page names (tests/guidance/test_members_pages.py).
    "guidance_members",
    "members_picture",
    "members_download",
    # For privacy officers, and leads where they answer for it (tests/referrals/test_disposal.py).
    # For the partnership's manager and the board (tests/selfassessment/test_sets_pages.py).
    "standards:sets",
    "standards:begin",
    "standards:set",
    "standards:changes",
    "standards:add",
    "standards:bring_in",
    "standards:publish",
    "standards:throw_away",
    "standards:download",
    "standards:standard",
    "standards:take_out",
    "referrals:hard",  # figures, for portal administrators
    "referrals:disposal",
    "referrals:disposal_propose",
    "referrals:disposal_sign",
    "referrals:disposal_stop",
    "referrals:disposal_hold",
    "referrals:disposal_lift",
}
BY_PREFIX = ("accounts/", "cms/", "agency/", "audit/", "demo/", "health/")
METHODS = ("get", "post", "head", "put", "patch", "delete", "options")
STATES = (
    Status.DRAFT,
    Status.AGENCY_CHECK,
    Status.OTHER_ROUTE,
    Status.SUBMITTED,
    Status.TRIAGE,
    Status.TRANSFERRED,
    Status.INVESTIGATION_HOLD,
)
WHOLE = os.environ.get("PORTAL_MATRIX") == "whole"
# Every actor asks by GET and POST; the rarer methods, and the comparison with an address that does
# not exist, are refused before anybody's role is looked at, so a few actors stand for all.
EVERY_METHOD = ("nobody", "outsider")
# Nor is the case looked at: one state stands for all.
STATE_OF_EVERY_METHOD = Status.TRIAGE
# What a post meets where a case is not to be seen is what a look meets: each actor posts to each
# address in every third state.
POSTS_EVERY = 3
# Who sees a case for the same reason as somebody else reads the same pages of it.
AS_READERS_ALIKE = {
    "deputy": "lead",
    "prevent_deputy": "prevent_lead",
    "prevent_senior": "prevent_lead",
    "supervisor": "officer",
    "coordinator": "chair",
}


def patterns(found: object = None, prefix: str = "", space: str = "") -> Iterator[tuple[str, str]]:
    """Each address of the portal: its route and its full name."""
    resolver = found or get_resolver()
    for one in resolver.url_patterns:  # type: ignore[attr-defined]
        route = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            inner = f"{space}{one.namespace}:" if one.namespace else space
            yield from patterns(one, route, inner)
        elif isinstance(one, URLPattern):
            yield route, f"{space}{one.name or ''}"


def of_cases() -> list[tuple[str, list[str]]]:
    """Addresses of a case: name and the arguments it needs."""
    found = {}
    for route, name in patterns():
        if name.startswith("referrals:") and "<slug:key>" in route:
            found[name] = [part.split(">")[0] for part in route.split("<")[1:]]
    return sorted(found.items())


def address(name: str, key: str, arguments: list[str]) -> str:
    values = []
    for argument in arguments:
        kind, _, what = argument.partition(":")
        if what == "key":
            values.append(key)
        elif kind == "code":
            values.append("LG1")
        elif kind == "version":
            values.append("2026.1")
        elif what == "step":
            values.append("observed")
        elif kind == "uuid":
            values.append("00000000-0000-4000-8000-000000000000")
        else:
            values.append("1" if kind == "int" else "prevent-lead")
    return reverse(name, args=values)


def test_every_address_is_declared():
    undeclared = set()
    for route, name in patterns():
        plain = route.replace("^", "").lstrip("/")
        known = (
            plain.startswith(BY_PREFIX)
            or name in PUBLIC | SIGNED_IN
            or (name.startswith("referrals:") and "<slug:key>" in route)
            or name.startswith("selfassessment:")  # tests/selfassessment/test_access.py
            or name.split(":")[0] in {"wagtail_serve", "robots", "favicon"}
            or name in {"wagtaildocs_serve", "wagtailimages_serve", "guidance:robots"}
        )
        if not known:
            undeclared.add((plain, name))
    assert not undeclared


def roles(cast: cases.Cast) -> dict[str, User | None]:
    people: dict[str, User | None] = {
        f.name: getattr(cast, f.name)
        for f in fields(cast)
        if isinstance(getattr(cast, f.name), User)
    }
    return people | {"nobody": None}


def may_see(person: User | None, referral: Referral) -> bool:
    return person is not None and (
        Referral.objects.visible_to(person).filter(pk=referral.pk).exists()
    )


def state_of(referral: Referral) -> tuple[object, ...]:
    row = Referral.objects.filter(pk=referral.pk).values().get()
    return (
        tuple(sorted((k, str(v)) for k, v in row.items())),
        Submission.objects.count(),
        referral.messages.count(),
        referral.recipients.filter(received_at__isnull=False).count(),
        Mail.objects.count(),
    )


def methods_of(who: str, status: Status, number: int) -> tuple[str, ...]:
    """How somebody who does not see the case asks for the address of this number."""
    if WHOLE:
        return METHODS if who in EVERY_METHOD else METHODS[:2]
    if who in EVERY_METHOD:
        return METHODS if status == STATE_OF_EVERY_METHOD else METHODS[:2]
    return METHODS[:2] if (number + STATES.index(status)) % POSTS_EVERY == 0 else METHODS[:1]


@pytest.mark.parametrize("status", STATES)
def test_a_case_answers_only_those_who_may_see_it(status, cast, case_in):
    """Not yours and not there are the same answer, and neither changes a thing."""
    referral = case_in(status)
    missing = "a" * len(referral.key)
    cells = refusals = 0
    for row, (who, person) in enumerate(roles(cast).items()):
        browser, sees = enter(person), may_see(person, referral)
        if sees and not WHOLE and AS_READERS_ALIKE.get(who):
            continue
        before = state_of(referral)
        for column, (name, arguments) in enumerate(of_cases()):
            url = address(name, referral.key, arguments)
            answers = {}
            for method in ("get",) if sees else methods_of(who, status, row + column):
                cells += 1
                response = answers[method] = getattr(browser, method)(url)
                said = (status, who, method, name, response.status_code)
                assert response.status_code < 500, said
                if person is None:
                    assert response.status_code in (302, 405), said
                elif not sees:
                    refusals += 1
                    # A method that the address never takes is refused before anyone is asked.
                    assert response.status_code in (404, 405), said
            if who in EVERY_METHOD and person is not None:
                here, nowhere = answers["get"], browser.get(address(name, missing, arguments))
                assert (here.status_code, here.content) == (
                    nowhere.status_code,
                    nowhere.content,
                ), (status, who, name)
        assert state_of(referral) == before, (status, who)
    assert refusals > 0.4 * cells


@pytest.mark.parametrize("status", [Status.AGENCY_CHECK, Status.TRIAGE])
def test_what_is_posted_by_those_who_see_but_may_not_changes_nothing(status, cast, case_in):
    """An empty or foreign form from somebody who can see the case is never a server error."""
    referral = case_in(status)
    for who, person in roles(cast).items():
        if not may_see(person, referral) or (AS_READERS_ALIKE.get(who) and not WHOLE):
            continue
        browser = enter(person)
        for name, arguments in of_cases():
            for form in ({}, {"status": "closed", "agency": "1", "holder": "1", "words": ""}):
                with transaction.atomic():
                    response = browser.post(address(name, referral.key, arguments), form)
                    assert response.status_code < 500, (name, person, form)
                    transaction.set_rollback(True)


# Files ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "status", [Status.DRAFT, Status.AGENCY_CHECK, Status.OTHER_ROUTE, Status.TRIAGE]
)
def test_a_file_is_opened_by_those_who_see_the_case_and_by_nobody_else(status, cast, case_in):
    """As far as NOTICE is read, its files are; a link of somebody else's is a link to nothing."""
    referral = case_in(status)
    content = b"CANARYfile: what a boy wrote on his planner."
    one = Attachment.objects.create(
        referral=referral,
        number=1,
        kind=FileKind.TXT,
        name="CANARYname.txt",
        size=len(content),
        content=content,
        by=cast.practitioner,
        at=cases.MONDAY,  # shared with the case
    )
    urls = [reverse("referrals:file", args=[referral.key, one.pk])]
    urls += [reverse("referrals:files", args=[referral.key])]
    for checked in (FileState.PENDING, FileState.CLEAN):
        Attachment.objects.update(state=checked)
        for who, person in roles(cast).items():
            browser, said = enter(person), (status, checked, who)
            sees = may_see(person, referral)
            had = sees and (checked == FileState.CLEAN or person == cast.practitioner)
            for method in (browser.get, browser.post):
                opened = method(urls[0])
                assert (opened.content == content) is had, said
                assert opened.status_code == (
                    200 if had else 302 if sees or person is None else 404
                ), said
            listed = browser.get(urls[1])
            assert (b"CANARYname" in listed.content) is sees, said
            assert b"CANARYfile" not in listed.content
            if person != cast.practitioner:
                browser.post(reverse("referrals:remove_file", args=[referral.key, one.pk]))
    assert Attachment.objects.filter(pk=one.pk, state=FileState.CLEAN).exists()


# Canaries ---------------------------------------------------------------------------------------
CANARIES = {
    "observed": "CANARYobserved said the boy in the form room, and I heard it with my own ears.",
    "told_by_others": "CANARYtold",
    "explanations": "CANARYexplanations",
    "worry": "CANARYworry",
    "forenames": "CANARYforename",
    "surname": "CANARYsurname",
    "school": "CANARYschool",
    "contact_notes": "CANARYcontact",
    "facts_verified": "CANARYfacts",
    "decision_reasons": "CANARYreasons: a text of more than forty characters, as it must be.",
    "told_response": "CANARYresponse",
    "form_reference": "CANARYform",
}
PART = {"observed", "told_by_others", "worry", "forenames", "surname", "school", "contact_notes"}


def test_in_no_state_does_a_word_of_a_case_reach_one_who_is_not_entitled(cast, case_in):
    """One person for each state, each of those who may not see it in turn."""
    people, looked = list(roles(cast).values()), set()
    for turn, status in enumerate(one for one in Status if one != Status.DISPOSED):
        referral = case_in(status, **CANARIES)
        assert len(canaries.write(referral, cast)) > 70
        others = [person for person in people if not may_see(person, referral)]
        person = others[turn % len(others)]
        browser = enter(person)
        for name, arguments in of_cases():
            response = browser.get(address(name, referral.key, arguments))
            assert response.status_code in (302, 403, 404, 405), (status, person, name)
            body = response.content + str(response.headers).encode()
            assert b"CANARY" not in body, (status, person, name)
        looked.add(person)
    assert len(looked) > len(people) // 2


@pytest.mark.parametrize("status", [Status.AGENCY_CHECK, Status.TRIAGE])
def test_no_word_of_a_case_reaches_somebody_who_is_not_entitled(status, cast, case_in):
    referral = case_in(status, **CANARIES)
    canaries.write(referral, cast)
    urls = [address(name, referral.key, arguments) for name, arguments in of_cases()]
    urls += ["/referrals/", "/referrals/new/", "/referrals/search/?ref=NY-2026-0001", "/"]
    # Those who see it are looked over the shoulder in tests/edges/test_canaries.py.
    for person in roles(cast).values():
        if may_see(person, referral):
            continue
        browser = enter(person)
        for url in urls:
            response = browser.get(url)
            body = response.content + str(response.headers).encode()
            assert b"CANARY" not in body, (status, person, url)
    words = "".join(f"{m.subject}{m.body}{m.path}" for m in Mail.objects.all()) + "".join(
        f"{e.detail}{e.reason}{e.reference}" for e in AuditEvent.objects.all()
    )
    assert "CANARY" not in words


READ_BY = {
    "practitioner": {"gate", "concern", "person", "context", "share", "monitoring", "despite"},
    "lead": {"gate", "concern", "person", "context", "check_record", "share", "despite"}
    | {"route_record"},
    "prevent_lead": {"gate", "concern", "person", "context", "check_record", "share", "despite"}
    | {"triage_record"},
    "officer": {"gate", "concern", "person", "context", "check_record", "share", "despite"}
    | {"triage_record", "gateway_record"},
    "front_door": {"concern", "person", "context", "check_record", "share"},
    "chair": {"gate", "concern", "person", "context", "check_record", "share", "despite"}
    | {"triage_record", "gateway_record"},
}
"""Records of a case at the panel of which somebody may read at all (section 8.3)."""


@pytest.mark.parametrize("who", READ_BY)
def test_whoever_sees_a_case_reads_no_column_that_is_not_theirs(who, cast, case_in):
    referral = case_in(Status.PANEL_LISTED)
    written = canaries.write(referral, cast)
    browser, seen = enter(getattr(cast, who)), ""
    for name, arguments in of_cases():
        response = browser.get(address(name, referral.key, arguments), follow=True)
        seen += response.content.decode(errors="replace")
    record_of = {model.__name__: name for name, model in workflow.RECORD_CLASS.items()}
    read = {record_of.get(model, model) for (model, _name), word in written.items() if word in seen}
    print(
        who,
        sorted(read),
        sorted(k for k, w in written.items() if w in seen and who == "front_door"),
    )
    own = {
        "practitioner": {"KeptText"},
        "prevent_lead": {"Message"},
        "officer": {"Message", "PoliceNote"},
    }
    # The names of the files stand with what was noticed (N13).
    assert not read - READ_BY[who] - own.get(who, set()) - {"Attachment"}


def test_the_front_door_reads_its_own_part_and_no_more(cast, case_in):
    referral = case_in(Status.TRIAGE, **CANARIES, ideology="erw")
    browser = enter(cast.front_door)
    seen = b""
    for name, arguments in of_cases():
        response = browser.get(address(name, referral.key, arguments), follow=True)
        seen += response.content
    for name, words in CANARIES.items():
        token = words.split()[0].rstrip(":").encode()
        assert (token in seen) is (name in PART), name
    assert b"Extreme right-wing" not in seen


def test_a_note_reaches_those_who_read_it_and_nobody_else(cast, case_in):
    """The team's stays with the team, a private one with its author, at every address."""
    referral = case_in(Status.PANEL_LISTED)
    for readers in NoteReaders:
        words = f"CANARYnote{readers}"
        workflow.write_note(referral, words, readers, by=cast.prevent_lead)
    report.make(referral)
    team = {"prevent_lead", "prevent_deputy", "prevent_senior", "officer", "supervisor"}
    for who, person in roles(cast).items():
        browser, seen, sees = enter(person), b"", may_see(person, referral)
        # Whoever does not see the case reads nothing at any address of it, as is held above.
        for name, arguments in of_cases() if sees else [("referrals:case", ["slug:key"])]:
            response = browser.get(address(name, referral.key, arguments))
            page = response.content
            if page.startswith(b"%PDF"):
                read = ["pdftotext", "-", "-"]
                page = subprocess.run(read, input=page, capture_output=True, check=True).stdout
                assert b"CANARY" not in page, (who, name)
            seen += page + str(response.headers).encode()
        assert (b"CANARYnoteteam" in seen) is (who in team), who
        assert (b"CANARYnoteself" in seen) is (who == "prevent_lead"), who
    told = "".join(f"{m.subject}{m.body}{m.path}" for m in Mail.objects.all()) + "".join(
        f"{e.detail}{e.reason}{e.reference}" for e in AuditEvent.objects.all()
    )
    assert "CANARY" not in told


def test_no_address_or_title_names_a_person(cast, case_in):
    referral = case_in(Status.TRIAGE, **CANARIES)
    for person in (cast.practitioner, cast.lead, cast.prevent_lead, cast.officer):
        browser = enter(person)
        for name, arguments in of_cases():
            page = browser.get(address(name, referral.key, arguments), follow=True)
            body = page.content.decode(errors="replace")
            title = body[body.find("<title>") : body.find("</title>")]
            assert "CANARY" not in title
            assert "CANARY" not in page.request["PATH_INFO"]
