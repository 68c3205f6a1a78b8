"""A second language beside the first: begun, marked as a sample, and never in the way."""

import gettext
import re
import subprocess
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import escape
from django.utils.text import slugify
from django.utils.translation import gettext as gettext_of_pages
from django.utils.translation import trans_real

from agencies.models import Contact
from agencies.terms import ContactPurpose
from guidance import loading
from guidance.models import GuidancePage, HomePage, pages_at
from guidance.readers import printing, search
from guidance.readers.models import KnownWord, Print, PrintKind, UrgentNotice
from tests.guidance.conftest import page_of
from tests.guidance.test_printing import faults

pytestmark = pytest.mark.django_db
CATALOGUE = Path(settings.LOCALE_PATHS[0]) / "cy" / "LC_MESSAGES"
WELSH = [
    "/cy/",
    "/cy/guidance/",
    "/cy/guidance/what-to-do/",
    "/cy/worried-about-a-child/",
    "/cy/worried-about-an-adult/",
]


@pytest.fixture
def both(site):
    return loading.load_translations("cy")


def test_a_handful_of_pages_is_there_in_welsh(both, client):
    assert both == {"added": len(WELSH)}
    for path in WELSH:
        page = client.get(path).content.decode()
        assert '<html lang="cy"' in page, path
        assert "Neidio i’r prif gynnwys" in page, path
        assert page_of(path).address == path
    assert '<html lang="en-GB"' in client.get("/guidance/").content.decode()


def test_a_translation_says_that_it_is_a_sample_and_leads_to_the_english(both, client):
    page = client.get("/cy/guidance/what-to-do/").content.decode()
    assert "Cyfieithiad enghreifftiol" in page
    assert 'href="/guidance/what-to-do/" lang="en-gb"' in page
    english = client.get("/guidance/what-to-do/").content.decode()
    assert 'href="/cy/guidance/what-to-do/" lang="cy"' in english
    assert "sample translation" not in english


def test_what_is_not_translated_is_not_there(both, client):
    assert client.get("/cy/guidance/national-picture/").status_code == 404
    assert client.get("/xx/guidance/").status_code == 404
    page = client.get("/guidance/national-picture/").content.decode()
    assert "Cymraeg" not in page


def test_english_lists_and_searches_know_english_only(both, client):
    assert search.find("arweinydd").total == 0
    assert not KnownWord.objects.filter(word="arweinydd").exists()
    assert "/cy/" not in client.get("/search/?q=guidance").content.decode()
    assert HomePage.objects.filter(locale__language_code="en-gb").count() == 1


def test_a_search_from_a_page_in_welsh_finds_pages_in_welsh(both, client):
    contents = client.get("/cy/guidance/").content.decode()
    assert '<form method="get" action="/cy/search/"' in contents
    assert 'class="govuk-footer__link" href="/cy/search/"' in contents
    found = client.get("/cy/search/", {"q": "gwirio"}).content.decode()
    assert '<html lang="cy"' in found
    assert 'href="/cy/guidance/what-to-do/"' in found
    assert 'href="/search/?q=gwirio"' in found
    assert "Ni chafwyd hyd i ddim" in client.get("/cy/search/?q=channel").content.decode()


def test_a_page_in_welsh_has_a_document_in_welsh(both, client):
    page = page_of("/cy/guidance/what-to-do/")
    printed = reverse("readers:pdf", args=[page.pk])
    assert f'href="{printed}"' in client.get(page.address).content.decode()
    assert "yn cael ei baratoi" in client.get(printed).content.decode()
    due = {(one.address, kind) for one, kind in printing.due(500)}
    assert {(path, PrintKind.PAGE) for path in WELSH[2:]} <= due
    made = printing.make(page, PrintKind.PAGE, timezone.now())
    with pikepdf.open(BytesIO(bytes(made.pdf))) as document:
        assert str(document.Root.Lang) == "cy"
    assert client.get(printed)["Content-Type"] == "application/pdf"
    assert translation.get_language() == "en-gb"


def test_words_in_welsh_are_found_as_they_are_written(both):
    """English rules would take "lles" (welfare) for "lle" (place) and leave "her" out."""
    words = {"Lles pawb": "Eu lles sy’n bwysig.", "Lle i fynd": "Mae lle i siarad.", "Her": "Her."}
    above = page_of("/cy/")
    for title, text in words.items():
        page = GuidancePage(title=title, slug=slugify(title), kept_by="E", locale=above.locale)
        above.add_child(instance=page)
        search.keep([(page, text)], language="cy")
    for asked, titles in (("lles", ["Lles pawb"]), ("her", ["Her"])):
        found = search.find(asked, language="cy")
        assert [result.title for result in found.results] == titles
        assert f"<mark>{asked}</mark>" in found.results[0].excerpt.lower()


