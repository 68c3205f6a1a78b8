"""Pages for people who are signed in, or of some roles: nothing of them is public."""

import pytest
from django.urls import reverse

from accounts.models import User
from agencies.terms import Role
from guidance.models import HomePage, MembersPage, PageEdition
from guidance.readers import printing, search
from tests.guidance.conftest import signed_in

pytestmark = pytest.mark.django_db
PATH = "/for-leads/"
WORDS = "Quarterly meeting of the xylophones"


@pytest.fixture
def kept(site):
    page = MembersPage(title=WORDS, slug="for-leads", kept_by="E", readers=[Role.MODERATOR])
    words = [{"type": "paragraph", "value": "<p>On Mondays.</p>"}]
    page.body = page.body.stream_block.to_python(words)
    HomePage.objects.get().add_child(instance=page)
    page.save_revision().publish()
    below = MembersPage(title="Below", slug="below", kept_by="E")
    page.add_child(instance=below)
    below.save_revision().publish()
    return page


def somebody() -> User:
    user: User = User.objects.create_user("s@example.org", name="S", password="a long password")
    return user


def test_a_stranger_is_sent_to_sign_in_and_learns_nothing(kept, client):
    for path in (PATH, PATH + "below/"):
        answer = client.get(path)
        assert answer.status_code == 302
        door = client.get(answer["Location"])
        assert door.status_code == 302
        assert door["Location"].startswith(reverse("account_login"))
    for path in ("changes/", "?on=2026-11-22", "?on=2090-01-01"):
        answer = client.get(PATH + path)
        assert answer.status_code in {302, 404}
        assert "xylophones" not in answer.content.decode()
    public = ["/", "/guidance/", "/guidance/changes/", "/search/?q=xylophones", "/sitemap.xml"]
    for path in [*public, "/news/feed/", "/guidance/changes/feed/", f"/suggest/{kept.pk}/"]:
        assert "meeting of the xylophones" not in client.get(path).content.decode(), path
    assert not PageEdition.objects.filter(page=kept).exists()
    assert search.find("quarterly").total == 0
    assert kept.pk not in {page.pk for page, _kind in printing.due(500)}
    assert client.get(reverse("readers:pdf", args=[kept.pk])).status_code == 404


def test_it_is_read_by_the_roles_that_it_names_and_by_nobody_else(kept, give):
    lead = signed_in(give(Role.MODERATOR).person)
    answer = lead.get(PATH, follow=True)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    page = answer.content.decode()
    assert "On Mondays." in page
    assert 'href="/for-leads/below/"' in page
    assert '<meta name="robots" content="noindex">' in page
    other = signed_in(somebody())
    assert other.get(PATH, follow=True).status_code == 404
    assert (
        other.get(PATH + "below/", follow=True).status_code == 200
    )  # for everybody who is signed in


def test_losing_the_role_acts_on_the_next_request(kept, give):
    membership = give(Role.MODERATOR)
    lead = signed_in(membership.person)
    assert lead.get(PATH, follow=True).status_code == 200
    membership.delete()
    assert lead.get(PATH, follow=True).status_code == 404


def test_a_draft_is_read_by_nobody(kept, give):
    kept.unpublish()
    assert signed_in(give(Role.MODERATOR).person).get(PATH, follow=True).status_code == 404


def test_one_factor_is_not_enough_where_the_role_needs_two(kept, give):
    person = give(Role.MODERATOR).person
    answer = signed_in(person, second_factor=False).get(PATH, follow=True)
    assert "On Mondays." not in answer.content.decode()


def test_an_editor_writes_one_and_sees_its_preview(kept, give):
    editor = signed_in(give(Role.GUIDANCE_EDITOR).person)
    home = HomePage.objects.get()
    add = reverse("wagtailadmin_pages:add", args=["guidance", "memberspage", home.pk])
    assert "only for" in editor.get(add).content.decode().lower()
    assert "On Mondays." in kept.make_preview_request().content.decode()
