"""Every write to a self-assessment, one function each: the only doors.

Each locks the form, looks the move up, asks the policy, saves, and writes the audit event and the
outbox rows, in one transaction. Pages, commands, the worker and the tests come through these doors.
"""

from selfassessment.workflow.answering import (
    CONSULTATION,
    WRITTEN,
    consultation_version,
    deal_with_set_aside,
    set_aside,
    touch,
    write_answer,
    write_consultation,
)
from selfassessment.workflow.cycles import (
    add_agencies,
    change_cycle,
    chase,
    exempt,
    extend,
    make_forms,
    open_cycle,
    plan_cycle,
    undo_exemption,
)
from selfassessment.workflow.helping import give, let_go, take_back
from selfassessment.workflow.profiles import SetUp, set_boards, set_profile
from selfassessment.workflow.signing import (
    AnsweredMeanwhile,
    Changed,
    answer_question,
    ask_waiver,
    decide_waiver,
    ready,
    reopen,
    return_with_questions,
    send_back,
    sign,
    void,
    void_what_rests_on,
)
from selfassessment.workflow.talking import comment, deal_with

__all__ = [
    "CONSULTATION",
    "WRITTEN",
    "AnsweredMeanwhile",
    "Changed",
    "SetUp",
    "add_agencies",
    "answer_question",
    "ask_waiver",
    "change_cycle",
    "chase",
    "comment",
    "consultation_version",
    "deal_with",
    "deal_with_set_aside",
    "decide_waiver",
    "exempt",
    "extend",
    "give",
    "let_go",
    "make_forms",
    "open_cycle",
    "plan_cycle",
    "ready",
    "reopen",
    "return_with_questions",
    "send_back",
    "set_aside",
    "set_boards",
    "set_profile",
    "sign",
    "take_back",
    "touch",
    "undo_exemption",
    "void",
    "void_what_rests_on",
    "write_answer",
    "write_consultation",
]
