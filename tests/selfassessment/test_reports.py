"""The documents of the self-assessment: opened, read, and held against PDF/UA-1."""

import hashlib
import subprocess
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO

import page as validator
import pikepdf
import pytest
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from agencies.models import Logo
from outbox.tasks import TaskRunner
from selfassessment import tasks
from selfassessment.models import Cycle, SignOff
from selfassessment.moderation import workflow as moderation
from selfassessment.reports import agency, others, store
from selfassessment.reports.frozen import digest, frozen
from selfassessment.reports.models import Document, Kind
from selfassessment.terms import EvidenceKind, FormType, Outcome, Rating
from tests.entry import enter
from tests.referrals.test_races import together
from tests.selfassessment import forms
from tests.selfassessment.moderating import agree_on_all, judge, moderated
from ui import pdf

NOW = datetime(2026, 12, 3, 9, tzinfo=UTC)
STATEMENT = "It is a fair picture.\nThe evidence is held."


@pytest.fixture
def signoff(full: forms.Cast) -> SignOff:
    """The sign-off of the school's form of 2026, with what was frozen."""
    form = full.school.assessments.get(cycle__year=2026)
    form.consulted_who = "Forty staff and the school council."
    form.save()
    SignOff.objects.filter(assessment=form).update(voided_at=NOW, void_reason="A test needs room.")
    content = frozen(form)
    return SignOff.objects.create(
        assessment=form,
        number=2,
        signed_by=full.senior,
        name="Martin Graves",
        role="Head teacher",
        prepared_by_name="Ruth Adeyemi",
        at=NOW,
        statement=STATEMENT,
        governing_body_on=NOW.date(),
        frozen=content,
        sha256=digest(content, STATEMENT),
    )


def words_of(content: bytes, tmp_path) -> str:
    """Its text; PDF/UA-1 holds, and every picture says in words what it shows."""
    path = tmp_path / "report.pdf"
    path.write_bytes(content)
    found = validator.validate_pdf(str(path), profile="ua1")
    assert found.rules.total == 104
    assert [str(failure) for failure in found.failures] == []
    said = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True)
    return " ".join(said.stdout.split())


def opened(content: bytes) -> pikepdf.Pdf:
    return pikepdf.open(BytesIO(content))


def test_the_agency_report_says_what_was_signed(signoff, tmp_path):
    content = agency.render(signoff.assessment, signoff)
    words = words_of(content, tmp_path)
    for expected in (
        "Fellgate High School, self-assessment 2026",
        "Amber 65.2",
        "1 critical gap",
        "Last year: Red 33.3",
        "Martin Graves, Head teacher",
        "Contents",
        "The year on one page",
        "LG1 Senior accountable lead",
        "Where we are with senior accountable lead.",
        "Last year: Developing.",
        "Forty staff and the school council.",
        "How the scores are made",
        signoff.sha256,
        "Page 1 of",
        "For partners only",
    ):
        assert expected in words
    document = opened(content)
    assert str(document.docinfo["/Title"]) == "Prevent self-assessment 2026"
    assert str(document.Root["/Lang"]) == "en-GB"
    with document.open_outline() as outline:
        assert str(outline.root[0].title).startswith("Fellgate")


def test_a_report_compares_nothing_with_standards_of_another_meaning(full, tmp_path):
    before = full.school.assessments.get(cycle__year=2025)
    sections = list(forms.standard_set().sections.all())
    other = forms.standard_set()
    other.pk, other.version, other.major, other.minor = None, "2025.1", 2025, 1
    other.used_at = None
    other.save()
    for section in sections:
        asked = list(section.standards.all())
        section.pk, section.set = None, other
        section.save()
        for standard in asked:
            standard.pk, standard.set, standard.section = None, other, section
            standard.save()
            before.answers.filter(standard__code=standard.code).update(standard=standard)
    Cycle.objects.filter(pk=before.cycle_id).update(standards=other)
    form = full.school.assessments.get(cycle__year=2026)
    words = words_of(agency.render(form, None), tmp_path)
    assert "The standards have changed their meaning since." in words
    for untrue in ("higher than last year", "Since last year", "upright line", " up "):
        assert untrue not in words


def test_the_report_is_made_once_and_from_what_was_frozen(signoff, full):
    answer = signoff.assessment.answers.get(standard__code="LG2")
    answer.position = "Something else entirely, changed afterwards in the database."
    answer.save()
    tasks.make_report.func(signoff.pk)
    tasks.make_report.func(signoff.pk)
    document = Document.objects.get(signoff=signoff)
    assert document.content is not None
    assert document.sha256 == hashlib.sha256(bytes(document.content)).hexdigest()
    content = enter(full.lead).get(reverse("selfassessment:report", args=[signoff.assessment.key]))
    assert content.content == bytes(document.content)
    assert "Something else" not in str(signoff.frozen)


