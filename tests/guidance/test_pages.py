from datetime import timedelta

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agencies.models import Contact, Route
from agencies.terms import ContactPurpose, Role, RouteKind
from guidance import content
from guidance.models import GuidancePage, HelpPage, HomePage, NewsPage
from tests.guidance.conftest import signed_in
from ui.dates import paper_day

pytestmark = pytest.mark.django_db
PATHS = [source.path for source in content.sources()]


def test_anyone_can_read_every_page_in_few_queries(site, give):
    person = signed_in(give(Role.GUIDANCE_EDITOR).person)
    for path in PATHS:
        assert read(Client(), path) == set()
        # The form to stay signed in has its token; nothing else is set by reading.
        assert read(person, path) <= {settings.CSRF_COOKIE_NAME}


def read(reader: Client, path: str) -> set[str]:
    """Which cookies the page sets."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        response = reader.get(path)
    assert response.status_code == 200
    assert len(queries) <= 15, [query["sql"] for query in queries]
    page = response.content.decode()
    assert "<script>" not in page
    assert "userbar" not in page
    assert "linktype" not in page
    return set(response.cookies)


def test_every_page_names_its_owner_and_the_day_it_was_checked(site, client):
    for source in content.sources():
        page = client.get(source.path).content.decode()
        assert "?.</strong>" not in page, source.path  # a step that is a question
        assert "ast checked" in page, source.name
        assert source.fields["kept_by"] in page, source.name
        assert paper_day(source.fields["last_checked"]) in page, source.name


def test_the_home_page_opens_three_doors(site, client):
    page = client.get("/").content.decode()
    assert 'href="/referrals/start/"' in page
    assert 'href="/guidance/"' in page
    assert "opens here later" in page or "/self-assessment/" in page
    assert 'href="tel:999"' in page
    assert "Worried about a child?" in page
    assert "Worried about an adult?" in page
    assert "You can now raise a concern in the portal" in page


def test_guidance_carries_no_999_line(site, client):
    assert "p-999" not in client.get("/guidance/what-to-do/").content.decode()


def test_the_four_aims_walk_on_to_each_other(site, client):
    page = client.get("/guidance/understanding-risk/").content.decode()
    assert 'href="/guidance/national-picture/" rel="prev"' in page
    assert 'href="/guidance/what-to-do/" rel="next"' in page


def test_help_shows_contacts_with_the_day_they_were_checked(site, client, locality):
    Contact.objects.create(
        purpose=ContactPurpose.WORRIED_CHILD,
        locality=locality,
        name="Children’s services",
        phone="01632 960123",
        source="The council’s site",
        owner="Guidance editor",
        checked_on=timezone.localdate().replace(month=1, day=5),
    )
    Contact.objects.create(
        purpose=ContactPurpose.POLICE,
        name="Not yet",
        phone="01632 960124",
        source="A note",
        owner="Guidance editor",
        checked_on=timezone.localdate(),
        is_shown=False,
    )
    Route.objects.update_or_create(
        locality=locality,
        kind=RouteKind.POLICE,
        defaults={"name": "Police Prevent team", "out_of_hours_phone": "01632 960199"},
    )
    page = client.get("/contacts/").content.decode()
    assert 'href="tel:01632960123"' in page
    assert "Last checked 5 January" in page
    assert "Not yet" not in page
    assert 'href="tel:01632960199"' in page
    assert 'href="tel:01632960123"' in client.get("/worried-about-a-child/").content.decode()
    assert "01632960123" not in client.get("/worried-about-an-adult/").content.decode()


def test_a_number_that_is_missing_is_shown_to_editors_only(site, client, locality, rf):
    assert "To be supplied" not in client.get("/contacts/").content.decode()
    assert "To be supplied" not in client.get("/accessibility/").content.decode()
    preview = HelpPage.objects.get().make_preview_request()
    shown = (
        preview.render().content.decode()
        if hasattr(preview, "render")
        else preview.content.decode()
    )
    assert "To be supplied by the board" in shown
    assert f"{locality}: Worried about a child" in shown


def test_two_headings_may_not_share_their_words(site):
    page = GuidancePage.objects.get(slug="what-to-do")
    page.body = [("heading", {"words": w}) for w in ("Same words", "Same, words!")]
    with pytest.raises(Exception, match="own words"):
        page.full_clean()


@pytest.fixture
def varied(site):
    """A page with one of each kind of block."""
    home = HomePage.objects.get()
    text = """
