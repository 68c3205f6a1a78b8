"""Evidence: what may be shown, to whom, and what becomes of a file."""

import csv
import io
import zipfile
from datetime import date, timedelta

import pikepdf
import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

import files
from audit.models import AuditEvent
from files import drawing as files_drawing
from files.scanning import Answer, Verdict
from files.terms import FileState
from outbox.models import Message
from selfassessment.evidence import (
    beside,
    drawing,
    packs,
    policy,
    queries,
    scanning,
    tasks,
    terms,
    workflow,
)
from selfassessment.evidence.models import Pack
from selfassessment.models import (
    Assessment,
    Assignment,
    Evidence,
    EvidenceUse,
    EvidenceVersion,
    Helper,
)
from selfassessment.moves import NotReady, TransitionError
from selfassessment.terms import EvidenceKind, Status
from tests.entry import enter
from tests.referrals import clamd, hostile
from tests.selfassessment import forms
from vault import keys
from vault.models import DataKey

TODAY = date(2026, 10, 5)


def kept(form, by, codes=("LG1",), *, files=0, at=forms.NOW, **more):
    """A piece of evidence in the rows, as the door leaves it, shown for some standards."""
    evidence = Evidence.objects.create(
        **{
            "agency": form.agency,
            "title": "Policy of the school",
            "kind": EvidenceKind.DOCUMENT,
            "owner": by,
            "dated_on": date(2026, 3, 1),
            "created_by": by,
            **more,
        }
    )
    for code in codes:
        EvidenceUse.objects.create(
            evidence=evidence, assessment=form, standard=forms.standard(code), added_by=by
        )
    if files:
        keys.new_case(evidence.pk)
    for number in range(1, files + 1):
        EvidenceVersion.objects.create(
            evidence=evidence,
            number=number,
            kind="txt",
            name=f"policy {number}.txt",
            size=4,
            sha256=f"{number}" * 64,
            content=b"text",
            state="clean",
            added_by=by,
            added_at=at + timedelta(days=number),
        )
    return evidence


def test_one_piece_stands_beside_each_standard_it_is_for(cast, form, django_assert_num_queries):
    kept(form, cast.lead, ["RP1", "LG1"], files=2)
    kept(form, cast.lead, ["LG1"], title="Second")
    with django_assert_num_queries(2):
        shown = queries.evidence_of(form)
    assert {code: [item.title for item in items] for code, items in shown.items()} == {
        "LG1": ["Policy of the school", "Second"],
        "RP1": ["Policy of the school"],
    }
    first = shown["LG1"][0]
    assert (first.codes, first.sha256, first.owner) == (("LG1", "RP1"), "2" * 64, cast.lead.name)
    assert shown["LG1"][1].sha256 == ""


def test_a_signed_form_shows_the_file_that_it_was_signed_with(cast, form):
    kept(form, cast.lead, files=2)
    assert queries.items_of(form)[0].sha256 == "2" * 64
    form.signed_at = forms.NOW + timedelta(days=1)
    assert queries.items_of(form)[0].sha256 == "1" * 64
    form.signed_at = forms.NOW
    assert queries.items_of(form)[0].sha256 == "1" * 64  # one that came later is better than none


def test_age_is_counted_in_calendar_months(cast, form):
    assert terms.months_before(date(2026, 8, 31)) == date(2025, 2, 28)
    old = kept(form, cast.lead, dated_on=date(2025, 4, 4), expires_on=date(2026, 10, 4))
    assert old.is_old(TODAY)
    assert old.is_expired(TODAY)
    edge = kept(form, cast.lead, dated_on=date(2025, 4, 5), expires_on=TODAY)
    assert not edge.is_old(TODAY)
    assert not edge.is_expired(TODAY)


# The door ---------------------------------------------------------------------------------------
def details(by, **more):
    return workflow.Details(
        **{
            "title": "Prevent policy",
            "kind": EvidenceKind.DOCUMENT,
            "owner": by,
            "dated_on": date(2026, 3, 1),
            **more,
        }
    )


