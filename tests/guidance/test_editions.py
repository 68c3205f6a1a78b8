import re
from datetime import date, timedelta

import pytest
from django.utils import timezone
from wagtail.models import Comment, CommentReply

from accounts.models import User
from agencies.models import Contact
from agencies.terms import ContactPurpose, Role
from clauses import register
from clauses.models import Clause, Edition, clauses_with, current_edition
from guidance import access, content, loading
from guidance.forms import ask, changed_clauses
from guidance.models import DatedPage, GuidancePage, PageEdition, end_of
from outbox.models import Message
from tests.guidance.conftest import page_of, signed_in
from ui.difference import between

pytestmark = pytest.mark.django_db
PATH = "/guidance/what-to-do/"


def a_page(text: str, slug: str = "clause-page") -> GuidancePage:
    page = GuidancePage(title="A page with clauses", slug=slug, kept_by="Guidance editor")
    write(page, text)
    page_of("/guidance/").add_child(instance=page)
    page.save_revision().publish()
    return page


def write(page: DatedPage, text: str) -> None:
    blocks = content.stream(text, lambda address: f'href="{address}"')
    page.body = page.body.stream_block.to_python(blocks)


def change(page: DatedPage, text: str, **about: str) -> None:
    write(page, text)
    for name, words in about.items():
        setattr(page, name, words)
    page.save_revision().publish()


def dated(number: int, day: date) -> None:
    """Let an edition have been published at noon of another day."""
    noon = end_of(day) - timedelta(hours=12)
    Edition.objects.filter(number=number).update(published_at=noon)


@pytest.fixture
def told(site):
    """A page that was published on 3 March and changed on 10 March 2026."""
    page = a_page("## Ask {NCS-801}\n\nAsk your lead on the same day.\n\nKeep a note.")
    first = current_edition()
    change(
        page,
        "## Ask {NCS-801}\n\nAsk your lead on the same working day.\n\nKeep a note.",
        what_changed="Working day.",
        why_changed="Leads asked.",
        read_again="yes",
    )
    second = current_edition()
    assert first is not None
    assert second is not None
    dated(first.number, date(2026, 3, 3))
    dated(second.number, date(2026, 3, 10))
    return page


def test_a_load_of_many_pages_is_one_edition(site):
    assert Edition.objects.count() == 1
    assert PageEdition.objects.count() == len(content.sources())
    loading.load()
    assert Edition.objects.count() == 1


def test_pages_that_were_published_before_editions_are_noted_as_they_are(site):
    PageEdition.objects.all().delete()
    Edition.objects.filter(pk__gt=0).exclude(pk__in=Clause.objects.values("changed_in")).delete()
    loading.load()
    assert PageEdition.objects.count() == len(content.sources())


def test_every_publication_is_an_edition_that_says_what_changed_and_why(told, client):
    page = client.get("/guidance/clause-page/changes/").content.decode()
    assert "Working day." in page
    assert "Leads asked." in page
    assert "Staff are asked to read it again" in page
    assert "New page." in page
    assert "10 March 2026" in page
    whole = client.get("/guidance/changes/").content.decode()
    assert "A page with clauses" in whole
    assert "Working day." in whole
    assert (
        'href="/guidance/clause-page/changes/"'
        in client.get("/guidance/clause-page/").content.decode()
    )


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-03-03", "on the same day"),
        ("2026-03-09", "on the same day"),
        ("2026-03-10", "on the same working day"),
    ],
)
def test_a_page_can_be_read_as_it_was_on_a_day(told, client, day, words):
    answer = client.get(f"/guidance/clause-page/?on={day}")
    page = answer.content.decode()
    assert answer["X-Robots-Tag"] == "noindex"
    assert '<meta name="robots" content="noindex">' in page
    assert words in page
    assert "This is what the page said on" in page
    assert "This page (PDF)" not in page  # the file is of today
    assert 'href="/guidance/clause-page/"' in page


def test_a_day_on_which_it_was_not_published_is_said_plainly(told, client):
    early = client.get("/guidance/clause-page/?on=2026-03-02")
    assert early.status_code == 404
    assert "was not published on 2 March 2026" in early.content.decode()
    for day in ("soon", "2026-02-31", (timezone.localdate() + timedelta(days=1)).isoformat()):
        answer = client.get(f"/guidance/clause-page/?on={day}")
        assert answer.status_code == 404
        assert "No such day" in answer.content.decode()
    assert client.get("/no-such-page/?on=2026-03-03").status_code == 404
    assert client.get("/no-such-page/changes/").status_code == 404