def languages_in(printed: Print) -> set[tuple[str, str]]:
    """The kinds of element of a document that have a language of their own, with that language."""
    found = set()

    def look(node: pikepdf.Object) -> None:
        if isinstance(node, pikepdf.Dictionary):
            if "/Lang" in node:
                found.add((str(node.S), str(node.Lang)))
            look(node.get("/K"))
        elif isinstance(node, pikepdf.Array):
            for each in node:
                look(each)

    with pikepdf.open(BytesIO(bytes(printed.pdf))) as document:
        look(document.Root.StructTreeRoot.K)
    return found


def words_of(printed: Print) -> str:
    said = subprocess.run(["pdftotext", "-", "-"], input=bytes(printed.pdf), capture_output=True)
    return " ".join(said.stdout.decode().split())


def test_paper_in_welsh_says_what_is_in_english_and_marks_it(both, client, tmp_path):
    contents = page_of("/cy/guidance/")
    link = client.get(contents.address).content.decode()
    assert f'href="{reverse("readers:whole", args=[contents.pk])}"' in link
    whole = printing.make(contents, PrintKind.WHOLE, timezone.now())
    said = words_of(whole)
    assert "Mae’r hyn sydd heb ei gyfieithu yma yn Saesneg" in said
    assert "Cyfieithiad enghreifftiol" in said
    assert "Perygl nawr" in said  # a page that is translated
    assert "Three steps, from the moment" not in said  # and its English is not there twice
    untranslated = len(printing.whole(page_of("/guidance/"))) - 2
    assert said.count("Nid yw’r rhan hon wedi’i chyfieithu") == untranslated
    assert {("/H1", "en-GB"), ("/Div", "en-GB"), ("/Link", "en-GB")} <= languages_in(whole)
    assert faults(whole, tmp_path) == []
    english = printing.make(page_of("/guidance/what-to-do/"), PrintKind.PAGE, timezone.now())
    assert languages_in(english) == set()


def test_a_leaflet_that_an_editor_translates_can_be_folded(both, locality, tmp_path):
    Contact.objects.create(
        purpose=ContactPurpose.WORRIED_CHILD, locality=locality, name="Children’s services",
        phone="01632 960101", source="S", owner="O", checked_on=date(2026, 6, 1),
    )  # fmt: skip
    locale = page_of("/cy/").locale
    page_of("/leaflets/").copy_for_translation(locale).save_revision().publish()
    leaflet = page_of("/leaflets/for-parents/").copy_for_translation(locale)
    leaflet.title = "I rieni"
    leaflet.save_revision().publish()
    leaflet = page_of(leaflet.address)
    assert (leaflet, PrintKind.FOLDED) in printing.due(500)
    folded = printing.make(leaflet, PrintKind.FOLDED, timezone.now())
    assert "Os oes rhywun mewn perygl nawr" in words_of(folded)
    assert ("/Span", "en-GB") in languages_in(folded)  # the name of the contact
    assert faults(folded, tmp_path) == []


def test_english_words_on_a_page_in_welsh_are_marked(both, client, locality):
    Contact.objects.create(
        purpose=ContactPurpose.WORRIED_CHILD, locality=locality, name="Children’s services",
        hours="All day & night", phone="01632 960101", source="The council", owner="Editor",
        checked_on=date(2026, 6, 1),
    )  # fmt: skip
    page = client.get("/cy/worried-about-a-child/").content.decode()
    for words in ("Children’s services", "All day &amp; night", "The council", "Editor"):
        assert f'<span lang="en-GB">{words}</span>' in page, words
    source = page_of("/cy/worried-about-a-child/").sources[0].value["title"]
    assert f'<span lang="en-GB">{escape(source)}</span>' in page
    english = client.get("/worried-about-a-child/").content.decode()
    assert 'lang="en-GB">Children' not in english


def test_an_urgent_notice_is_said_in_the_language_of_the_page(both, client):
    now = timezone.now()
    notice = UrgentNotice(
        words="Ring first today.",
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=1),
    )
    notice.save()
    english = '<span lang="en-GB">Ring first today.</span>'
    assert english in client.get("/cy/guidance/").content.decode()
    notice.words_cy = "Ffoniwch yn gyntaf heddiw."
    notice.save()
    for path in ("/cy/guidance/", "/cy/search/"):
        page = client.get(path).content.decode()
        assert "Ffoniwch yn gyntaf heddiw." in page
        assert "Ring first" not in page
    page = client.get("/guidance/").content.decode()
    assert "Ring first today." in page
    assert '<span lang="en-GB">' not in page


def test_loading_again_leaves_what_editors_changed(both):
    assert loading.load_translations("cy") == {"unchanged": len(WELSH)}
    page = page_of("/cy/guidance/")
    page.title = "Arweiniad"
    page.save_revision().publish()
    assert loading.load_translations("cy")["changed by editors"] == 1
    assert page_of("/cy/guidance/").title == "Arweiniad"
    assert set(loading.load()) == {"unchanged"}
    assert pages_at("/cy/guidance/").exists()


