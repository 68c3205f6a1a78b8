"""The walk of whoever writes: begin, answer page by page, read it through, send it.

A draft is a row from the first page. Each page saves its own columns, so nothing here keeps
anything in the session, and every page works without script.

``place`` knows where the person stands in which case; ``begin``, ``tasks``, ``pages`` and
``sending`` are the pages in the order in which people meet them.
"""

from referrals.views.wizard.begin import blank, delete_draft, new
from referrals.views.wizard.pages import autosave, closeness, danger_stop, step
from referrals.views.wizard.sending import answers, sent
from referrals.views.wizard.tasks import tasks

__all__ = [
    "answers",
    "autosave",
    "blank",
    "closeness",
    "danger_stop",
    "delete_draft",
    "new",
    "sent",
    "step",
    "tasks",
]
