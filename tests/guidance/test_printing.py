"""The guidance on paper: made after publishing, right for every reader, and never out of date."""

import subprocess
from datetime import timedelta
from io import BytesIO
from itertools import product
from pathlib import Path

import page as validator
import pikepdf
import pytest
from django.utils import timezone
from pikepdf import Pdf

from agencies.models import Contact, Locality
from agencies.terms import ContactPurpose
from guidance import health
from guidance.models import GuidanceIndex, HomePage, LeafletIndex, LeafletPage
from guidance.readers import printing
from guidance.readers.models import Print, PrintKind
from tests.guidance.conftest import page_of

pytestmark = pytest.mark.django_db
PAGE = "/guidance/what-to-do/"


@pytest.fixture
def leaflet(site) -> LeafletPage:
    above = LeafletIndex.objects.first() or HomePage.objects.get().add_child(
        instance=LeafletIndex(title="Leaflets", slug="leaflets", kept_by="Editor")
    )
    page = LeafletPage(
        title="If somebody is worried about you",
        slug="a-leaflet-of-this-test",
        kept_by="Editor",
        format="young-people",
        summary="What happens, and what you can ask.",
    )
    above.add_child(instance=page)
    page.body.append(("heading", {"words": "What happens", "code": ""}))
    page.body.append(("paragraph", "<p>We ask.</p>"))
    page.save_revision().publish()
    page.refresh_from_db()
    return page


def opened(printed: Print) -> Pdf:
    return pikepdf.open(BytesIO(bytes(printed.pdf)))


def title_of(printed: Print) -> str:
    with opened(printed) as document:
        return str(document.docinfo["/Title"])


def faults(printed: Print, folder: Path) -> list[str]:
    path = folder / "print.pdf"
    path.write_bytes(bytes(printed.pdf))
    report = validator.validate_pdf(str(path), profile="ua1")
    assert report.rules.total == 104
    return [str(failure) for failure in report.failures]


def test_a_page_and_a_leaflet_keep_every_rule(leaflet, tmp_path):
    """The whole, in two languages, does too: test_languages.py."""
    now = timezone.now()
    for page, kind in [(page_of(PAGE), PrintKind.PAGE), (leaflet, PrintKind.FOLDED)]:
        printed = printing.make(page, kind, now)
        assert faults(printed, tmp_path) == [], kind
        assert title_of(printed) == page.title


def test_a_leaflet_to_fold_is_one_sheet_lying_on_its_side(leaflet):
    printed = opened(printing.make(leaflet, PrintKind.FOLDED, timezone.now()))
    assert len(printed.pages) == 2
    for side in printed.pages:
        _left, _bottom, width, height = (float(edge) for edge in side.mediabox)
        assert (round(width), round(height)) == (842, 595)


def said_on(printed: Print, side: int) -> str:
    only = ["-f", str(side), "-l", str(side)]
    said = subprocess.run(
        ["pdftotext", *only, "-", "-"], input=bytes(printed.pdf), capture_output=True, check=True
    )
    return " ".join(said.stdout.decode().split())


def test_each_leaflet_fits_on_its_sheet_with_the_numbers_of_its_readers(site, locality):
    york = Locality.objects.get_or_create(code="YK", defaults={"name": "York"})[0]
    for place, purpose in product((locality, york, None), ContactPurpose):
        Contact.objects.create(
            purpose=purpose,
            locality=place,
            name=f"The {purpose} team of the council",
            phone="01632 960123",
            hours="Monday to Friday, 9am to 5pm",
            source="The council’s site",
            owner="Guidance editor",
            checked_on=timezone.localdate(),
        )
    for path in ("for-young-people", "for-parents", "for-practitioners"):
        page = page_of(f"/leaflets/{path}/")
        printed = printing.make(page, PrintKind.FOLDED, timezone.now())
        assert len(opened(printed).pages) == 2, path
        outside, inside = said_on(printed, 1), said_on(printed, 2)
        assert "Look for a newer edition at" in outside
        assert "newer edition" not in inside
        assert "The worried_child team of the council, York" in outside
        assert "01632 960123" not in inside
        assert "portal_help" not in outside
        assert ("prevent_advice" in outside) == (path == "for-practitioners")
    assert health.findings(timezone.localdate())["Leaflets that do not fit on one sheet"] == []
    page.body.append(("paragraph", "<p>" + "Too much to say. " * 500 + "</p>"))
    page.save_revision().publish()
    printing.make(page, PrintKind.FOLDED, timezone.now())
    (found,) = health.findings(timezone.localdate())["Leaflets that do not fit on one sheet"]
    assert found.where == page.title


