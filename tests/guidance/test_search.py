"""A reader finds a page by what they would type on a bad day."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from wagtail.models import Page

from guidance.models import GlossaryPage, GuidanceIndex, GuidancePage
from guidance.readers import glossary as glossary_words
from guidance.readers import search
from guidance.readers.models import KnownWord, SearchedPage
from tests.guidance.conftest import page_of

pytestmark = pytest.mark.django_db


def kept(title: str, text: str) -> Page:
    page = Page.objects.get(depth=1).add_child(instance=GuidancePage(title=title, kept_by="Editor"))
    search.keep([(page, text)])
    return page


def titles(asked: str, **more) -> list[str]:
    return [result.title for result in search.find(asked, **more).results]


def test_a_word_is_found_in_its_other_forms_and_by_its_beginning():
    kept("Talking", "Referrals are made by the lead.")
    for asked in ["referral", "referrals", "refer", "REFERRAL", "  the referral?  "]:
        assert titles(asked) == ["Talking"], asked


def test_all_words_count_and_a_title_counts_most():
    kept("About parents", "Speak with them first.")
    kept("Recording", "Parents speak. Parents listen. Parents write.")
    assert titles("parents") == ["About parents", "Recording"]
    assert titles("parents listen") == ["Recording"]


def test_words_that_no_page_has_together_find_pages_with_some():
    kept("Panel", "The panel meets monthly.")
    found = search.find("panel lighthouse")
    assert found.any_word
    assert [result.title for result in found.results] == ["Panel"]


def test_a_misspelt_word_finds_the_nearest_and_says_so(client):
    kept("Extremism online", "How radicalisation happens.")
    found = search.find("radicalsation")
    assert (found.instead, found.total) == ("radicalisation", 1)
    page = client.get("/search/", {"q": "radicalsation"}).content.decode()
    assert "Nothing was found for “radicalsation”" in page


def test_american_spelling_finds_british():
    kept("Process", "How radicalisation happens.")
    assert titles("radicalization") == ["Process"]


def test_words_of_the_glossary_find_each_other():
    kept("Front door", "The multi-agency safeguarding hub answers.")
    groups = [["MASH", "multi-agency safeguarding hub"]]
    assert titles("mash") == []
    assert titles("mash", synonyms=groups) == ["Front door"]
    assert titles("mash answers", synonyms=groups) == ["Front door"]


@pytest.mark.parametrize(
    "asked",
    [
        "",
        " ",
        "'",
        "a & | ! ( :*",
        "\x00",
        "<b>",
        "the",
        "é" * 300,
        "' OR 1=1 --",
        "\\",
        "<->",
        "%",
    ],
)
def test_no_question_is_too_strange(asked, client):
    kept("A page", "Some words.")
    search.find(asked)
    assert client.get("/search/", {"q": asked}).status_code == 200


def test_an_excerpt_marks_what_was_found_and_stays_harmless():
    kept("Hostile", "Write 1 < 2 <script>alert(1)</script> beside the channel panel & others.")
    (result,) = search.find("channel").results
    assert "<mark>channel</mark> panel &amp; others" in result.excerpt
    assert "<" not in result.excerpt.replace("<mark>", "").replace("</mark>", "")


def test_results_come_ten_to_a_page(client):
    for number in range(23):
        kept(f"Page {number:02}", "Channel.")
    first = client.get("/search/", {"q": "channel"}).content.decode()
    assert "23 pages" in first
    assert first.count("<mark>") == 10
    assert 'rel="next"' in first
    assert 'rel="prev"' not in first
    last = client.get("/search/", {"q": "channel", "page": "3"}).content.decode()
    assert last.count("<mark>") == 3
    for wrong in ["0", "-1", "99", "x", "9" * 40]:
        assert client.get("/search/", {"q": "channel", "page": wrong}).status_code == 200


def test_asking_costs_the_same_however_many_pages_there_are(client):
    def queries(number: int) -> int:
        for each in range(number):
            kept(f"Page {number} {each}", "Channel panel.")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            client.get("/search/", {"q": "channel panel"})
        return len(asked)

    client.get("/search/")
    assert queries(3) == queries(30) <= 8


def test_nothing_found_says_where_else_to_look(client):
    page = client.get("/search/", {"q": "xylophone"}).content.decode()
    assert "Nothing was found" in page
    for way in ["/guidance/", "/contacts/", "/worried-about-a-child/"]:
        assert f'href="{way}"' in page
    assert "Nothing found" in page.split("</title>")[0]


def test_a_page_is_found_from_its_publishing_until_it_is_withdrawn(site, client):
    page = page_of("/guidance/what-to-do/")
    assert "Notice, Check and Share" in titles("quotation marks")
    page.title = "Something zebra"
    page.save_revision()
    assert titles("zebra") == []  # a draft is no page yet
    page.save_revision().publish()
    assert titles("zebra") == ["Something zebra"]
    page.unpublish()
    assert titles("zebra") == []


def test_spellings_of_pages_that_are_gone_are_forgotten_afresh():
    page = kept("Zebra", "Zebra")
    search.forget(page)
    assert KnownWord.objects.filter(word="zebra").exists()
    search.learn_afresh()
    assert not KnownWord.objects.filter(word="zebra").exists()
    assert not SearchedPage.objects.exists()


def test_the_search_needs_no_cookie(client: Client):
    assert client.get("/search/", {"q": "notice"}).cookies == {}


def test_words_that_mean_the_same_come_from_the_glossary(site):
    glossary = GlossaryPage.objects.first()
    if glossary is None:  # written by editors; a portal can be without one
        above = GuidanceIndex.objects.get()
        glossary = above.add_child(
            instance=GlossaryPage(title="Glossary", slug="glossary", kept_by="Editor")
        )
    glossary.terms = [
        ("term", {"term": "Front door", "meaning": "x", "also": ["MASH"], "source": ""})
    ]
    glossary.save_revision().publish()
    assert ["Front door", "MASH"] in glossary_words.synonyms()


def test_what_only_editors_see_is_not_found(site):
    page = page_of("/guidance/what-to-do/")
    page.body.append(("wanted", "The hippopotamus line of the board"))
    page.save_revision().publish()
    assert titles("hippopotamus") == []
