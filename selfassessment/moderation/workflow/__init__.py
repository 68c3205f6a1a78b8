"""Every write of a moderation, one function each: the only doors.

Each locks the form, asks the policy, saves, and writes the audit event and the outbox rows, in
one transaction.
"""

from selfassessment.moderation.workflow.appeals import appeal, decide, end_chair, name_chair
from selfassessment.moderation.workflow.giving import (
    begin,
    flag_incident,
    give,
    leave_agency,
    leave_all,
    stand_down,
)
from selfassessment.moderation.workflow.interests import declare, end_interest
from selfassessment.moderation.workflow.judging import (
    answer,
    drop,
    finish,
    judge,
    require,
    settle,
)
from selfassessment.moderation.workflow.outcome import (
    comment,
    note_talk,
    publish,
    share_practice,
    write_letter,
)

__all__ = [
    "answer",
    "appeal",
    "begin",
    "comment",
    "decide",
    "declare",
    "drop",
    "end_chair",
    "end_interest",
    "finish",
    "flag_incident",
    "give",
    "judge",
    "leave_agency",
    "leave_all",
    "name_chair",
    "note_talk",
    "publish",
    "require",
    "settle",
    "share_practice",
    "stand_down",
    "write_letter",
]
