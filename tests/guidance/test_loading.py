import shutil

import pytest
from django.core.management import call_command
from wagtail.models import Page, Site

from guidance import content, loading
from guidance.models import GuidancePage, HomePage, PageEdition, StatementPage

pytestmark = pytest.mark.django_db


def words_of(page: Page) -> str:
    return str(page.specific.body)


def test_a_second_load_changes_nothing(site):
    revisions = sum(page.revisions.count() for page in Page.objects.all())
    assert set(site) == {"added"}
    assert set(loading.load()) == {"unchanged"}
    assert sum(page.revisions.count() for page in Page.objects.all()) == revisions


def test_a_load_asks_little_of_the_database(django_assert_max_num_queries, tmp_path):
    """A page more costs the two queries of the list of what refers to what, and no more."""
    folder = shutil.copytree(content.FOLDER, tmp_path / "content")
    few = len(content.sources(folder))
    with django_assert_max_num_queries(260 + 2 * few):
        loading.load(folder)
    for number in range(20):
        (folder / f"guidance/more-{number}.md").write_text(
            "---\ntype: guidance\ntitle: T\nkept_by: E\nlast_checked: 2026-11-22\n---\n"
            "## Part\n\n[Help](/contacts/)\n"
        )
    with django_assert_max_num_queries(110 + 2 * 20):
        assert loading.load(folder)["added"] == 20
    assert Page.find_problems() == ([], [], [], [], [])
    page = GuidancePage.objects.get(slug="more-7")
    assert page.get_latest_revision_as_object().headings == page.headings == ["Part"]
    assert page in GuidancePage.objects.all().search("part")


def test_the_command_only_checks(capsys):
    call_command("load_guidance", "--check")
    assert "Nothing to put right" in capsys.readouterr().out
    assert not HomePage.objects.exists()


def test_the_command_says_what_it_did(capsys):
    call_command("load_guidance")
    assert "added" in capsys.readouterr().out


def test_the_home_page_takes_the_place_of_wagtails_own(site):
    assert Site.objects.get().root_page.specific == HomePage.objects.get()
    assert not Page.objects.filter(slug="home").exists()


def test_what_an_editor_changed_stays(site):
    page = GuidancePage.objects.get(slug="what-to-do")
    page.summary = "In our own words."
    page.save_revision().publish()
    assert loading.load()["changed by editors"] == 1
    page.refresh_from_db()
    assert page.summary == "In our own words."


def test_what_an_editor_is_writing_stays(site):
    page = StatementPage.objects.get(slug="privacy")
    page.summary = "Half a sentence"
    draft = page.save_revision()
    assert loading.load()["changed by editors"] == 1
    page.refresh_from_db()
    assert page.latest_revision == draft


def test_what_an_editor_took_away_or_hid_stays_away(site):
    GuidancePage.objects.get(slug="worried-about-an-adult").delete()
    StatementPage.objects.get(slug="cookies").unpublish()
    outcomes = loading.load()
    assert outcomes["taken away by editors"] == 1
    assert outcomes["changed by editors"] == 1
    assert not GuidancePage.objects.filter(slug="worried-about-an-adult").exists()


def test_a_changed_file_reaches_a_page_nobody_changed(site, tmp_path):
    folder = shutil.copytree(content.FOLDER, tmp_path / "content")
    file = folder / "cookies.md"
    file.write_text(file.read_text() + "\nOne more line.\n")
    outcomes = loading.load(folder)
    assert outcomes["updated"] == 1
    page = StatementPage.objects.get(slug="cookies")
    assert "One more line." in words_of(page)
    newest = PageEdition.objects.filter(page=page).first()
    assert newest is not None
    assert newest.what == "Brought up to date with the portal."


def test_a_page_of_the_editors_is_not_taken_over(site, tmp_path):
    home = HomePage.objects.get()
    home.add_child(instance=StatementPage(title="Posters", slug="posters", kept_by="Editor"))
    folder = shutil.copytree(content.FOLDER, tmp_path / "content")
    (folder / "posters.md").write_text(
        "---\ntype: statement\ntitle: Ours\nkept_by: Editor\nlast_checked: 2026-11-22\n---\nWords"
    )
    assert loading.load(folder)["changed by editors"] == 1
    assert StatementPage.objects.get(slug="posters").title == "Posters"


def test_links_follow_a_page_that_moves(site, client):
    page = GuidancePage.objects.get(slug="what-to-do")
    page.slug = "notice-check-share"
    page.save_revision().publish()
    words = client.get("/guidance/understanding-risk/").content.decode()
    assert 'class="govuk-link" href="/guidance/notice-check-share/"' in words


def test_a_broken_file_changes_nothing(tmp_path):
    folder = shutil.copytree(content.FOLDER, tmp_path / "content")
    (folder / "broken.md").write_text(
        "---\ntype: poem\ntitle: T\nkept_by: E\nlast_checked: 2026-11-22\n---\n"
    )
    with pytest.raises(content.ContentError, match="poem"):
        loading.load(folder)
    assert not HomePage.objects.exists()