def test_a_lost_job_is_made_up_for_while_it_is_new(signoff):
    assert store.make_missing(NOW + timedelta(days=3)) == 0
    assert store.make_missing(NOW) == 1
    assert store.make_missing(NOW) == 0


def test_what_nobody_has_made_yet_is_made_when_it_is_asked_for_and_kept(signoff, full):
    address = reverse("selfassessment:report", args=[signoff.assessment.key])
    assert not Document.objects.exists()
    first = enter(full.lead).get(address)
    assert first["Content-Type"] == "application/pdf"
    document = Document.objects.get(signoff=signoff, kind=Kind.SIGNED)
    assert (
        bytes(document.content or b"") == first.content == enter(full.senior).get(address).content
    )


def test_a_form_that_was_never_signed_prints_as_a_draft(full, tmp_path):
    form = full.other_school.assessments.get()
    response = enter(full.other_lead).get(reverse("selfassessment:report", args=[form.key]))
    assert "Draft. Not signed off." in words_of(response.content, tmp_path)
    assert "Wharfe" not in response["Content-Disposition"]


def test_an_earlier_sign_off_keeps_its_report(signoff, full):
    address = reverse("selfassessment:report", args=[signoff.assessment.key])
    client = enter(full.lead)
    assert client.get(address, {"sign-off": "2"}).status_code == 200
    for nonsense in ("3", "x", "99999999999", "-1"):
        assert client.get(address, {"sign-off": nonsense}).status_code == 404


def test_the_certificate_holds_the_exact_words(signoff, full, tmp_path):
    page = enter(full.senior).get(
        reverse("selfassessment:certificate", args=[signoff.assessment.key])
    )
    words = words_of(page.content, tmp_path)
    for expected in ("It is a fair picture.", "The evidence is held.", signoff.sha256):
        assert expected in words
    assert len(opened(page.content).pages) == 1


def test_the_plan_prints_even_when_it_is_empty(full, tmp_path):
    form = full.school.assessments.get(cycle__year=2026)
    page = enter(full.lead).get(reverse("selfassessment:actions_pdf", args=[form.key]))
    assert "There are no actions." in words_of(page.content, tmp_path)


@pytest.mark.django_db
def test_the_blank_form_asks_every_standard_with_its_levels(tmp_path):
    content = others.render_blank(forms.standard_set(), FormType.SE, short=True)
    words = words_of(content, tmp_path)
    assert "23 standards" in words
    assert words.count("Where we are now:") == 23


