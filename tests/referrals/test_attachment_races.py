"""Files that come at the same moment, each on a connection of its own."""

import uuid
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone

import files
from files.scanning import Answer, Verdict
from files.terms import FileState
from outbox import housekeeping
from referrals import workflow
from referrals.models import Attachment, Referral
from tests.referrals import cases, clamd
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
            partial(workflow.record_scan, one.pk, Answer(Verdict.CLEAN)),
            partial(workflow.record_scan, one.pk, Answer(Verdict.CLEAN)),
            partial(workflow.remove_file, draft, one.pk, by=cast.practitioner),
        )
        assert problems(outcomes) == []
        assert outcomes[:2].count(FileState.CLEAN) <= 1
        assert not Attachment.objects.exists()
        assert cases.fresh(draft).concern.attachments is None


def free_cases() -> list[uuid.UUID]:
    with transaction.atomic():
        found = Referral.objects.select_for_update(skip_locked=True)
        return list(found.values_list("pk", flat=True))


def test_no_case_is_locked_while_files_are_looked_at_and_a_broken_one_stops_no_other(
    settings, tmp_path, monkeypatch
):
    cast = cases.make_cast()
    for number in range(4):
        workflow.add_files(workflow.start(cast.practitioner), [text(number)], by=cast.practitioner)
    first = Attachment.objects.order_by("next_try_at")[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE referrals_attachment SET content = 'broken' WHERE id = %s", [first.pk]
        )
    free: list[int] = []
    answer = clamd.Talk.handle

    def look_then_answer(talk: clamd.Talk) -> None:
        [found] = together(free_cases)
        free.append(len(found))
        answer(talk)

    monkeypatch.setattr(clamd.Talk, "handle", look_then_answer)
    with clamd.running(tmp_path) as (address, _daemon):
        settings.SCANNER = address
        housekeeping.run(timezone.now())
    assert free == [4, 4, 4]
    states = Attachment.objects.order_by("next_try_at").values_list("state", flat=True)
    assert list(states) == [FileState.PENDING, *[FileState.CLEAN] * 3]
