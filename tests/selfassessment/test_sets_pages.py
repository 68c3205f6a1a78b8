"""The pages of the sets of standards: who finds them, and drafting from the first to the last."""

from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from agencies.terms import Role
from selfassessment.models import StandardSet
from selfassessment.standards import exchange, loading
from tests.entry import enter
from tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
SETS = "/self-assessment/sets/"


@pytest.fixture
def stored():
    loading.load()
    return StandardSet.objects.get(version="2026.1")


def browser(role):
    person = UserFactory()
    MembershipFactory(person=person, role=role, agency=None, locality=None)
    return enter(person)


@pytest.fixture
def manager(stored):
    return browser(Role.MODERATION_MANAGER)


@pytest.fixture
def board(stored):
    return browser(Role.BOARD_MEMBER)


@pytest.fixture
def draft(manager):
    manager.post(f"{SETS}begin/", {"version": "2027.1"})
    return StandardSet.objects.get(version="2027.1")


def words(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def whole_form(standard, **changes):
    return {
        "title": standard.title,
        "text": standard.text,
        "weight": standard.weight,
        "marks": [m for m in ("critical", "short_form") if getattr(standard, m)],
        **{rating.value: said for rating, said in standard.levels},
        "evidence": "\n".join(standard.evidence),
        "applies_to": standard.applies_to,
        "basis": "\n".join(standard.basis),
        "clauses": " ".join(standard.clauses),
    } | changes


def test_the_board_reads_every_version(board, django_assert_max_num_queries):
    assert "2026.1" in words(board.get(SETS))
    with django_assert_max_num_queries(15):
        page = words(board.get(f"{SETS}2026.1/"))
    assert "54 standards" in page
    assert "8 that the law requires, 19 critical, 23 in the short form" in page
    one = words(board.get(f"{SETS}2026.1/LG4/"))
    assert "Leaders understand section 26" in one
    assert "Further and higher education" in one
    assert "A must for specified authorities only" in one


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.PORTAL_ADMIN, Role.GUIDANCE_EDITOR])
def test_nobody_else_finds_them(stored, role):
    other = browser(role)
    assert other.get(SETS).status_code == 404
    assert other.get(f"{SETS}2026.1/").status_code == 404
    assert other.get(f"{SETS}2026.1/standards.yaml").status_code == 404
    assert other.post(f"{SETS}begin/", {"version": "2027.1"}).status_code == 404


def test_the_board_changes_nothing(board, draft):
    assert board.post(f"{SETS}begin/", {"version": "2026.2"}).status_code == 403
    for page in ("add", "bring-in", "publish", "throw-away"):
        assert board.get(f"{SETS}2027.1/{page}/").status_code == 404
        assert board.post(f"{SETS}2027.1/{page}/").status_code == 404
    board.post(f"{SETS}2027.1/LG1/", whole_form(draft.standards.get(code="LG1"), title="Mine"))
    assert board.post(f"{SETS}2027.1/LG1/take-out/").status_code == 404
    assert draft.standards.get(code="LG1").title == "Senior accountable lead"


def test_a_standard_is_changed_added_and_taken_out_and_the_draft_published(manager, draft):
    one = draft.standards.get(code="LG1")
    page = words(manager.get(f"{SETS}2027.1/LG1/"))
    assert "Senior accountable lead" in page
    manager.post(f"{SETS}2027.1/LG1/", whole_form(one, title="Senior lead"))
    assert draft.standards.get(code="LG1").title == "Senior lead"
    manager.post(f"{SETS}2027.1/add/", whole_form(one, code="lg6", title="One more"))
    assert draft.standards.get(code="LG6").title == "One more"
    manager.post(f"{SETS}2027.1/LG5/take-out/")
    changes = words(manager.get(f"{SETS}2027.1/changes/"))
    for said in ("LG1 Senior lead", "accountable", "Added", "Taken out", "Wording made clearer"):
        assert said in changes
    assert "Publish 2027.1?" in words(manager.get(f"{SETS}2027.1/publish/"))
    manager.post(f"{SETS}2027.1/publish/")
    assert StandardSet.objects.latest_published() == draft
    assert manager.get(f"{SETS}2027.1/add/").status_code == 404
    words(manager.get(f"{SETS}2027.1/LG1/"))


