"""A word of its own in every sealed column of a case, so that a page cannot show one unseen."""

from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone

from files.terms import FileKind, FileState
from referrals.models import (
    Attachment,
    ExclusionReason,
    Hold,
    KeptText,
    Message,
    PoliceNote,
    Referral,
)
from referrals.questions import BY_NAME, Kind
from referrals.terms import HoldReason, MessageKind, NoteReaders, Status
from referrals.workflow import RECORD_CLASS
from tests.referrals.cases import Cast
from vault.fields import SealedBinaryField, SealedField

OF_A_LIST = {Kind.CHOICE, Kind.SELECT, Kind.MULTI}
"""Kinds whose answers are values of a list: there is no room in them for words."""
NO_WORDS = {
    ("PersonRecord", "born"),
    ("Submission", "answers"),  # a copy of those that were given by then
    ("Document", "content"),  # made from that
    ("Attachment", "sha256"),
}


def columns() -> list[tuple[type[models.Model], SealedField[Any, Any]]]:
    """Every sealed column of a case in which words can stand."""
    found = []
    for model in apps.get_app_config("referrals").get_models():
        for column in model._meta.concrete_fields:
            question = BY_NAME.get(column.name)
            listed = model in RECORD_CLASS.values() and question and question.kind in OF_A_LIST
            if (
                isinstance(column, SealedField)
                and not listed
                and (model.__name__, column.name) not in NO_WORDS
            ):
                found.append((model, column))
    return found


def mark(model: type[models.Model], name: str) -> str:
    return f"CANARY{model.__name__}{name.replace('_', '')}X"


def write(referral: Referral, cast: Cast) -> dict[tuple[str, str], str]:
    """Write a word of its own into every such column.

    Returns:
        The words by model and column.
    """
    by, now = cast.prevent_lead, timezone.now()
    rows: dict[type[models.Model], models.Model] = {
        model: model._default_manager.get_or_create(referral=referral)[0]
        for model in RECORD_CLASS.values()
    }
    rows |= {
        KeptText: KeptText(referral=referral, step="worry", by=cast.practitioner),
        Message: Message(referral=referral, kind=MessageKind.NOTE, readers=NoteReaders.TEAM, by=by),
        ExclusionReason: ExclusionReason(referral=referral, person=cast.chair, by=by),
        PoliceNote: PoliceNote(referral=referral, target=Status.GATEWAY, by=cast.officer),
        Hold: Hold(
            referral=referral,
            why=HoldReason.values[0],
            until=now.date() + timedelta(days=9),
            by=cast.privacy_officer,
        ),
        Attachment: Attachment(
            referral=referral,
            number=1,
            kind=FileKind.TXT,
            size=1,
            state=FileState.CLEAN,
            by=cast.practitioner,
        ),
    }
    written = {}
    for model, column in columns():
        word = written[model.__name__, column.name] = mark(model, column.name)
        setattr(rows[model], column.name, _shaped(column, word))
    for row in rows.values():
        row.save()
    return written


def _shaped(column: SealedField[Any, Any], word: str) -> Any:
    """The word as an answer of that column is kept."""
    if isinstance(column, SealedBinaryField):
        return word.encode()
    if column.name == "attachments":
        return [
            {
                "number": 1,
                "name": word,
                "kind": "txt",
                "size": 1,
                "sha256": "0" * 64,
                "added_at": "2026-11-16T10:00:00+00:00",
            }
        ]
    if column.name == "answers":
        return {"worry": word}
    question = BY_NAME.get(column.name)
    kind = question.kind if question else Kind.LONG
    if kind == Kind.ROWS:
        return [{name: word for name, _label in question.columns}] if question else []
    if kind == Kind.DETAILS:
        return {"contacts": word}
    if kind == Kind.APPROX:
        return {"about": word}
    if kind == Kind.CONTACT:
        return {"name": word, "role": word, "organisation": word}
    return word