def test_links_lead_inside_the_whole_guidance_and_out_of_a_single_page(site, settings):
    settings.BASE_URL = "https://portal.example.org"
    page = page_of(PAGE)
    page.body.append(("paragraph", '<p><a href="/guidance/national-picture/">Why</a></p>'))
    alone = printing._text(page, {PAGE: "page-1"})
    assert 'href="https://portal.example.org/guidance/national-picture/"' in alone
    together = printing._text(page, {PAGE: "page-1", "/guidance/national-picture/": "page-2"})
    assert 'href="#page-2"' in together


def test_what_is_missing_or_old_is_made_and_nothing_else(site):
    now = timezone.now()
    made = printing.make_due(now, most=500)
    assert made == Print.objects.count() > 0
    assert printing.make_due(now) == 0
    page = page_of(PAGE)
    page.save_revision().publish()
    contents = GuidanceIndex.objects.get()
    assert printing.due(500) == [(page, PrintKind.PAGE), (contents, PrintKind.WHOLE)]
    assert printing.make_due(now + timedelta(minutes=1), most=1) == 1
    assert printing.make_due(now + timedelta(minutes=2)) == 1  # the whole, after its pages
    assert printing.make_due(now + timedelta(minutes=3)) == 0


def test_a_minute_makes_only_some(site):
    assert len(printing.due(2)) == 2


def test_a_page_that_cannot_be_printed_stops_no_other(site, monkeypatch, caplog):
    broken, draw = page_of(PAGE), printing.draw

    def draw_but_one(pages, kind):
        if pages == [broken]:
            raise ValueError("words of the page")
        return draw(pages, kind)

    monkeypatch.setattr(printing, "draw", draw_but_one)
    count = len(printing.due(500))
    assert printing.make_due(timezone.now(), most=500) == count - 1
    assert printing.due(500) == [(broken, PrintKind.PAGE)]
    assert Print.objects.filter(kind=PrintKind.WHOLE).exists()
    assert f"page of page {broken.pk}: ValueError" in caplog.text
    assert "words" not in caplog.text


def test_a_changed_number_is_printed_anew(site, locality):
    now = timezone.now()
    help_page = page_of("/worried-about-a-child/")
    printing.make(help_page, PrintKind.PAGE, now)
    printing.make(page_of("/guidance/national-picture/"), PrintKind.PAGE, now)
    printing.make(page_of("/leaflets/for-parents/"), PrintKind.FOLDED, now)
    Contact.objects.create(
        purpose=ContactPurpose.WORRIED_CHILD,
        locality=locality,
        name="Children’s services",
        phone="01632 960123",
        source="The council’s site",
        owner="Guidance editor",
        checked_on=timezone.localdate(),
    )
    assert not Print.objects.filter(page_id=help_page.pk).exists()
    assert Print.objects.count() == 1  # a page without numbers stays


def test_a_reader_gets_the_last_one_made(site, client):
    page = page_of(PAGE)
    address = f"/print/{page.pk}.pdf"
    assert address in client.get(PAGE).content.decode()
    assert "being prepared" in client.get(address).content.decode()
    printed = printing.make(page, PrintKind.PAGE, timezone.now())
    response = client.get(address)
    assert response["Content-Type"] == "application/pdf"
    assert response.content == bytes(printed.pdf)
    assert response["Content-Disposition"].startswith('inline; filename="what-to-do-')
    assert client.get(f"/print/{page.pk}-to-fold.pdf").status_code == 404
    assert client.get("/print/0.pdf").status_code == 404
    whole = Print.objects.create(
        page=page_of("/guidance/"), kind=PrintKind.WHOLE, published_at=printed.published_at,
        made_at=printed.made_at, sha256="", pdf=b"with the page",
    )  # fmt: skip
    page.unpublish()
    assert client.get(address).status_code == 404
    assert not Print.objects.filter(pk=whole.pk).exists()  # it is made anew, without the page
