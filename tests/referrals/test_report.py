"""The referral as PDF/UA-1, from what was frozen, kept with its digest."""

import hashlib
import subprocess
from io import BytesIO

import page as validator
import pikepdf
import pytest
from django.urls import reverse
from django.utils.http import urlencode

from accounts import fresh
from audit.models import AuditEvent
from referrals import report, tasks
from referrals.models import Document
from referrals.terms import Status
from tests.accounts.conftest import long_ago
from tests.entry import enter
from tests.referrals import cases


def words_of(content: bytes, tmp_path) -> str:
    path = tmp_path / "referral.pdf"
    path.write_bytes(content)
    found = validator.validate_pdf(str(path), profile="ua1")
    assert found.rules.total == 104
    assert [str(failure) for failure in found.failures] == []
    return subprocess.run(
        ["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True
    ).stdout


def test_the_referral_keeps_all_104_rules_and_says_what_was_shared(case_in, tmp_path):
    referral = case_in(Status.SUBMITTED, ethnic_group="other")
    document = report.make(referral)
    words = " ".join(words_of(document.content, tmp_path).split())
    for expected in (
        "OFFICIAL-SENSITIVE",
        referral.reference,
        "people like that should be cleared out",
        "Prevent referral and another safeguarding route",
        "Page 1 of",
        referral.submission.sha256,
    ):
        assert expected in words
    assert "Other ethnic group" not in words
    opened = pikepdf.open(BytesIO(document.content))
    assert str(opened.docinfo["/Title"]) == f"Prevent referral {referral.reference}"
    assert len(opened.open_outline().root) >= 1
    assert document.sha256 == hashlib.sha256(document.content).hexdigest()


def test_the_document_is_made_once_and_from_what_was_frozen(cast, case_in):
    referral = case_in(Status.SUBMITTED)
    referral.concern.observed = "Something else entirely, changed afterwards in the database."
    referral.concern.save(update_fields=["observed"])
    tasks.make_referral_pdf.func(str(referral.pk))
    tasks.make_referral_pdf.func(str(referral.pk))
    assert Document.objects.filter(referral=referral).count() == 1
    frozen = report.frozen(cases.fresh(referral))
    assert "cleared out" in frozen.get("observed")


def test_hostile_words_reach_the_page_as_words(case_in, tmp_path):
    hostile = '<img src="http://127.0.0.1:9/x"><script>alert(1)</script> {{ 7 }} ' + "x" * 60
    referral = case_in(Status.SUBMITTED, observed=hostile)
    words = words_of(report.make(referral).content, tmp_path)
    assert "<script>alert(1)</script>" in words


def test_the_page_says_being_prepared_until_the_worker_has_made_it(client, cast, case_in):
    referral = case_in(Status.SUBMITTED)
    enter(cast.practitioner, client)
    address = reverse("referrals:report", args=[referral.key])
    waiting = client.get(address)
    assert waiting.status_code == 202
    assert "being prepared" in waiting.content.decode()
    report.make(referral)
    done = client.get(address)
    assert done["Content-Type"] == "application/pdf"
    assert done["Content-Disposition"] == f'attachment; filename="{referral.reference}.pdf"'


def test_what_leaves_the_portal_asks_for_a_fresh_factor(cast, case_in):
    """The referral and the sheet; nobody learns by the question that a case is there."""
    referral = case_in(Status.SUBMITTED)
    report.make(referral)
    downloads = {"report": cast.prevent_lead, "sheet_pdf": cast.lead}
    for name, person in downloads.items():
        address, browser = reverse(f"referrals:{name}", args=[referral.key]), enter(person)
        assert browser.get(address).content.startswith(b"%PDF")
        long_ago(browser)
        asked = browser.get(address)
        assert asked["Location"] == f"{fresh.page_for(person)}?{urlencode({'next': address})}"
        stranger = enter(cast.outsider)
        long_ago(stranger)
        assert stranger.get(address).status_code == 404
    kinds = ["referral.downloaded", "referral.sheet_downloaded"]
    assert AuditEvent.objects.filter(kind__in=kinds).count() == 2


@pytest.mark.parametrize("name", ["colleague", "outsider", "york_lead", "portal_admin"])
def test_nobody_else_downloads_it(name, client, cast, case_in):
    referral = case_in(Status.SUBMITTED)
    report.make(referral)
    client.force_login(getattr(cast, name))
    response = client.get(reverse("referrals:report", args=[referral.key]))
    assert response.status_code in (302, 404)
    assert b"%PDF" not in response.content


def test_the_sheet_leaves_the_view_of_ideology_out(case_in, tmp_path):
    referral = case_in(Status.SUBMITTED, ideology="erw")
    words = words_of(report.sheet(referral, name="Children's front door"), tmp_path)
    assert "cleared out" in words
    assert "Extreme right-wing" not in words