def test_what_is_wrong_is_said_beside_the_form(manager, draft):
    one = draft.standards.get(code="LG1")
    page = words(manager.post(f"{SETS}2027.1/LG1/", whole_form(one, clauses="NOWHERE")))
    assert "LG1: clauses: “NOWHERE”; they look like NCS-3" in page
    assert ".yaml" not in page
    page = words(manager.post(f"{SETS}2027.1/LG1/", whole_form(one, title="")))
    assert "Write a title" in page
    page = words(manager.post(f"{SETS}2027.1/add/", whole_form(one, code="LG1")))
    assert "has a standard with this code already" in page
    page = words(manager.post(f"{SETS}2027.1/add/", whole_form(one, code="XX1")))
    assert "There is no section XX" in page


@pytest.mark.parametrize("kind", ["yaml", "xlsx"])
def test_a_draft_goes_out_as_a_file_and_comes_back(manager, draft, kind):
    answer = manager.get(f"{SETS}2027.1/standards.{kind}")
    assert answer["Content-Disposition"] == f'attachment; filename="standards-2027.1.{kind}"'
    text = loading.text_of(draft)
    changed = [replace(one, title="Senior lead") if one.code == "LG1" else one
               for one in text.standards]  # fmt: skip
    text = replace(text, standards=tuple(changed))
    data = exchange.as_yaml(text).encode() if kind == "yaml" else exchange.as_spreadsheet(text)
    upload = SimpleUploadedFile(f"next.{kind}", data)
    back = manager.post(f"{SETS}2027.1/bring-in/", {"upload": upload}, follow=True)
    assert "Wording made clearer" in words(back)
    assert draft.standards.get(code="LG1").title == "Senior lead"


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.yaml", b"version: '2027.1'", "a.yaml:1: the file: title is missing; write it"),
        ("a.yaml", b"\xff\xfe\x00", "Save the file as UTF-8"),
        ("a.yaml", b"[" * 20_000, "a.yaml:1: this cannot be read as YAML"),
        ("a.yaml", b'[a]: b\n"\\0": c', "the file"),
        ("a.xlsx", b"PK\x03\x04", "cannot read this spreadsheet"),
        ("a.csv", b"code\nLG1", "add the columns section"),
        ("a.yaml", b" " * 1_000_001, "too large"),
    ],
)
def test_a_file_that_is_wrong_changes_nothing(manager, draft, name, data, said):
    upload = SimpleUploadedFile(name, data)
    page = words(manager.post(f"{SETS}2027.1/bring-in/", {"upload": upload}))
    assert said in page
    assert draft.standards.count() == 54


def test_a_draft_is_thrown_away_and_another_begun(manager, draft):
    assert "There is a draft already" in words(
        manager.post(f"{SETS}begin/", {"version": "2026.2"}, follow=True)
    )
    assert "Throw 2027.1 away?" in words(manager.get(f"{SETS}2027.1/throw-away/"))
    manager.post(f"{SETS}2027.1/throw-away/")
    assert "Only wording: 2026.2" in words(manager.get(SETS))
    manager.post(f"{SETS}begin/", {"version": "2026.2"})
    refused = manager.post(f"{SETS}2026.2/LG5/take-out/", follow=True)
    assert "give the set a new year" in words(refused)


def test_a_used_version_is_marked_as_such(board, stored):
    stored.mark_used(timezone.now())
    assert "In use since" in words(board.get(SETS))
    assert board.get(reverse("standards:changes", args=["2026.1"])).status_code == 404
    assert board.get(f"{SETS}1999.1/").status_code == 404