def text(words=b"Approved by the governors."):
    return files.clean("policy.txt", words)


def add(form, by, codes=("LG1",), *, file=None, now=forms.NOW, **more):
    standards = [forms.standard(code) for code in codes]
    return workflow.add(form, details(by, **more), standards, file=file, by=by, now=now)


def help_with(form, cast, *codes):
    helper = Helper.objects.create(assessment=form, person=cast.teacher, added_by=cast.lead)
    for code in codes:
        Assignment.objects.create(
            assessment=form, standard=forms.standard(code), helper=helper, given_by=cast.lead
        )


def test_evidence_begins_the_form_and_is_sealed(cast, form):
    evidence = add(form, cast.lead, ["LG1", "RP1"], file=text())
    form.refresh_from_db()
    assert form.status == Status.IN_PROGRESS
    assert queries.evidence_of(form).keys() == {"LG1", "RP1"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT content, name, first_words FROM selfassessment_evidenceversion")
        stored = b"".join(bytes(each) for each in cursor.fetchone())
    assert b"governors" not in stored
    assert b"policy" not in stored
    assert evidence.versions.get().content == b"Approved by the governors."
    assert AuditEvent.objects.filter(kind="assessment.evidence_added").count() == 1


@pytest.mark.parametrize("status", [each for each in Status if each not in policy.TAKES])
def test_a_form_that_takes_nothing_takes_no_evidence(cast, form, status):
    forms.put_in(form, status, cast)
    with pytest.raises(TransitionError):
        add(form, cast.lead)


def test_in_moderation_evidence_is_added_and_the_sign_off_stands(cast, form):
    forms.put_in(form, Status.MODERATION, cast)
    evidence = add(form, cast.lead, file=text())
    form.refresh_from_db()
    assert form.signed_at == forms.NOW
    assert queries.evidence_of(form)["LG1"][0].title == evidence.title
    with pytest.raises(TransitionError):
        workflow.take_away(form, evidence, by=cast.lead)
    with pytest.raises(TransitionError):
        workflow.replace(form, evidence, text(b"New"), by=cast.lead)


def test_a_change_of_a_returned_form_voids_what_was_signed(cast, form):
    forms.put_in(form, Status.RETURNED, cast)
    add(form, cast.senior)
    form.refresh_from_db()
    assert form.signed_at is None


@pytest.mark.parametrize("name", ["teacher", "other_lead", "manager", "moderator", "board_member"])
def test_only_leads_the_senior_lead_and_helpers_add_evidence(cast, form, name):
    forms.put_in(form, Status.IN_PROGRESS, cast)
    with pytest.raises(PermissionDenied):
        add(form, getattr(cast, name))


def test_a_helper_adds_evidence_to_what_they_were_given(cast, form):
    help_with(form, cast, "LG2")
    mine = add(form, cast.teacher, ["LG2"])
    with pytest.raises(PermissionDenied):
        add(form, cast.teacher, ["LG1"])
    with pytest.raises(PermissionDenied):
        add(form, cast.teacher, ["LG1", "LG2"])
    theirs = add(form, cast.lead, ["LG1", "LG2"])
    both = [forms.standard("LG1"), forms.standard("LG2")]
    assert workflow.show_for(form, mine, both, by=cast.teacher) == []
    assert workflow.show_for(form, theirs, [], by=cast.teacher) == ["LG2"]
    assert queries.evidence_of(form).keys() == {"LG1", "LG2"}
    with pytest.raises(PermissionDenied):
        workflow.take_away(form, theirs, by=cast.teacher)
    workflow.take_away(form, mine, by=cast.teacher)


def test_its_owner_belongs_to_the_agency(cast, form):
    with pytest.raises(PermissionDenied):
        add(form, cast.lead, owner=cast.other_lead)


def test_a_newer_file_leaves_the_earlier_one(cast, form):
    evidence = add(form, cast.lead, file=text())
    workflow.replace(form, evidence, text(b"Second edition."), by=cast.lead)
    assert [each.content for each in evidence.versions.all()] == [
        b"Approved by the governors.",
        b"Second edition.",
    ]
    assert queries.items_of(form)[0].sha256 == text(b"Second edition.").sha256


def test_the_same_file_is_not_kept_twice_and_a_day_and_an_agency_have_their_bounds(
    cast, form, monkeypatch
):
    add(form, cast.lead, file=text())
    with pytest.raises(NotReady, match="here already"):
        add(form, cast.deputy, file=text())
    assert Evidence.objects.count() == 1
    monkeypatch.setattr("selfassessment.evidence.terms.MOST_A_DAY", 1)
    with pytest.raises(NotReady, match="today"):
        add(form, cast.lead, file=text(b"Another."))
    monkeypatch.setattr("selfassessment.evidence.terms.MOST_BYTES_OF_AGENCY", 30)
    with pytest.raises(NotReady, match="room"):
        add(form, cast.deputy, file=text(b"Another one."))


def test_what_was_signed_keeps_what_is_taken_away_later(cast, form):
    evidence = add(form, cast.lead, file=text())
    later = forms.form_of(cast.school, 2027)
    workflow.carry(later, by=cast.lead, now=forms.NOW)
    workflow.take_away(later, evidence, by=cast.lead)
    assert queries.evidence_of(later) == {}
    assert queries.evidence_of(form).keys() == {"LG1"}
    assert not Evidence.objects.of_agency(cast.school).exists()


def test_last_years_evidence_is_taken_over_but_for_what_has_expired(cast, form):
    add(form, cast.lead, ["LG1", "RP1"], title="Holds")
    gone = add(form, cast.lead, ["LG2"], title="Gone", expires_on=date(2026, 12, 31))
    later = forms.form_of(cast.school, 2027)
    then = forms.NOW + timedelta(days=365)
    found = workflow.last_year(later, today=then.date())
    assert {one.evidence.title: (one.codes, one.is_expired) for one in found} == {
        "Holds": (("LG1", "RP1"), False),
        "Gone": (("LG2",), True),
    }
    assert workflow.carry(later, by=cast.lead, standard=forms.standard("RP1"), now=then) == 1
    assert queries.evidence_of(later).keys() == {"RP1"}
    assert workflow.carry(later, by=cast.lead, now=then) == 1
    assert queries.evidence_of(later).keys() == {"LG1", "RP1"}
    assert workflow.carry(later, by=cast.lead, chosen={gone.pk}, now=then) == 1
    assert queries.evidence_of(later).keys() == {"LG1", "LG2", "RP1"}
    assert workflow.carry(later, by=cast.lead, now=then) == 0


# Files ------------------------------------------------------------------------------------------
def test_what_stands_beside_a_standard():
    photo = beside.of_file(files.clean("a.jpg", hostile.picture("JPEG", (2000, 1000))))
    with Image.open(io.BytesIO(photo.picture)) as small:
        assert (small.format, small.size) == ("JPEG", (terms.LONGEST_SIDE, 360))
    clear = beside.of_file(files.clean("a.png", hostile.picture("PNG", mode="RGBA")))
    assert clear.picture.startswith(b"\xff\xd8")
    for name, words in {
        "letter.docx": "My notes.",
        "letter.odt": "My notes.",
        "notes.pdf": "PDF of 1 page",
    }.items():
        assert words in beside.of_file(files.clean(name, hostile.GOOD[name])).words, name
    sheet = files.clean("a.xlsx", hostile.workbook(), taken=terms.TAKEN)
    assert beside.of_file(sheet).words == "Staff trained"
    long = beside.of_file(text(b"word " * 1_000)).words
    assert (len(long), long[-1]) == (terms.MOST_FIRST_WORDS + 1, "…")


HOSTILE = [
    each
    for number, each in enumerate(hostile.hostile())
    if number % 9 == 0 and len(each[1]) < 200_000
]


def test_hostile_files_are_refused_with_a_sentence_or_kept_harmless(cast, form):
    """A small part of the corpus of attachments; it is asked whole in test_files."""
    browser, url = enter(cast.lead), reverse("selfassessment:evidence_add", args=[form.key])
    assert len(HOSTILE) > 10
    for name, content in HOSTILE:
        sent = {**posted(cast), "upload": SimpleUploadedFile(name or "x", content)}
        response = browser.post(url, sent)
        assert response.status_code in (200, 302), name
        if response.status_code == 200:
            assert "govuk-error-summary" in response.content.decode(), name
    for version in EvidenceVersion.objects.all():
        assert not any(mark in version.content for mark in (b"<script", b"/JavaScript", b"MZ\x90"))


def posted(cast, **more):
    return {
        "title": "Prevent policy",
        "kind": "document",
        "dated_on_day": "1",
        "dated_on_month": "3",
        "dated_on_year": "2026",
        "owner": str(cast.lead.pk),
        "standards": ["LG1"],
        "end": "all",
        **more,
    }


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "Choose the file"),
        ({"kind": "link"}, "Write the address of the page"),
        ({"kind": "link", "address": "http://example.org/policy"}, "beginning with https://"),
        ({"kind": "link", "address": "javascript:alert(1)"}, "beginning with https://"),
        ({"kind": "link", "address": "https://me:word@example.org/"}, "before the @ sign"),
        ({"kind": "observation"}, "Write what was seen or said"),
        ({"dated_on_year": "2098"}, "today or earlier"),
        ({"standards": []}, "Select at least one standard"),
        ({"end": ""}, "cut off"),
    ],
)
def test_the_page_says_what_to_do(cast, form, more, said):
    url = reverse("selfassessment:evidence_add", args=[form.key])
    page = enter(cast.lead).post(url, posted(cast, **more)).content.decode()
    assert said in page
    assert "no personal data about people of concern" in page
    assert not Evidence.objects.exists()


