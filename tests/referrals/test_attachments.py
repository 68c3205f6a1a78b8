"""Attachments of a concern (N13): added, checked, opened by few, frozen, destroyed with it."""

import io
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

import files
from accounts.models import User
from audit.models import AuditEvent
from files.scanning import Answer, Verdict
from files.terms import FileState
from outbox.models import Message as Mail
from referrals import receivers, report, retention, workflow
from referrals.answers import Answers
from referrals.models import Attachment, PageSave, Referral
from referrals.moves import TransitionError
from referrals.questions import BY_NAME
from referrals.tasks import scan_attachment
from referrals.terms import MessageKind, Status
from tests.entry import enter
from tests.referrals import cases, clamd, hostile
from tests.referrals.cases import MONDAY, fresh

pytestmark = pytest.mark.django_db

NAME = "CANARYname notes.pdf"


def add(referral: Referral, *wanted: str, by: User, **how: Any) -> list[Attachment]:
    chosen = [files.clean(name, hostile.GOOD[name]) for name in wanted or ("notes.pdf",)]
    return workflow.add_files(fresh(referral), chosen, by=by, **how).kept


def send(
    client: Client, referral: Referral, *sent: tuple[str, bytes], press: str = "add", **more: Any
) -> Any:
    """The page's form as a browser without script sends it."""
    held = [named(name, content) for name, content in sent]
    form = {"upload": held, "end": "all", press: "1"} | more
    return client.post(page(referral), form)


def named(name: str, content: bytes) -> io.BytesIO:
    held = io.BytesIO(content)
    held.name = name
    return held


def page(referral: Referral, name: str = "files", *more: Any) -> str:
    return reverse(f"referrals:{name}", args=[referral.key, *more])


def body(response: Any) -> str:
    return str(response.content.decode())


def states(referral: Referral) -> list[str]:
    return [one.state for one in workflow.files_of(referral)]


def events_of(referral: Referral, kind: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.about(referral.pk).filter(kind=f"referral.{kind}"))


def jobs(one: Attachment) -> list[DBTaskResult]:
    found = DBTaskResult.objects.filter(task_path__endswith="scan_attachment")
    return [job for job in found if job.args_kwargs["args"] == [str(one.pk)]]


@pytest.fixture
def draft(cast):
    return workflow.start(cast.practitioner)


@pytest.fixture
def author(cast):
    return enter(cast.practitioner)


@pytest.fixture
def scanner(tmp_path, settings):
    with clamd.running(tmp_path) as (address, daemon):
        settings.SCANNER = address
        yield daemon


# Adding -----------------------------------------------------------------------------------------
def test_several_files_come_at_once_and_are_listed(draft, author):
    names = ["notes.pdf", "photo.jpg", "letter.docx"]
    answer = send(author, draft, *((name, hostile.GOOD[name]) for name in names))
    assert answer.status_code == 302
    shown = body(author.get(answer["Location"]))
    assert "3 files have been added." in shown
    assert all(name in shown for name in names)
    assert [one.number for one in workflow.files_of(draft)] == [1, 2, 3]
    assert len(events_of(draft, "file_added")) == 3


def test_one_bad_file_loses_none_of_the_others(draft, author):
    good = hostile.GOOD["notes.pdf"]
    answer = send(author, draft, ("evil.exe", hostile.EXE), ("notes.pdf", good))
    shown = body(answer)
    assert "Error:" in shown
    assert "“evil.exe” is of a kind that we do not take." in shown
    assert "Added: notes.pdf." in shown
    assert [one.name for one in workflow.files_of(draft)] == ["notes.pdf"]