def test_what_was_taken_away_can_still_be_read_as_of_its_day(told, client):
    told.delete()
    assert client.get("/guidance/clause-page/").status_code == 404
    page = client.get("/guidance/clause-page/?on=2026-03-03").content.decode()
    assert "on the same day" in page
    assert "taken away since" in page
    today = client.get(f"/guidance/clause-page/?on={timezone.localdate().isoformat()}")
    assert today.status_code == 404
    assert "had been taken away" in today.content.decode()
    assert "Taken away." in client.get("/guidance/clause-page/changes/").content.decode()


def test_a_page_that_moved_keeps_its_past(told, client):
    told.move(page_of("/guidance/understanding-risk/"), pos="last-child")
    page = client.get("/guidance/understanding-risk/clause-page/?on=2026-03-03")
    assert "on the same day" in page.content.decode()


def test_the_difference_between_two_days_is_in_words(told, client):
    page = client.get("/guidance/clause-page/changes/?from=2026-03-03&to=2026-03-10")
    words = page.content.decode()
    assert "From 3 March 2026 to 10 March 2026" in words
    assert '<ins><strong class="govuk-visually-hidden">added: </strong>working' in words
    assert "Keep a note." not in words  # unchanged, and not beside a change
    swapped = client.get("/guidance/clause-page/changes/?to=2026-03-03&from=2026-03-10")
    assert "<ins>" in swapped.content.decode()
    bad = client.get("/guidance/clause-page/changes/?from=then&to=now").content.decode()
    assert "Choose two days from the lists" in bad


def test_lines_that_have_little_in_common_stand_one_after_the_other():
    found = between(["One two three.", "Same."], ["Quite other words here.", "Same."])
    assert [[piece.kind for piece in line] for line in found] == [["went"], ["came"], ["same"]]
    joined = between(["One two three four."], ["One two and three four."])
    assert [(p.kind, p.words) for p in joined[0]] == [
        ("same", "One two "),
        ("came", "and "),
        ("same", "three four."),
    ]


def test_contacts_are_those_of_the_day_that_is_asked_for(told, client, locality):
    write(told, "## Ask {NCS-801}\n\nContacts: police")
    told.save_revision().publish()
    edition = current_edition()
    assert edition is not None
    dated(edition.number, date(2026, 3, 3))
    desk = Contact.objects.create(
        purpose=ContactPurpose.POLICE, locality=locality, name="The old desk",
        phone="01632 960101", source="S", owner="O", checked_on=date(2026, 3, 1),
    )  # fmt: skip
    desk.editions.update(since=end_of(date(2026, 3, 4)))
    desk.name, desk.phone = "The new desk", "01632 960102"
    desk.save()
    now = client.get("/guidance/clause-page/").content.decode()
    assert "The new desk" in now
    assert "The old desk" not in now
    then = client.get("/guidance/clause-page/?on=2026-03-06").content.decode()
    assert "The old desk" in then
    assert "01632960101" in then
    assert "The new desk" not in then
    assert "those of today" not in then
    before = client.get("/guidance/clause-page/?on=2026-03-03").content.decode()
    assert "The new desk" in before
    assert "those of today: what they said on that day was not kept" in before
    assert re.search(r"<h3[^>]*>North Yorkshire</h3>", before)


def test_saving_a_contact_that_says_the_same_keeps_nothing_new(site, locality):
    desk = Contact.objects.create(
        purpose=ContactPurpose.POLICE, name="Desk", phone="01632 960101", source="S", owner="O",
        checked_on=date(2026, 3, 1),
    )  # fmt: skip
    desk.save()
    Contact.objects.get(pk=desk.pk).save()
    assert desk.editions.count() == 1


def test_reading_the_past_costs_the_same_however_much_there_is(
    told, client, django_assert_max_num_queries
):
    for number in range(8):
        change(told, f"## Ask {{NCS-801}}\n\nTake {number}.")
    for address in ("?on=2026-03-03", "changes/", "changes/?from=2026-03-03&to=2026-03-10"):
        with django_assert_max_num_queries(15):
            assert client.get(f"/guidance/clause-page/{address}").status_code == 200


def test_clauses_follow_what_is_published(told):
    clause = Clause.objects.get(code="NCS-801")
    assert clause.changed_in == current_edition()
    assert clause.address == "/guidance/clause-page/#NCS-801"
    before = clause.changed_in
    change(told, "## Ask {NCS-801}\n\nAsk your lead on the same working day.\n\nKeep a copy.")
    clause.refresh_from_db()
    assert clause.changed_in != before  # all its words count, up to the next heading
    change(
        told,
        "## Ask {NCS-801}\n\nAsk your lead on the same working day.\n\nKeep a copy.\n\n## Other",
    )
    assert Clause.objects.get(code="NCS-801").changed_in == clause.changed_in
    change(told, "No more parts.")
    assert clauses_with(["NCS-801"]) == []
    told.unpublish()
    assert not Clause.objects.get(code="NCS-801").is_current


