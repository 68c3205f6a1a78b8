"""The next version of the standards: drafted, changed, published or thrown away."""

from dataclasses import fields, replace

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from agencies.people import has_role
from agencies.terms import Role
from audit import events
from selfassessment.standards import loading
from selfassessment.standards.exchange import as_yaml
from selfassessment.standards.models import StandardSet
from selfassessment.standards.reading import SetText, StandardsError, StandardText, read

DRAFTERS = (Role.MODERATION_MANAGER,)
READERS = (Role.MODERATION_MANAGER, Role.BOARD_MEMBER)


def can_read(user: User) -> bool:
    return has_role(user, *READERS)


def can_draft(user: User) -> bool:
    """The partnership's manager keeps the pen; what is published, the board has approved."""
    return has_role(user, *DRAFTERS)


def next_versions(latest: StandardSet) -> tuple[str, str]:
    """The version that would only make wording clearer, and the one that may change meaning."""
    return f"{latest.major}.{latest.minor + 1}", f"{latest.major + 1}.1"


@transaction.atomic
def begin(version: str, *, by: User) -> StandardSet:
    """A draft like the latest published set.

    Args:
        version: one of ``next_versions``.
    Raises:
        PermissionDenied: ``by`` may not draft.
        StandardsError: there is a draft already, or nothing to begin from, or no such version.
    """
    _may(by)
    latest = StandardSet.objects.select_for_update().latest_published()
    if latest is None:
        raise StandardsError([_("There is no published set to begin from.")])
    if StandardSet.objects.filter(published_at__isnull=True).exists():
        raise StandardsError([_("There is a draft already. Finish it, or throw it away.")])
    if version not in next_versions(latest):
        raise StandardsError([_("Choose one of the two versions.")])
    text = loading.text_of(latest)
    year = version.split(".")[0]
    draft = _store(
        replace(text, version=version, title=text.title.replace(str(latest.major), year))
    )
    events.record("standards.drafted", by=by, version=version, before=latest.version)
    return draft


@transaction.atomic
def bring_in(draft: StandardSet, text: SetText, *, by: User) -> StandardSet:
    """Put a whole set, as a file holds it, in place of a draft.

    Raises:
        PermissionDenied: ``by`` may not draft.
        StandardsError: it is no draft any more, or the set may not follow the others.
    """
    _may(by)
    draft = _still_draft(draft)
    if text.version != draft.version:
        raise StandardsError(
            [
                _("The file holds version %(found)s; the draft is %(draft)s.")
                % {"found": text.version, "draft": draft.version}
            ]
        )
    stored = _store(text)
    events.record("standards.imported", by=by, version=draft.version)
    return stored


@transaction.atomic
def put(draft: StandardSet, standard: StandardText, *, by: User) -> StandardSet:
    """Change a standard of a draft, or add it at the end of its section.

    Raises:
        PermissionDenied: ``by`` may not draft.
        StandardsError: it is no draft any more, or the standard cannot stand in it.
    """
    _may(by)
    draft = _still_draft(draft)
    text = loading.text_of(draft)
    there = text.by_code
    named = {field.name for field in fields(StandardText)}
    changed = (
        sorted(
            name for name in named if getattr(there[standard.code], name) != getattr(standard, name)
        )
        if standard.code in there
        else ["added"]
    )
    order = [section.code for section in text.sections]
    if standard.section not in order:
        raise StandardsError([_("There is no section %(code)s.") % {"code": standard.section}])
    standards = sorted(
        {**there, standard.code: standard}.values(), key=lambda one: order.index(one.section)
    )
    stored = _store(replace(text, standards=tuple(standards)))
    if changed:
        events.record(
            "standards.changed", by=by, version=draft.version, code=standard.code, fields=changed
        )
    return stored


@transaction.atomic
def take_out(draft: StandardSet, code: str, *, by: User) -> StandardSet:
    """Leave a standard out of a draft; its code is not used again.

    Raises:
        PermissionDenied: ``by`` may not draft.
        StandardsError: it is no draft any more, or may not lose the standard.
    """
    _may(by)
    draft = _still_draft(draft)
    text = loading.text_of(draft)
    left = tuple(one for one in text.standards if one.code != code)
    stored = _store(replace(text, standards=left))
    events.record("standards.taken_out", by=by, version=draft.version, code=code)
    return stored


@transaction.atomic
def publish(draft: StandardSet, *, by: User) -> None:
    """Let forms be opened with a draft.

    Raises:
        PermissionDenied: ``by`` may not draft.
        StandardsError: it is no draft any more, or may not follow the others.
    """
    _may(by)
    draft = _still_draft(draft)
    _store(loading.text_of(draft))  # once more, as other sets may have come meanwhile
    StandardSet.objects.filter(pk=draft.pk).update(published_at=timezone.now())
    events.record("standards.published", by=by, version=draft.version)


@transaction.atomic
def throw_away(draft: StandardSet, *, by: User) -> None:
    """Delete a draft.

    Raises:
        PermissionDenied: ``by`` may not draft.
        StandardsError: it is no draft any more.
    """
    _may(by)
    draft = _still_draft(draft)
    version = draft.version
    draft.delete()
    events.record("standards.thrown_away", by=by, version=version)


def _may(user: User) -> None:
    if not can_draft(user):
        raise PermissionDenied


def _still_draft(draft: StandardSet) -> StandardSet:
    """It, locked and as it is now: two people who publish and change at once take turns."""
    there = StandardSet.objects.select_for_update().filter(pk=draft.pk).first()
    if there is None or there.published_at is not None:
        raise StandardsError([_("This version is not a draft any more.")])
    return there


def _store(text: SetText) -> StandardSet:
    """Store a set as its file would be read, so that no door lets in what another refuses."""
    return loading.store(read(as_yaml(text), f"{text.version}.yaml"))