def test_what_cannot_be_added_is_said_kindly(cast, draft, author):
    good = hostile.GOOD["notes.pdf"]
    add(draft, by=cast.practitioner)
    assert "is here already" in body(send(author, draft, ("again.pdf", good)))
    assert "Choose a file first" in body(send(author, draft))
    assert "is empty" in body(send(author, draft, ("empty.txt", b"")))
    assert "larger than 10 MB" in body(send(author, draft, ("a.txt", b"a" * 10_000_001)))
    for text in ("one", "two", "three", "four"):
        send(author, draft, (f"{text}.txt", text.encode()))
    shown = body(author.get(page(draft)))
    assert "Five files are there" in shown
    assert 'type="file"' not in shown
    assert "a concern takes five files" in body(send(author, draft, ("six.txt", b"six")))
    assert len(workflow.files_of(draft)) == 5


def test_going_on_takes_what_was_chosen_along(draft, author):
    answer = send(author, draft, ("a.txt", b"words"), press="on")
    assert answer["Location"] == page(draft, "closeness")
    assert PageSave.objects.filter(referral=draft, step="files").exists()
    later = send(author, draft, ("b.txt", b"other words"), press="later")
    assert later["Location"] == page(draft, "tasks")
    assert len(workflow.files_of(draft)) == 2
    stays = send(author, draft, ("evil.exe", hostile.EXE), press="on")
    assert stays.status_code == 200


def test_the_page_is_left_without_any_file_and_its_task_is_done(draft, author):
    assert "Files (optional)" in body(author.get(page(draft, "tasks")))
    assert send(author, draft, press="on").status_code == 302
    assert workflow.files_of(draft) == []


def test_the_review_shows_them_and_leads_back(cast, author):
    draft = cases.draft(cast)
    add(draft, by=cast.practitioner)
    shown = body(author.get(page(draft, "answers")))
    assert "notes.pdf (PDF, " in shown
    assert f"{page(draft)}?next=answers" in shown
    held = {"end": "all", "on": "1"}
    answer = author.post(f"{page(draft)}?next=answers", held)
    assert answer["Location"] == page(draft, "answers")


@pytest.mark.parametrize("part", range(4))
def test_no_hostile_file_breaks_the_page_or_stays_as_it_came(cast, author, part):
    """Through the real form, as a browser sends it: never an error of ours."""
    corpus = hostile.hostile()[part::4]
    for start in range(0, len(corpus), 5):
        draft = workflow.start(cast.practitioner)
        some = corpus[start : start + 5]
        answer = send(author, draft, *some)
        assert answer.status_code in (200, 302), [name for name, _content in some]
        came = {content for _name, content in some}
        for one in Attachment.objects.filter(referral=draft):
            assert one.content not in came - {hostile.GOOD["photo.jpg"], hostile.GOOD["words.txt"]}


def test_a_file_that_is_too_large_is_answered_in_words_and_not_kept_in_memory(draft, author):
    for size in (10_000_001, 30_000_000):
        answer = send(author, draft, ("huge.pdf", b"%PDF-" + b"a" * size))
        assert "“huge.pdf” is larger than 10 MB" in body(answer)
    assert workflow.files_of(draft) == []


def test_a_request_that_is_far_too_large_is_answered_without_being_read(draft, author):
    head, tail = multipart()
    answer = raw(author, draft, head + b"a" * 1000 + tail, claims=2_000_000_000)
    assert "That is far too much at once" in body(answer)


def multipart() -> tuple[bytes, bytes]:
    """The page's form with one text file, as bytes: before the file's words, and after."""
    head = b'--x\r\nContent-Disposition: form-data; name="upload"; filename="a.txt"\r\n\r\n'
    tail = b'\r\n--x\r\nContent-Disposition: form-data; name="end"\r\n\r\nall\r\n'
    tail += b'--x\r\nContent-Disposition: form-data; name="add"\r\n\r\n1\r\n--x--\r\n'
    return head, tail


def raw(client: Client, draft: Referral, sent: bytes, *, claims: int = 0) -> Any:
    said: Any = {"CONTENT_LENGTH": str(claims or len(sent)), "wsgi.input": io.BytesIO(sent)}
    kind = "multipart/form-data; boundary=x"
    return client.generic("POST", page(draft), sent, content_type=kind, **said)


