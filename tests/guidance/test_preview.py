"""What editors look at before they send a page on: the preview, its checks, two revisions."""

import pytest

from agencies.terms import Role
from guidance.models import GuidancePage
from tests.guidance.conftest import signed_in
from tests.guidance.test_editions import edit_form

pytestmark = pytest.mark.django_db


def test_a_preview_stands_in_a_frame_of_ours_with_its_checks(site, give):
    page = GuidancePage.objects.get(slug="what-to-do")
    editor = signed_in(give(Role.GUIDANCE_EDITOR).person)
    address = f"/cms/pages/{page.pk}/edit/preview/"
    sent = editor.post(address, edit_form(page, title="Not yet published"))
    assert sent.json()["is_valid"] is True
    shown = editor.get(f"{address}?in_preview_panel=true&mode=")
    words = shown.content.decode()
    assert "Not yet published" in words
    assert "To be supplied by the board" in words
    assert "wagtail-userbar" in words
    assert shown["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in shown["Content-Security-Policy"]
    assert "Not yet published" not in editor.get("/guidance/what-to-do/").content.decode()


def test_two_revisions_can_be_compared(site, give):
    page = GuidancePage.objects.get(slug="what-to-do")
    page.summary = "Quite other words."
    page.save_revision()
    editor = signed_in(give(Role.GUIDANCE_EDITOR).person)
    shown = editor.get(f"/cms/pages/{page.pk}/revisions/compare/live...latest/")
    assert "Quite other words" in shown.content.decode()