@pytest.fixture
def unsaid(monkeypatch):
    """What a page asked the Welsh catalogue for and got back in English."""
    catalogue, found = trans_real.translation("cy"), set()
    once, many = catalogue.gettext, catalogue.ngettext

    def asked(said: str) -> str:
        welsh = once(said)
        if welsh == said:
            found.add(said)
        return str(welsh)

    def asked_many(one: str, more: str, number: int) -> str:
        welsh = many(one, more, number)
        if welsh in {one, more}:
            found.add(one)
        return str(welsh)

    monkeypatch.setattr(catalogue, "gettext", asked)
    monkeypatch.setattr(catalogue, "ngettext", asked_many)
    return found


def test_a_page_in_welsh_has_no_english_around_its_words(both, client, locality, unsaid):
    for purpose in (ContactPurpose.WORRIED_CHILD, ContactPurpose.WORRIED_ADULT):
        Contact.objects.create(
            purpose=purpose, locality=locality, name="Tîm", phone="01632 960101", source="S",
            owner="O", checked_on=date(2026, 6, 1),
        )  # fmt: skip
    notice = UrgentNotice(words="Brys nawr", more="/contacts/")
    notice.starts_at = timezone.now() - timedelta(hours=1)
    notice.ends_at = timezone.now() + timedelta(hours=1)
    notice.save()
    page_of("/cy/guidance/what-to-do/").save_revision().publish()
    type(page_of("/cy/guidance/")).objects.all().update(review_by=date(2026, 1, 1))
    day = timezone.localdate().isoformat()
    asked = ["", "changes/", f"?on={day}", "?on=2020-01-01", "?on=2090-01-01"]
    asked.append(f"changes/?from={day}&to={day}")
    for path in WELSH:
        for more in asked:
            page = client.get(path + more).content.decode()
            assert '<html lang="cy"' in page, path + more
            assert "Mehefin" in page or "June" not in page
    page = page_of("/cy/guidance/what-to-do/")
    suggest = reverse("readers:suggest", args=[page.pk])
    answers = [
        client.get("/cy/search/"),
        client.get("/cy/search/?q=gwirio"),
        client.get("/cy/search/?q=xylophone"),
        client.get(reverse("readers:pdf", args=[page.pk])),
        client.get(suggest),
        client.post(suggest, {"words": ""}),
        client.post(suggest, {"words": "Ffoniwch 01632 960101 nawr"}),
        client.post(suggest, {"words": "Mae gair ar goll yma."}),
        *(
            client.post(reverse("readers:useful", args=[page.pk]), {"useful": answer})
            for answer in ("yes", "no")
        ),
    ]
    for answer in answers:
        assert '<html lang="cy"' in answer.content.decode()
    # The parts of templates that these pages have no cause to show, as a translator would see them.
    with translation.override("cy"):
        for name in READ_IN_WELSH:
            for said in marked(settings.BASE_DIR / "templates" / f"{name}.html"):
                gettext_of_pages(said)
    assert unsaid - SAME_IN_BOTH == set()


# What readers of a page see around it, and what stands in it.
READ_IN_WELSH = (
    "base",
    *(f"guidance/{name}" for name in ("dated", "guidance_page", "guidance_index", "home_page")),
    *(f"guidance/{name}" for name in ("_kept", "_contacts", "_when", "_pages", "_news")),
    *(f"guidance/{name}" for name in ("changes", "no_such_day", "not_then", "help_page")),
    *(f"guidance/readers/{name}" for name in ("search", "thanks", "suggest", "suggested")),
    *(f"guidance/readers/_{name}" for name in ("answer_back", "prints", "search_form", "confirm")),
    *(f"guidance/blocks/{name}" for name in ("heading", "number", "wanted", "picture", "duty")),
    "guidance/blocks/download",
    *(f"guidance/{name}_pdf" for name in ("page", "leaflet_folded", "_edition", "_kept")),
    "guidance/_translated_pdf",
)
SAME_IN_BOTH: set[str] = set()


def marked(template: Path) -> list[str]:
    """The sentences of a template that are marked for translation, without variables."""
    return re.findall(r'{% translate "([^"]+)"', template.read_text("utf-8"))


def test_the_compiled_catalogue_is_that_of_the_words():
    with (CATALOGUE / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    written = re.findall(
        r'^msgid "(.+)"\nmsgstr "(.+)"$', (CATALOGUE / "django.po").read_text("utf-8"), re.MULTILINE
    )
    assert len(written) > 180
    assert [compiled.gettext(said) for said, _welsh in written] == [
        welsh for _said, welsh in written
    ]