def test_a_code_is_given_once(told):
    other = GuidancePage(title="Other", slug="other", kept_by="E")
    write(other, "## Mine {NCS-801}\n\nWords.")
    with pytest.raises(Exception, match="is the code of a part of"):
        page_of("/guidance/").add_child(instance=other)
    write(other, "## Mine {NCS-802}\n\n## Yours {NCS-802}")
    with pytest.raises(Exception, match="one heading only"):
        page_of("/guidance/").add_child(instance=other)


def test_the_wizards_questions_rest_on_clauses():
    rests = register.dependants(["NCS-31", "NCS-999"])
    assert [one.code for one in rests["NCS-31"]] == ["N6", "N7"]
    assert rests["NCS-999"] == []
    assert "Question of the wizard N6, Question of the wizard N7" in ask(["NCS-31"])


def edit_form(page: DatedPage, **changed: str) -> dict[str, object]:
    """What the editing page sends back for a page without blocks."""
    fields: dict[str, object] = {
        "title": page.title,
        "slug": page.slug,
        "summary": page.summary,
        "kept_by": page.kept_by,
        "last_checked": page.last_checked.isoformat(),
        "body-count": "2",
        "body-0-type": "heading",
        "body-0-order": "0",
        "body-0-deleted": "",
        "body-0-id": "",
        "body-0-value-words": "Ask",
        "body-0-value-code": "NCS-801",
        "body-1-type": "wanted",
        "body-1-order": "1",
        "body-1-deleted": "",
        "body-1-id": "",
        "body-1-value": "A number",
        "sources-count": "0",
    }
    return fields | changed


def test_an_editor_is_asked_about_a_change_when_it_is_sent_on(told, give):
    editor = signed_in(give(Role.GUIDANCE_EDITOR).person)
    address = f"/cms/pages/{told.pk}/edit/"
    draft = editor.post(address, edit_form(told, summary="A draft may wait."))
    assert draft.status_code == 302
    sent = editor.post(address, edit_form(told) | {"action-submit": "1"})
    page = sent.content.decode()
    assert sent.status_code == 200
    for words in (
        "Tell readers what changed.",
        "Tell readers why it changed.",
        "Changed: NCS-801.",
    ):
        assert words in page
    about = {"what_changed": "A", "why_changed": "B", "read_again": "no"}
    sent = editor.post(address, edit_form(told, **about) | {"action-submit": "1"})
    assert sent.status_code == 302
    assert told.specific.current_workflow_state is not None


def test_a_comment_beside_the_text_is_told_to_who_wrote_it_without_its_words(
    told, give, mailoutbox
):
    wrote, other = give(Role.GUIDANCE_EDITOR).person, give(Role.GUIDANCE_APPROVER).person
    for person in (wrote, other):
        assert access.sync(person)
    told.save_revision(user=wrote)
    forms = {"comments-TOTAL_FORMS": "1", "comments-INITIAL_FORMS": "0"}
    replies = {"comments-0-replies-TOTAL_FORMS": "0", "comments-0-replies-INITIAL_FORMS": "0"}
    written = {
        "comments-0-text": "Is this still so?",
        "comments-0-contentpath": "summary",
        "comments-0-position": "",
        "comments-0-id": "",
    }
    sent = signed_in(other).post(
        f"/cms/pages/{told.pk}/edit/", edit_form(told) | forms | replies | written
    )
    assert sent.status_code == 302
    comment = Comment.objects.get()
    assert comment.text == "Is this still so?"
    mails = Message.objects.filter(kind="guidance.comment")
    assert [mail.to_person for mail in mails] == [wrote]
    assert "still so" not in str(list(Message.objects.values()))
    assert mailoutbox == []  # nothing by Wagtail itself
    CommentReply.objects.create(comment=comment, user=wrote, text="Yes.")
    assert mails.filter(to_person=other).exists()


def test_the_words_about_the_last_change_are_not_offered_again(told, give):
    editor = signed_in(give(Role.GUIDANCE_EDITOR).person)
    page = editor.get(f"/cms/pages/{told.pk}/edit/").content.decode()
    assert "Working day.</textarea>" not in page
    assert "What rests on" in page or "Nothing rests on" in page


def test_what_a_change_leaves_alone_asks_nothing(told):
    same = GuidancePage()
    write(same, "## Ask {NCS-801}\n\nAsk your lead on the same working day.\n\nKeep a note.")
    assert changed_clauses(same, told.pk) == []


def test_a_person_of_the_office_is_a_person(give):
    assert isinstance(give(Role.GUIDANCE_EDITOR).person, User)


def test_the_end_of_a_day_is_midnight_here():
    assert timezone.localtime(end_of(date(2026, 6, 1))).isoformat() == ("2026-06-02T00:00:00+01:00")
