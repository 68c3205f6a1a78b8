"""Saving while people type, and two windows on the same page (WF-04, WF-07)."""

import re

import pytest
from django.test import Client

from referrals import workflow
from referrals.models import KeptText, PageSave
from tests.referrals import cases
from tests.referrals.browsing import post_page, seen, stored, url
from tests.referrals.cases import fresh


@pytest.fixture
def author(cast):
    client = Client()
    client.force_login(cast.practitioner)
    return client


@pytest.fixture
def draft(cast):
    return cases.draft(cast)


def words(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def autosave(client, referral, step, **data):
    return client.post(url(referral, step, "autosave"), data)


def test_what_is_typed_is_kept_and_the_version_comes_back(author, draft):
    before = seen(draft, "worry")
    response = autosave(author, draft, "worry", seen=before, worry="Half a sent")
    assert response.status_code == 200
    assert response.json()["seen"] == before + 1
    assert re.fullmatch(r"[\d:]+(am|pm)|midday|midnight", response.json()["saved_at"])
    assert stored(draft, "worry") == "Half a sent"


def test_an_old_version_is_refused_and_nothing_is_written(author, draft):
    before = seen(draft, "worry")
    autosave(author, draft, "worry", seen=before, worry="One.")
    response = autosave(author, draft, "worry", seen=before, worry="Two.")
    assert response.status_code == 409
    assert stored(draft, "worry") == "One."


def test_half_written_pages_are_kept_as_far_as_they_can_be_read(author, draft):
    response = autosave(
        author,
        draft,
        "features",
        seen=seen(draft, "features"),
        features=["weapons", "contacts"],
        features_contacts_words="Two older boys",
    )
    assert response.status_code == 200
    assert stored(draft, "features") == {"contacts": "Two older boys", "weapons": ""}
    response = autosave(
        author, draft, "noticed", seen=seen(draft, "noticed"), noticed_when_day="31",
        noticed_when_month="2", noticed_when_year="2026", came_to_notice="did",
    )  # fmt: skip
    assert response.status_code == 200
    assert stored(draft, "came_to_notice") == "did"
    assert stored(draft, "noticed_when") == cases.NOTICE["noticed_when"]


def test_more_words_than_may_be_sent_are_still_kept(author, draft):
    long = "word " * 2000
    autosave(author, draft, "worry", seen=seen(draft, "worry"), worry=long)
    assert stored(draft, "worry") == long.strip()
    assert "Write what you are worried could happen" in words(author.get(url(draft, "answers")))


def test_autosave_is_posted_by_the_author_alone(cast, author, draft):
    assert author.get(url(draft, "worry", "autosave")).status_code == 405
    other = Client()
    other.force_login(cast.colleague)
    assert autosave(other, draft, "worry", seen=0, worry="x").status_code == 404
    assert Client().post(url(draft, "worry", "autosave")).status_code == 302


def test_after_it_was_sent_autosave_says_that_the_page_moved_on(cast, author, draft):
    cases.fill(draft, {"spoken_to": cast.lead}, by=cast.practitioner)
    workflow.hand_over(fresh(draft), by=cast.practitioner)
    assert autosave(author, draft, "worry", seen=1, worry="x").status_code == 409
    assert stored(draft, "worry") == cases.NOTICE["worry"]


# Two windows ------------------------------------------------------------------------------------
def test_two_windows_on_different_pages_never_undo_each_other(author, draft):
    worry, told = seen(draft, "worry"), seen(draft, "told")
    author.post(url(draft, "worry"), {"seen": worry, "worry": "From the first window."})
    author.post(url(draft, "told"), {"seen": told, "told_by_others": "From the second."})
    assert stored(draft, "worry") == "From the first window."
    assert stored(draft, "told_by_others") == "From the second."


def clash(author, draft):
    """The same page saved from two windows: the second answer is refused."""
    before = seen(draft, "worry")
    author.post(url(draft, "worry"), {"seen": before, "worry": "Saved first."})
    return author.post(url(draft, "worry"), {"seen": before, "worry": "Typed <second>."})


def test_the_second_save_of_a_page_is_refused_with_both_texts_shown_and_kept(author, draft):
    response = clash(author, draft)
    assert response.status_code == 409
    page = words(response)
    assert "Two versions of this page" in page
    assert "Saved first." in page
    assert "Typed &lt;second&gt;." in page
    assert stored(draft, "worry") == "Saved first."
    assert KeptText.objects.get(referral=draft).answers == {"worry": "Typed <second>."}


def resent(page: str, **choices: str) -> dict[str, str]:
    """The form of the page as the browser would send it, with what is chosen for each question."""
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    areas = re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', page, re.DOTALL)
    typed = {name: said.replace("&lt;", "<").replace("&gt;", ">") for name, said in areas}
    chosen = dict(re.findall(r'name="(choose_\w+)" value="(\w+)" checked', page))
    chosen |= {f"choose_{name}": choice for name, choice in choices.items()}
    return {**dict(pairs), **typed, **chosen, "merge": "1"}


@pytest.mark.parametrize(
    ("choice", "kept"),
    [
        ("saved", "Saved first."),
        ("mine", "Typed <second>."),
        ("both", "Saved first.\n\nTyped <second>."),
    ],
)
def test_the_author_chooses_between_two_texts_or_keeps_both(choice, kept, author, draft):
    page = clash(author, draft).content.decode()
    response = author.post(url(draft, "worry"), resent(page, worry=choice))
    assert response["Location"] == url(draft, "worry")
    assert "Read it once more" in words(author.get(url(draft, "worry")))
    assert stored(draft, "worry") == kept


def test_each_answer_of_a_page_is_chosen_by_itself(author, draft):
    before = seen(draft, "needs")
    first = {"needs": ["family"], "needs_detail": "From the first."}
    author.post(url(draft, "needs"), {"seen": before, **first})
    second = {"needs": ["money"], "needs_detail": "From the second."}
    response = author.post(url(draft, "needs"), {"seen": before, **second})
    page = response.content.decode()
    author.post(url(draft, "needs"), resent(page, needs="saved", needs_detail="mine"))
    assert stored(draft, "needs") == ["family"]
    assert stored(draft, "needs_detail") == "From the second."


def test_a_danger_that_is_chosen_shows_stop_before_anything_else(author, draft):
    before = seen(draft, "danger")
    calm = {"harm": "no", "crime": "no", "travel": "no"}
    author.post(url(draft, "danger"), {"seen": before, **calm})
    other = calm | {"crime": "yes"}
    response = author.post(url(draft, "danger"), {"seen": before, **other})
    page = response.content.decode()
    response = author.post(url(draft, "danger"), resent(page, crime="mine"))
    assert "/stop/" in response["Location"]


def test_a_third_save_meanwhile_is_refused_again(author, draft):
    page = clash(author, draft).content.decode()
    post_page(author, draft, "worry", {"worry": "A third."})
    response = author.post(url(draft, "worry"), resent(page))
    assert response.status_code == 409
    assert "A third." in words(response)


def test_the_same_press_twice_is_no_conflict(author, draft):
    before = seen(draft, "worry")
    sent = {"seen": before, "worry": "The same words."}
    first = author.post(url(draft, "worry"), sent)
    second = author.post(url(draft, "worry"), sent)
    assert (first.status_code, first.url) == (second.status_code, second.url)
    assert not KeptText.objects.exists()


def test_an_unreadable_answer_is_shown_in_a_conflict_as_it_was_typed(author, draft):
    before = seen(draft, "noticed")
    post_page(author, draft, "noticed", cases.NOTICE | {"came_to_notice": "did"})
    response = author.post(
        url(draft, "noticed"),
        {"seen": before, "came_to_notice": "said", "noticed_when_day": "31",
         "noticed_when_month": "2", "noticed_when_year": "2026"},
    )  # fmt: skip
    assert response.status_code == 409
    assert "31" in words(response)
    assert KeptText.objects.get().answers["noticed_when"] == ["31", "2", "2026"]


@pytest.mark.parametrize("seen_said", ["", "x", "-1", "9" * 40, "٣", "\x00"])
def test_a_version_that_makes_no_sense_is_a_page_never_seen(author, draft, seen_said):
    response = author.post(url(draft, "worry"), {"seen": seen_said, "worry": "Other words."})
    assert response.status_code == 409
    assert stored(draft, "worry") == cases.NOTICE["worry"]


def test_reading_and_saving_counts_the_versions_up(author, draft):
    before = PageSave.objects.get(referral=draft, step="worry").version
    post_page(author, draft, "worry", {"worry": "Again."})
    assert f'name="seen" value="{before + 1}"' in words(author.get(url(draft, "worry")))