def test_the_boards_report_is_made_by_the_worker(full, tmp_path):
    for number in range(3):
        forms.signed(forms.school_called(f"Moorside {number}"), full, Rating.EMBEDDED)
    client = enter(full.board_member)
    client.post(reverse("selfassessment:board_ask"), {"year": "2026"})
    client.post(reverse("selfassessment:board_ask"), {"year": "2026"})
    document = Document.objects.get(kind=Kind.BOARD)
    page = client.get(reverse("selfassessment:board_reports")).content.decode()
    assert "being made, 0% done" in page
    tasks.make_board_report.func(document.pk)
    document.refresh_from_db()
    assert document.done == 100
    report = client.get(reverse("selfassessment:board_report", args=[document.pk]))
    words = words_of(report.content, tmp_path)
    for expected in (
        "Prevent self-assessment 2026, board report",
        "4 of 5 agencies have signed off.",
        "Middle of 4 signed off",
        "Who takes part",
        "Year on year",
    ):
        assert expected in words
    other = enter(full.manager).get(reverse("selfassessment:board_report", args=[document.pk]))
    assert other.status_code == 404
    assert store.throw_away_old(datetime(2027, 1, 3, tzinfo=UTC)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_board_report_shows_how_far_it_came_and_that_it_failed(monkeypatch):
    cast = forms.make_cast()
    forms.form_of(cast.school)
    client, ask = enter(cast.board_member), reverse("selfassessment:board_ask")
    pages: list[str] = []

    def look() -> str:
        return client.get(reverse("selfassessment:board_reports")).content.decode()

    def fail(*args, **kwargs):
        pages.extend(together(look))
        raise RuntimeError("The paper has run out.")

    client.post(ask, {"year": "2026"})
    with monkeypatch.context() as patch:
        patch.setattr(pdf, "render", fail)
        run_jobs()
    assert "being made, 45% done" in pages[0]
    assert "It could not be made" in look()
    client.post(ask, {"year": "2026"})
    assert Document.objects.filter(kind=Kind.BOARD).count() == 2
    run_jobs()
    assert "Open the report (PDF)" in look()


def test_a_board_report_that_nobody_makes_is_asked_for_anew(full):
    cycle = forms.cycle_of(2026)
    ask = partial(store.ask_for_board_report, cycle, "year=2026", by=full.board_member)
    first = ask(now=NOW)
    assert ask(now=NOW + timedelta(minutes=50)) == first
    second = ask(now=NOW + timedelta(minutes=61))
    assert second != first
    tasks.make_board_report.func(first.pk)
    first.refresh_from_db()
    assert first.failed_at is not None
    assert first.made_at is None


def run_jobs() -> None:
    runner = TaskRunner("test")
    while runner.run_next():
        pass


def test_documents_are_for_those_who_may_read_the_form(signoff, full):
    for name in ("report", "actions_pdf", "certificate"):
        address = reverse(f"selfassessment:{name}", args=[signoff.assessment.key])
        for person in (full.other_lead, full.board_member, full.stranger):
            assert enter(person).get(address).status_code == 404


def test_the_report_after_moderation_says_what_counts_now(signoff, full, tmp_path):
    form = signoff.assessment
    form.refresh_from_db()
    review = moderation.begin(form, [full.moderator, full.second_moderator], by=full.manager)
    agree_on_all(full, form, review, but=["LG2"])
    for person in (full.moderator, full.second_moderator):
        judge(form, "LG2", person, Outcome.LOWER, Rating.DEVELOPING, "The minutes do not show it.")
    moderation.finish(form, by=full.moderator)
    review.refresh_from_db()
    words = words_of(agency.render(form, signoff, review=review), tmp_path)
    for expected in (
        "Signed off and moderated",
        "Moderated where there is one",
        "Moderated: Developing The minutes do not show it.",
        "Amber 64.5",
    ):
        assert expected in words


def test_the_letter_is_the_agencys_once_it_is_final(cast, form, tmp_path):
    moderated(cast, form)
    address = reverse("selfassessment:letter", args=[form.key])
    assert enter(cast.lead).get(address).status_code == 404
    words = words_of(enter(cast.manager).get(address).content, tmp_path)
    assert "Provisional outcome, from the board of North Yorkshire" in words
    moderation.write_letter(form, by=cast.manager, strengths="Training is thorough.", support="")
    moderation.publish(form, by=cast.manager, now=timezone.now() + timedelta(days=40))
    words = words_of(enter(cast.senior).get(address).content, tmp_path)
    for expected in ("Final outcome", "Training is thorough.", "RA1", "Embedded", "Developing"):
        assert expected in words


# Logos -------------------------------------------------------------------------------------------
def test_every_document_has_the_logos_of_agency_and_board_in_words_too(signoff, full, tmp_path):
    form = signoff.assessment
    out = BytesIO()
    Image.new("RGB", (300, 100), "navy").save(out, "PNG")
    for place, words in (({"agency": form.agency}, "Three hills"), ({"locality": form.board}, "B")):
        Logo.objects.create(**place, picture=out.getvalue(), words=words, added_by=full.manager)
    for content in (
        agency.render(form, signoff),
        agency.render_certificate(signoff),
        agency.render_plan(form, today=NOW.date()),
    ):
        words_of(content, tmp_path)
        with opened(content) as document:
            objects = list(document.objects)
            assert any(_is_picture(one) for one in objects)
            assert {"Three hills", "B"} <= {*_alternatives(objects)}


def _is_picture(one: object) -> bool:
    return isinstance(one, pikepdf.Stream) and one.get("/Subtype") == "/Image"


def _alternatives(objects: list[pikepdf.Object]) -> list[str]:
    held = [one for one in objects if isinstance(one, pikepdf.Dictionary)]
    return [str(one["/Alt"]) for one in held if "/Alt" in one]


def test_a_logo_that_cannot_be_read_stops_no_document(signoff, full, tmp_path):
    form = signoff.assessment
    Logo.objects.create(agency=form.agency, picture=b"broken", words="X", added_by=full.manager)
    assert "Martin Graves" in words_of(agency.render_certificate(signoff), tmp_path)


def test_names_of_staff_are_left_out_where_that_is_asked(signoff, full, tmp_path):
    form = signoff.assessment
    forms.evidence(
        form,
        full,
        title="Minutes of the governors",
        kind=EvidenceKind.DOCUMENT,
        standards=[forms.standard("LG1")],
    )
    signoff.frozen = frozen(form)  # not saved: a sign-off stays as it was
    words = words_of(agency.render(form, signoff, hide_names=True), tmp_path)
    assert "Minutes of the governors (document), 1 March 2026" in words
    assert "Head teacher, 3 December 2026" in words
    for name in ("Martin Graves", "Ruth Adeyemi", full.lead.name):
        assert name not in words
    address = reverse("selfassessment:report", args=[form.key])
    assert enter(full.lead).get(f"{address}?names=hidden")["Content-Type"] == "application/pdf"
    assert not Document.objects.exists()  # what is kept has the names