def test_an_upload_that_breaks_off_leaves_nothing_behind(draft, author):
    """Cut at two hundred places: either all of it came, or nothing is there (FI-05)."""
    words = b"He said: people like that. " * 40
    head, tail = multipart()
    whole = head + words + tail
    for cut in range(1, len(whole) - 60, max(1, len(whole) // 200)):
        answer = raw(author, draft, whole[:cut])
        assert answer.status_code == 200
        assert "cut off" in body(answer)
        assert not Attachment.objects.exists()
    assert raw(author, draft, whole).status_code == 302
    assert Attachment.objects.get().content == words


def test_nothing_that_is_sent_is_laid_on_disk_as_it_came():
    assert settings.FILE_UPLOAD_HANDLERS == ["ui.uploads.InMemory"]


def test_there_is_a_most_for_one_person_in_a_day(cast, draft, monkeypatch):
    monkeypatch.setattr("referrals.workflow.attachments.MOST_A_DAY", 2)
    other = workflow.start(cast.practitioner)
    add(other, "notes.pdf", "photo.jpg", by=cast.practitioner, now=MONDAY)
    cleaned = [files.clean("a.txt", b"words")]
    added = workflow.add_files(draft, cleaned, by=cast.practitioner, now=MONDAY)
    assert "too many files came today" in added.refused[0]
    later = MONDAY + timedelta(days=1, minutes=1)
    assert workflow.add_files(draft, cleaned, by=cast.practitioner, now=later).kept


def test_the_database_itself_takes_no_sixth(cast, draft):
    kept = add(draft, by=cast.practitioner)[0]
    for number in (0, 1, 6):
        with pytest.raises(IntegrityError), transaction.atomic():
            Attachment.objects.create(
                referral=draft, number=number, kind=kept.kind, size=1, by=cast.practitioner
            )


def test_nothing_of_a_file_is_readable_in_the_database(cast, draft):
    clean = files.CleanFile(NAME, files.clean("a.txt", b"x").kind, b"CANARYcontent")
    workflow.add_files(draft, [clean], by=cast.practitioner)
    with connection.cursor() as cursor:
        for table in ("referrals_attachment", "referrals_concernrecord", "audit_auditevent"):
            cursor.execute(f"SELECT row_to_json(t)::text FROM {table} t")  # noqa: S608
            rows = "".join(row[0] for row in cursor.fetchall())
            for word in ("CANARY", b"CANARY".hex(), clean.sha256):
                assert word not in rows, table


# Removing ---------------------------------------------------------------------------------------
def test_its_author_removes_a_file_after_a_question(cast, draft, author):
    one = add(draft, "notes.pdf", "photo.jpg", by=cast.practitioner)[0]
    there = page(draft, "remove_file", one.pk)
    assert "Remove this file?" in body(author.get(there))
    assert Attachment.objects.filter(pk=one.pk).exists()
    author.post(there)
    assert [one.name for one in workflow.files_of(draft)] == ["photo.jpg"]
    assert [f["name"] for f in fresh(draft).concern.attachments] == ["photo.jpg"]
    assert author.post(there).status_code == 404
    assert events_of(draft, "file_removed")[0].detail == {"number": 1}
    assert add(draft, "words.txt", by=cast.practitioner)[0].number == 1


def test_nothing_is_removed_once_it_is_with_the_lead(cast, case_in):
    referral = case_in(Status.AGENCY_CHECK)
    one = add(referral, by=cast.practitioner)[0]
    for person in (cast.practitioner, cast.lead):
        assert enter(person).post(page(referral, "remove_file", one.pk)).status_code == 403
        with pytest.raises(PermissionDenied):
            workflow.remove_file(referral, one.pk, by=person)
    assert states(referral) == [FileState.PENDING]


def test_a_draft_that_is_disposed_of_takes_its_files_along(cast, draft):
    add(draft, by=cast.practitioner)
    workflow.delete_draft(draft, by=cast.practitioner)
    assert not Attachment.objects.exists()


def test_a_draft_with_a_fresh_file_is_not_stale(cast, draft):
    add(draft, by=cast.practitioner, now=MONDAY)
    assert fresh(draft).touched_at == MONDAY
    assert retention.stale_drafts(MONDAY + timedelta(days=29)).count() == 0


# Who may open -----------------------------------------------------------------------------------
def test_until_the_check_has_answered_only_who_added_it_opens_it(cast, case_in):
    referral = case_in(Status.AGENCY_CHECK)
    one = add(referral, by=cast.practitioner)[0]
    there = page(referral, "file", one.pk)
    assert enter(cast.practitioner).get(there).status_code == 200
    lead = enter(cast.lead)
    answer = lead.get(there, follow=True)
    assert "This file cannot be opened now." in body(answer)
    assert b"%PDF" not in answer.content
    assert lead.post(there).status_code == 302
    with pytest.raises(PermissionDenied):
        workflow.open_file(referral, one.pk, by=cast.lead)
    Attachment.objects.update(state=FileState.CLEAN)
    assert lead.get(there).content.startswith(b"%PDF")


def test_a_download_shows_and_runs_nothing_and_is_logged(cast, case_in):
    referral = case_in(Status.TRIAGE)
    one = add(referral, by=cast.lead)[0]
    Attachment.objects.update(state=FileState.CLEAN)
    answer = enter(cast.prevent_lead).get(page(referral, "file", one.pk))
    name = f"{referral.reference}-attachment-1.pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content == Attachment.objects.get().content
    event = events_of(referral, "file_opened")[-1]
    assert (event.person, event.detail) == (cast.prevent_lead, {"number": 1, "state": "clean"})


def test_front_door_has_the_files_that_were_shared_and_none_from_after(cast):
    """Section 8.3: its own part, and nothing after."""
    draft = cases.walk_to(cast, Status.AGENCY_CHECK)
    before = add(draft, by=cast.practitioner)[0]
    cases.fill(draft, cases.CHECK, by=cast.lead)
    workflow.decide(cases.fresh(draft), by=cast.lead)
    cases.fill(draft, cases.SHARE, by=cast.lead)
    referral = workflow.submit(cases.fresh(draft), by=cast.lead, form_key=uuid.uuid4())
    after = add(referral, "photo.jpg", by=cast.lead)[0]
    Attachment.objects.update(state=FileState.CLEAN)
    door = enter(cast.front_door)
    listed = body(door.get(page(referral)))
    part = body(door.get(page(referral, "part")))
    assert f'href="{page(referral)}"' in part
    for shown in (listed, part):
        assert before.name in shown
        assert after.name not in shown
    assert door.get(page(referral, "file", before.pk)).status_code == 200
    assert door.get(page(referral, "file", after.pk)).status_code == 404
    assert enter(cast.prevent_lead).get(page(referral, "file", after.pk)).status_code == 200


def test_a_file_is_found_only_in_its_own_case(cast, case_in):
    one = add(case_in(Status.TRIAGE), by=cast.lead)[0]
    other = case_in(Status.TRIAGE)
    assert enter(cast.prevent_lead).get(page(other, "file", one.pk)).status_code == 404


def test_in_the_demonstration_a_warning_stands_before_an_unchecked_file(cast, case_in, settings):
    settings.REQUIRE_SCAN = False
    referral = case_in(Status.AGENCY_CHECK)
    one = add(referral, by=cast.practitioner)[0]
    there, lead = page(referral, "file", one.pk), enter(cast.lead)
    warned = lead.get(there)
    assert "Nobody has checked this file for viruses" in body(warned)
    assert events_of(referral, "file_opened") == []
    assert lead.post(there).content.startswith(b"%PDF")
    assert events_of(referral, "file_opened")[0].detail["state"] == "pending"


def test_the_pages_of_a_case_lead_to_its_files(cast, case_in):
    referral = case_in(Status.AGENCY_CHECK)
    add(referral, by=cast.practitioner)
    link = f'href="{page(referral)}"'
    assert link in body(enter(cast.lead).get(page(referral, "check")))
    assert link in body(enter(cast.practitioner).get(page(referral, "status")))
    shared = case_in(Status.TRIAGE, adult_care_needs="no")
    add(shared, by=cast.lead)
    reader = enter(cast.prevent_lead)
    shown = body(reader.get(page(shared, "case")))
    assert f'href="{page(shared)}"' in shown
    assert "notes.pdf" in shown
    assert "notes.pdf" in body(reader.get(page(shared)))


# Frozen, and added later ------------------------------------------------------------------------
def test_files_are_frozen_with_the_answers_and_stand_in_the_document(cast):
    referral = cases.walk_to(cast, Status.AGENCY_CHECK)
    one = add(referral, by=cast.practitioner)[0]
    cases.fill(referral, cases.CHECK, by=cast.lead)
    workflow.decide(fresh(referral), by=cast.lead)
    cases.fill(fresh(referral), cases.SHARE, by=cast.lead)
    workflow.submit(fresh(referral), by=cast.lead, form_key=uuid.uuid4())
    frozen = fresh(referral).submission
    held = frozen.answers["attachments"]
    assert [(f["name"], f["size"], f["sha256"]) for f in held] == [(one.name, one.size, one.sha256)]
    assert frozen.sha256 == workflow.answers_digest(frozen.answers)
    add(referral, "photo.jpg", by=cast.lead)
    assert fresh(referral).submission.answers["attachments"] == held
    assert report.context_of(fresh(referral))["files"] == held
    rows = [shown.text for shown in report.frozen(fresh(referral)).shown([BY_NAME["attachments"]])]
    assert rows[0].startswith("notes.pdf (PDF, ")


def test_a_file_that_comes_later_is_a_dated_addition_and_is_told(cast, case_in):
    referral = case_in(Status.TRIAGE)
    before = Mail.objects.count()
    kept = add(referral, "photo.jpg", by=cast.practitioner)[0]
    said = referral.messages.get(kind=MessageKind.ADDITION)
    assert "photo.jpg" in said.body
    assert Mail.objects.count() > before
    assert "photo" not in "".join(f"{m.subject}{m.body}" for m in Mail.objects.all())
    shown = body(enter(cast.prevent_lead).get(page(referral)))
    assert "Added later, by Hannah Ellis" in shown
    assert kept.number == 1


@pytest.mark.parametrize("status", [Status.WITHDRAWN, Status.CLOSED, Status.AGENCY_CLOSED])
def test_nothing_is_added_once_it_has_ended(cast, case_in, status):
    referral = case_in(status)
    with pytest.raises(TransitionError):
        add(referral, by=cast.practitioner)
    answer = send(enter(cast.practitioner), referral, ("a.txt", b"words"))
    assert answer.status_code == 302
    assert not Attachment.objects.exists()


def test_only_author_and_agency_add_files(cast, case_in):
    referral = case_in(Status.TRIAGE)
    for person in (cast.prevent_lead, cast.officer, cast.front_door):
        with pytest.raises(PermissionDenied):
            add(referral, by=person)
        assert send(enter(person), referral, ("a.txt", b"words")).status_code == 403
    referral = case_in(Status.DRAFT)
    with pytest.raises(PermissionDenied):
        add(referral, by=cast.lead)


# The virus check --------------------------------------------------------------------------------
def test_a_file_waits_is_checked_by_the_worker_and_is_clean(cast, draft, scanner):
    one = add(draft, by=cast.practitioner)[0]
    job = jobs(one)[0]
    assert states(draft) == [FileState.PENDING]
    scan_attachment.call(*job.args_kwargs["args"])
    assert states(draft) == [FileState.CLEAN]
    assert scanner.scanned == [one.content]
    scan_attachment.call(*job.args_kwargs["args"])
    assert len(scanner.scanned) == 1


def test_a_virus_is_destroyed_its_people_are_told_and_the_fact_is_kept(cast, case_in, scanner):
    referral = case_in(Status.AGENCY_CHECK)
    cleaned = [files.clean("CANARYletter.txt", hostile.EICAR)]
    one = workflow.add_files(referral, cleaned, by=cast.practitioner).kept[0]
    assert workflow.scan(one.pk, now=MONDAY) == FileState.INFECTED
    kept = Attachment.objects.get()
    assert (kept.state, kept.content, kept.checked_at) == (FileState.INFECTED, b"", MONDAY)
    told = Mail.objects.filter(kind="referral.file_destroyed")
    assert {mail.to_person for mail in told} == {cast.practitioner, cast.lead}
    assert "CANARY" not in "".join(f"{m.subject}{m.body}{m.path}" for m in told)
    assert events_of(referral, "file_infected")
    for person in (cast.practitioner, cast.lead):
        client = enter(person)
        assert client.get(page(referral, "file", one.pk)).status_code == 302
        assert "Destroyed: it had a virus in it" in body(client.get(page(referral)))
    shown = next(Answers(fresh(referral)).shown([BY_NAME["attachments"]]))
    assert "destroyed" in shown.text


def test_a_scanner_that_is_away_makes_a_file_wait_and_never_clean(cast, draft, settings, tmp_path):
    settings.SCANNER = f"clamd://{tmp_path}/nobody.ctl"
    one = add(draft, by=cast.practitioner, now=MONDAY)[0]
    now = MONDAY
    for _round in range(12):
        receivers.scan_what_waits(None, now=now)
        now += timedelta(hours=1, minutes=1)
    waiting = Attachment.objects.get()
    assert (waiting.state, waiting.tries) == (FileState.PENDING, 12)
    with clamd.running(tmp_path) as (address, _daemon):
        settings.SCANNER = address
        receivers.scan_what_waits(None, now=now)
    assert states(draft) == [FileState.CLEAN]
    assert one.pk == waiting.pk


def test_it_is_not_tried_again_at_once(cast, draft, settings, tmp_path):
    settings.SCANNER = f"clamd://{tmp_path}/nobody.ctl"
    add(draft, by=cast.practitioner, now=MONDAY)
    for _round in range(3):
        receivers.scan_what_waits(None, now=MONDAY)
    assert Attachment.objects.get().tries == 1


def test_what_the_scanner_cannot_look_at_is_said_to_be_unchecked(cast, case_in, scanner):
    referral = case_in(Status.AGENCY_CHECK)
    one = add(referral, by=cast.practitioner)[0]
    scanner.answer = b"stream: Encrypted ERROR\0"
    for _round in range(3):
        workflow.scan(one.pk)
    assert states(referral) == [FileState.FAILED]
    assert "Could not be checked for viruses" in body(enter(cast.lead).get(page(referral)))
    assert enter(cast.lead).get(page(referral, "file", one.pk)).status_code == 302


def test_without_a_scanner_nothing_is_ever_clean(cast, draft, settings):
    settings.SCANNER = ""
    one = add(draft, by=cast.practitioner)[0]
    assert workflow.scan(one.pk) is None
    receivers.scan_what_waits(None, now=MONDAY)
    assert states(draft) == [FileState.PENDING]
    assert jobs(one) == []


def test_a_file_that_was_removed_while_it_was_checked_stays_gone(cast, draft, scanner):
    one = add(draft, by=cast.practitioner)[0]
    workflow.remove_file(draft, one.pk, by=cast.practitioner)
    assert workflow.scan(one.pk) is None
    assert workflow.record_scan(one.pk, Answer(Verdict.CLEAN)) is None


# Cost -------------------------------------------------------------------------------------------
def test_the_page_asks_little_of_the_database(cast, case_in, django_assert_max_num_queries):
    referral = case_in(Status.TRIAGE)
    add(referral, "notes.pdf", "photo.jpg", "words.txt", by=cast.lead)
    client = enter(cast.prevent_lead)
    client.get(page(referral))
    with django_assert_max_num_queries(15):
        client.get(page(referral))
