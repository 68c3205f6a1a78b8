"""Sign-off: what is signed is frozen, and a later change voids it and says so."""

from datetime import datetime

from accounts.models import User
from audit import events
from selfassessment.models import Assessment, SignOff
from selfassessment.moves import TransitionError, move
from selfassessment.terms import Status

TAKEN_BACK = (Status.READY, Status.SIGNED)


def void(assessment: Assessment, *, by: User | None, now: datetime, reason: str) -> None:
    """Void the sign-off that stands, if any; its frozen copy stays."""
    standing = SignOff.objects.standing().filter(assessment=assessment)
    if not standing.update(voided_at=now, voided_by=by, void_reason=reason):
        return
    assessment.signed_at = None
    assessment.save(update_fields=["signed_at"])
    events.record(
        "assessment.voided", assessment, by=by, agency=str(assessment.agency_id), reason=reason
    )


def void_what_rests_on(assessment: Assessment, *, by: User, now: datetime, reason: str) -> None:
    """After a change of the answers: of this form, and of every one that shares them.

    Raises:
        TransitionError: another board's moderators are working from them; nothing is changed.
    """
    void(assessment, by=by, now=now, reason=reason)
    for other in assessment.also_sent_as.select_for_update(of=("self",)):
        if other.status in (Status.MODERATION, Status.MODERATED, Status.PUBLISHED):
            raise TransitionError("another board is moderating the same answers")
        if other.status in TAKEN_BACK:
            void(other, by=by, now=now, reason=reason)
            move(other, Status.IN_PROGRESS, by=None, reason=reason)