def test_evidence_is_added_without_script_and_shown_beside_the_standard(cast, form):
    browser, key = enter(cast.lead), form.key
    photo = SimpleUploadedFile("C:\\photos\\Jane Smith.jpg", hostile.jpeg_with_place())
    url = reverse("selfassessment:evidence_add", args=[key])
    response = browser.post(f"{url}?for=LG1", posted(cast, upload=photo, standards=["LG1", "LG2"]))
    assert response["Location"] == reverse("selfassessment:standard", args=[key, "LG1"])
    version = EvidenceVersion.objects.get()
    assert hostile.SECRET.encode() not in version.content + version.picture
    seen = reverse("selfassessment:evidence_picture", args=[key, version.pk])
    library = reverse("selfassessment:evidence", args=[key])
    assert seen not in browser.get(library).text  # it waits for the virus check
    EvidenceVersion.objects.update(state=FileState.CLEAN)
    assert seen in browser.get(library).text
    picture = browser.get(seen)
    assert picture["Content-Type"] == "image/jpeg"
    assert picture["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in picture["Content-Security-Policy"]
    got = browser.get(reverse("selfassessment:evidence_file", args=[key, version.pk]))
    assert got.content == version.content
    assert got["Content-Disposition"].startswith('attachment; filename="evidence-')
    assert "Jane" not in got["Content-Disposition"]
    assert "sandbox" in got["Content-Security-Policy"]
    assert AuditEvent.objects.filter(kind="assessment.evidence_opened").count() == 1


@pytest.mark.parametrize("state", list(FileState))
def test_moderators_see_clean_files_once_signed_and_nobody_else_sees_any(
    cast, form, state, settings
):
    settings.REQUIRE_SCAN = True
    evidence = add(form, cast.lead, file=text())
    EvidenceVersion.objects.update(state=state)
    version = evidence.versions.get()
    clean = state == FileState.CLEAN
    url = reverse("selfassessment:evidence_file", args=[form.key, version.pk])
    for name in ("moderator", "manager", "board_member", "other_lead", "teacher", "stranger"):
        assert enter(getattr(cast, name)).get(url).status_code == 404, name
    own = enter(cast.lead).get(url).status_code
    assert own == (302 if state == FileState.INFECTED else 200)
    assert enter(cast.deputy).get(url).status_code == (200 if clean else 302)
    forms.put_in(form, Status.MODERATION, cast)
    library = reverse("selfassessment:evidence", args=[form.key])
    for name in ("moderator", "manager"):
        browser = enter(getattr(cast, name))
        assert browser.get(url).status_code == (200 if clean else 404), name
        assert (evidence.title in browser.get(library).content.decode()) == clean
    for name in ("board_member", "other_lead", "teacher", "stranger"):
        assert enter(getattr(cast, name)).get(url).status_code == 404, name


def test_moderators_see_nothing_that_the_form_does_not_show(cast, form):
    kept(form, cast.lead, [], files=1)
    unused = Evidence.objects.get()
    forms.put_in(form, Status.MODERATION, cast)
    for name, args in (
        ("item", [unused.pk]),
        ("file", [unused.versions.get().pk]),
        ("picture", [unused.versions.get().pk]),
    ):
        url = reverse(f"selfassessment:evidence_{name}", args=[form.key, *args])
        assert enter(cast.moderator).get(url).status_code == 404, name


def test_of_a_virus_only_the_fact_is_left_and_its_people_are_told(cast, form, settings, tmp_path):
    with clamd.running(tmp_path) as (address, _daemon):
        settings.SCANNER = address
        evidence = add(form, cast.lead, file=text(b"Text. " + hostile.EICAR))
        other = add(form, cast.lead, file=text(b"Fine."))
        for version in EvidenceVersion.objects.all():
            scanning.scan(version.pk)
    bad, good = evidence.versions.get(), other.versions.get()
    assert (bad.state, bad.content, bad.first_words) == (FileState.INFECTED, b"", "")
    assert (good.state, good.content) == (FileState.CLEAN, b"Fine.")
    told = Message.objects.filter(kind="assessment.evidence_destroyed")
    assert {each.to_person for each in told} == {cast.lead, cast.deputy}
    assert "Prevent policy" not in told[0].body


def test_a_scanner_that_is_away_leaves_the_file_waiting(cast, form, settings):
    settings.SCANNER = "clamd://127.0.0.1:9"
    evidence = add(form, cast.lead, file=text())
    version = evidence.versions.get()
    assert scanning.scan(version.pk, now=forms.NOW) == FileState.PENDING
    assert scanning.waiting_for_scan(forms.NOW) == []
    assert scanning.waiting_for_scan(forms.NOW + timedelta(minutes=2)) == [version.pk]


# The pack ---------------------------------------------------------------------------------------
def test_the_pack_holds_files_a_list_and_notes_and_is_logged(cast, form, settings):
    settings.REQUIRE_SCAN = True
    add(form, cast.lead, ["LG1", "RP1"], file=text(), title="=Policy")
    EvidenceVersion.objects.update(state=FileState.CLEAN)
    add(form, cast.deputy, ["LG2"], file=text(b"Waits."), title="Waiting")
    add(
        form,
        cast.lead,
        ["LG3"],
        kind=EvidenceKind.LINK,
        address="https://example.org/",
        title="Page",
    )
    url = reverse("selfassessment:evidence_pack", args=[form.key])
    browser = enter(cast.lead)
    assert browser.get(url).status_code == 200
    response = browser.post(url)
    assert response["Content-Disposition"] == 'attachment; filename="evidence-2026.zip"'
    with zipfile.ZipFile(io.BytesIO(b"".join(response))) as package:
        held = {name: package.read(name) for name in package.namelist()}
    assert held["01-policy.txt"] == b"Approved by the governors."
    assert b"Waiting for the virus check" in held["02-waiting-not-in-the-pack.txt"]
    rows = list(csv.reader(io.StringIO(held["manifest.csv"].decode("utf-8-sig"))))
    assert rows[1][:4] == ["01-policy.txt", "'=Policy", "Document", "LG1 RP1"]
    assert text().sha256 in rows[1]
    assert rows[3][8] == "https://example.org/"
    assert cast.lead.name in held["README.txt"].decode()
    assert AuditEvent.objects.filter(kind="assessment.evidence_packed").count() == 1


@pytest.fixture
def large(cast, form, monkeypatch):
    """A form whose evidence is more than a page sends at once; the address of its pack."""
    monkeypatch.setattr("selfassessment.evidence.terms.LARGE_PACK", 10)
    monkeypatch.setattr("selfassessment.evidence.packs.PACK_PART", 100)
    add(form, cast.lead, ["LG1"], file=text())
    add(form, cast.lead, ["RP1"], file=text(b"Another file."))
    return reverse("selfassessment:evidence_pack", args=[form.key])


def test_a_large_pack_comes_section_by_section(cast, large):
    browser = enter(cast.lead)
    assert "section by section" in browser.get(large).content.decode()
    response = browser.post(large, {"section": "RP"})
    with zipfile.ZipFile(io.BytesIO(b"".join(response))) as package:
        assert len([name for name in package.namelist() if name[0].isdigit()]) == 1


def test_a_large_pack_is_made_by_the_worker_sealed_and_fetched_once_ready(cast, large):
    browser = enter(cast.lead)
    browser.post(large)
    browser.post(large)  # pressed twice: one pack
    asked = Pack.objects.get()
    assert "being made, 0% done" in browser.get(large).text
    ready = reverse("selfassessment:evidence_ready_pack", args=[asked.assessment.key, asked.pk])
    assert browser.get(ready).status_code == 404
    tasks.make_pack.func(str(asked.pk))
    tasks.make_pack.func(str(asked.pk))  # a job that runs twice
    assert ready in browser.get(large).text
    asked.refresh_from_db()
    assert (asked.done, asked.pieces) == (100, 2)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM selfassessment_packpart ORDER BY number")
        stored = b"".join(bytes(row[0]) for row in cursor.fetchall())
    assert asked.parts.count() > 1
    assert b"manifest.csv" not in stored
    with zipfile.ZipFile(io.BytesIO(b"".join(browser.get(ready)))) as package:
        assert package.testzip() is None
        assert {"manifest.csv", "README.txt"} < set(package.namelist())
    kinds = AuditEvent.objects.filter(kind__startswith="assessment.evidence_pack_")
    assert [each.kind.rpartition("_")[2] for each in kinds.order_by("pk")] == [
        "asked",
        "made",
        "taken",
    ]


def test_a_pack_is_only_for_whoever_asked_and_is_gone_after_a_day(cast, form, large):
    pack = packs.ask(form, by=cast.lead, now=timezone.now())
    packs.make(pack.pk)
    ready = reverse("selfassessment:evidence_ready_pack", args=[form.key, pack.pk])
    assert enter(cast.deputy).get(ready).status_code == 404
    assert packs.throw_away_old(timezone.now() + timedelta(hours=23)) == 0
    assert packs.throw_away_old(timezone.now() + timedelta(hours=25)) == 1
    assert not DataKey.objects.filter(pk=pack.pk).exists()
    assert enter(cast.lead).get(ready).status_code == 404


def test_a_pack_that_cannot_be_made_says_so_and_holds_nothing(cast, form, large):
    pack = packs.ask(form, by=cast.lead)
    cast.lead.memberships.all().delete()  # who asked has left
    with pytest.raises(Assessment.DoesNotExist):
        packs.make(pack.pk)
    pack.refresh_from_db()
    assert pack.failed_at is not None
    assert not pack.parts.exists()
    lost = Pack.objects.create(assessment=form, asked_by=cast.deputy)
    packs.throw_away_old(timezone.now() + timedelta(hours=3))
    lost.refresh_from_db()
    assert lost.failed_at is not None


# The first page of a PDF ------------------------------------------------------------------------
def pdf_file(*, pages=2) -> files.CleanFile:
    made = pikepdf.new()
    for _each in range(pages):
        made.add_blank_page(page_size=(595, 842))
    out = io.BytesIO()
    made.save(out)
    return files.clean("policy.pdf", out.getvalue(), taken=terms.TAKEN)


def test_the_first_page_of_a_pdf_is_drawn_once_it_was_found_clean(cast, form, settings):
    settings.REQUIRE_SCAN = True
    evidence = add(form, cast.lead, ["LG1"], file=pdf_file())
    version = evidence.versions.get()
    browser = enter(cast.lead)
    standard = reverse("selfassessment:standard", args=[form.key, "lg1"])
    picture = reverse("selfassessment:evidence_picture", args=[form.key, version.pk])
    assert not drawing.draw(version.pk)
    assert "PDF of 2 pages" in browser.get(standard).text
    scanning.record_scan(version.pk, Answer(Verdict.CLEAN))
    assert drawing.draw(version.pk)
    assert "First page. PDF of 2 pages" in browser.get(standard).text
    with Image.open(io.BytesIO(browser.get(picture).content)) as drawn:
        assert (drawn.format, drawn.height) == ("JPEG", 720)
    # Whatever becomes of it later: nothing of an unchecked file stands in a page.
    for state in (FileState.PENDING, FileState.FAILED, FileState.INFECTED):
        EvidenceVersion.objects.update(state=state)
        assert browser.get(picture).status_code == 404
        assert picture not in browser.get(standard).text


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 nonsense", b"\x00" * 5000])
def test_what_cannot_be_drawn_has_no_picture(content):
    assert files_drawing.first_page(content, longest=720) == b""


# Pages ------------------------------------------------------------------------------------------
def test_every_page_asks_little_of_the_database(cast, form):
    earlier = forms.form_of(cast.school, 2025)
    kept(earlier, cast.lead, ["LG4"], title="Of last year")
    for number in range(12):
        kept(form, cast.lead, ["LG1", "RP1", "IS1"], files=2, title=f"Piece {number}")
    one = Evidence.objects.latest("created_at")
    many = {}
    for who in (cast.lead, cast.senior):
        browser = enter(who)
        browser.get("/self-assessment/")
        for name, args in (
            ("evidence", []),
            ("evidence_add", []),
            ("evidence_carry", []),
            ("evidence_pack", []),
            ("evidence_item", [one.pk]),
            ("evidence_change", [one.pk]),
            ("evidence_replace", [one.pk]),
            ("evidence_take_away", [one.pk]),
        ):
            url = reverse(f"selfassessment:{name}", args=[form.key, *args])
            with CaptureQueriesContext(connection) as asked:
                assert browser.get(url).status_code == 200, name
            if len(asked) > 15:
                many[name, who == cast.lead] = len(asked)
    assert many == {}


def test_the_ticks_and_the_other_pages_do_what_they_say(cast, form):
    evidence = add(form, cast.lead, file=text())
    browser = enter(cast.lead)

    def send(name, *args, **data):
        return browser.post(reverse(f"selfassessment:{name}", args=[form.key, *args]), data)

    send("evidence_item", evidence.pk, standards=["RP1", "LG2"])
    assert queries.evidence_of(form).keys() == {"LG2", "RP1"}
    send("evidence_change", evidence.pk, **{**posted(cast), "title": "Renamed"})
    newer = SimpleUploadedFile("b.txt", b"Newer.")
    send("evidence_replace", evidence.pk, upload=newer, end="all")
    evidence.refresh_from_db()
    assert (evidence.title, evidence.versions.count()) == ("Renamed", 2)
    page = browser.get(reverse("selfassessment:evidence_item", args=[form.key, evidence.pk]))
    assert "Newer." in page.content.decode()
    send("evidence_take_away", evidence.pk)
    assert queries.evidence_of(form) == {}
    later = forms.form_of(cast.school, 2027)
    again = kept(form, cast.lead, ["LG1"])
    browser.post(
        reverse("selfassessment:evidence_carry", args=[later.key]),
        {"chosen": [str(again.pk), "nonsense"]},
    )
    assert queries.evidence_of(later).keys() == {"LG1"}
