"""Files that come at the same moment, each on a connection of its own."""

from functools import partial

import pytest

import files
from files.scanning import Verdict
from files.terms import FileState
from referrals import workflow
from referrals.models import Attachment
from tests.referrals import cases
from tests.referrals.test_races import problems, together

pytestmark = pytest.mark.django_db(transaction=True)


def text(number: int) -> files.CleanFile:
    return files.clean(f"{number}.txt", f"words {number}".encode())


def test_the_sixth_file_on_another_connection_is_told_and_not_kept():
    cast = cases.make_cast()
    draft = workflow.start(cast.practitioner)
    workflow.add_files(draft, [text(number) for number in range(3)], by=cast.practitioner)
    acts = [
        partial(workflow.add_files, draft, [text(number)], by=cast.practitioner)
        for number in range(10, 16)
    ]
    outcomes = together(*acts)
    assert problems(outcomes) == []
    assert sum(len(added.kept) for added in outcomes) == 2
    assert sum("five files" in "".join(added.refused) for added in outcomes) == 4
    there = workflow.files_of(draft)
    assert [one.number for one in there] == [1, 2, 3, 4, 5]
    held = cases.fresh(draft).concern.attachments
    assert [one["name"] for one in held] == [one.name for one in there]


def test_the_same_file_sent_twice_at_once_is_there_once():
    cast = cases.make_cast()
    draft = workflow.start(cast.practitioner)
    outcomes = together(*[partial(workflow.add_files, draft, [text(1)], by=cast.practitioner)] * 4)
    assert problems(outcomes) == []
    assert Attachment.objects.count() == 1


def test_two_workers_and_a_removal_at_once_agree():
    cast = cases.make_cast()
    for _round in range(3):
        draft = workflow.start(cast.practitioner)
        one = workflow.add_files(draft, [text(1)], by=cast.practitioner).kept[0]
        outcomes = together(
            partial(workflow.record_scan, one.pk, Verdict.CLEAN),
            partial(workflow.record_scan, one.pk, Verdict.CLEAN),
            partial(workflow.remove_file, draft, one.pk, by=cast.practitioner),
        )
        assert problems(outcomes) == []
        assert outcomes[:2].count(FileState.CLEAN) <= 1
        assert not Attachment.objects.exists()
        assert cases.fresh(draft).concern.attachments is None
