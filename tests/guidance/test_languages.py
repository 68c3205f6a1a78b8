"""A second language beside the first: begun, marked as a sample, and never in the way."""

import gettext
import re
from pathlib import Path

import pytest
from django.conf import settings
from wagtail.models import Page

from guidance import loading
from guidance.models import HomePage, pages_at
from guidance.readers import printing
from guidance.readers.models import SearchedPage
from tests.guidance.conftest import page_of

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


def test_english_lists_searches_and_documents_know_english_only(both):
    welsh = Page.objects.filter(locale__language_code="cy")
    assert not SearchedPage.objects.filter(page__in=welsh).exists()
    assert not {page.pk for page, _kind in printing.due(500)} & set(
        welsh.values_list("pk", flat=True)
    )
    assert HomePage.objects.filter(locale__language_code="en-gb").count() == 1


def test_loading_again_leaves_what_editors_changed(both):
    assert loading.load_translations("cy") == {"unchanged": len(WELSH)}
    page = page_of("/cy/guidance/")
    page.title = "Arweiniad"
    page.save_revision().publish()
    assert loading.load_translations("cy")["changed by editors"] == 1
    assert page_of("/cy/guidance/").title == "Arweiniad"
    assert set(loading.load()) == {"unchanged"}
    assert pages_at("/cy/guidance/").exists()


def test_the_compiled_catalogue_is_that_of_the_words():
    with (CATALOGUE / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    written = re.findall(
        r'^msgid "(.+)"\nmsgstr "(.+)"$', (CATALOGUE / "django.po").read_text("utf-8"), re.MULTILINE
    )
    assert len(written) > 40
    assert [compiled.gettext(said) for said, _welsh in written] == [
        welsh for _said, welsh in written
    ]