## What to do {NCS-901}

Steps:
1. **Stop.** Think.

Q: Why?
A: Because of the [[Channel panel]].

::: for schools
Ask the designated lead.
:::

::: for health, schools
Ask Caldicott.
:::

::: for prisons
Ask the governor.
:::

You **must** ring.

Contacts: worried_child

Download: A form | https://example.org/form | PDF, 20 KB

To be supplied: the number of the team
"""
    page = GuidancePage(title="Varied", slug="varied", kept_by="E", approver="A")
    page.audience = ["lead", "everybody"]
    stream = content.stream(text, lambda address: f'href="{address}"')
    page.body = page.body.stream_block.to_python(stream)
    home.add_child(instance=page)
    page.save_revision().publish()
    return page


def test_every_kind_of_block_is_shown(varied, client):
    page = client.get("/varied/").content.decode()
    for words in (
        'id="NCS-901"',
        "NCS-901. Quote them",
        "<strong>Stop.</strong> Think.",
        "<h3>Why?</h3>",
        'href="/guidance/glossary/#term-channel-panel"',
        "In schools and health services",
        "“Must” is a legal duty" if varied.sources else "ring.",
        'href="https://example.org/form">A form (PDF, 20 KB)</a>',
        "Everybody, Safeguarding leads",
    ):
        assert words in page, words
    assert "To be supplied" not in page
    assert "the number of the team" not in page
    preview = varied.make_preview_request()
    assert "the number of the team" in preview.content.decode()


def test_a_reader_sees_what_holds_where_they_work(varied, client):
    every = client.get("/varied/")
    assert b"canonical" not in every.content
    school = client.get("/varied/?for=schools")
    words = school.content.decode()
    assert "Ask the designated lead" in words
    assert "Ask Caldicott" in words
    assert "Ask the governor" not in words
    assert '<link rel="canonical" href="/varied/">' in words
    assert '<a href="?for=schools" aria-current="true">' in words
    assert not school.cookies
    assert "Ask the governor" in client.get("/varied/?for=moon").content.decode()
    assert "?for=colleges" not in words  # only workplaces that the page has something for


def test_contacts_cost_the_same_however_many_there_are(varied, client, locality):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get("/varied/")
        return len(asked)

    before = queries()
    for number in range(5):
        Contact.objects.create(
            purpose=ContactPurpose.WORRIED_CHILD, locality=locality, name=f"Team {number}",
            phone="01632 960123", source="S", owner="O", checked_on=timezone.localdate(),
        )  # fmt: skip
    assert queries() == before
    assert "Team 4" in client.get("/varied/").content.decode()


def test_news_says_its_kind_and_leaves_the_lists_after_its_last_day(site, client):
    page = client.get("/news/").content.decode()
    assert "Training, 19 November 2026" in page
    item = NewsPage.objects.get(slug="free-online-courses")
    item.shown_until = item.published_on
    item.save()
    for path in ("/news/", "/", "/news/feed/"):
        assert "Online courses on Prevent" not in client.get(path).content.decode()
    assert "This is old news" in client.get("/news/free-online-courses/").content.decode()
    item.shown_until = item.published_on - timedelta(days=1)
    with pytest.raises(ValidationError, match="on or after that of the news"):
        item.clean_words()


def test_robots_keep_out_of_what_is_not_public(client):
    answer = client.get("/robots.txt")
    assert answer["Content-Type"].startswith("text/plain")
    lines = answer.content.decode().splitlines()
    assert "Disallow: /referrals/" in lines
    assert "Disallow: /accounts/" in lines
    assert client.get("/favicon.ico")["Location"].endswith(".svg")


def test_wagtails_own_sign_in_pages_are_gone(client):
    for path in ("/_util/login/", "/_util/authenticate_with_password/1/1/"):
        assert client.get(path).status_code == 404


def test_a_page_that_is_not_there_is_said_plainly(client):
    assert client.get("/no-such-page/").status_code == 404
