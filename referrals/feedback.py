"""What the referrer may be told at each decision: words to pick from and to edit (section 11).

Each template says only what may be said at its stage. Checks made, intelligence, other people and
other agencies' information are in none of them, and stay out when somebody edits.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from referrals.questions import Words
from referrals.terms import Status

NEVER = _(
    "Leave out: what police checked, anything about other people, and what other agencies said."
)


@dataclass(frozen=True, kw_only=True)
class Template:
    """A beginning for a message; whoever sends it reads it through and changes it."""

    key: str
    title: Words
    text: Words
    states: frozenset[Status]


_EARLY = frozenset({Status.SUBMITTED, Status.TRIAGE, Status.QUERY, Status.TRANSFERRED})
_OFFICERS = frozenset({Status.GATEWAY, Status.INFO_GATHERING})
_CONSIDERED = frozenset({Status.S36_PENDING, Status.PANEL_LISTED, Status.PANEL_ADJOURNED})
_OFFERED = frozenset({Status.CONSENT_PENDING, Status.IN_SUPPORT, Status.POST_EXIT})
_CLOSED = frozenset({Status.CLOSED})
_SAFE = _(
    "If anyone is in danger, call 999. If your concern grows, open the referral in the portal and "
    "choose “My concern has grown”."
)

TEMPLATES: tuple[Template, ...] = (
    Template(
        key="received",
        title=_("We have it"),
        states=_EARLY,
        text=_(
            "Thank you. We have your referral and are reading it. You can reach us here, and we "
            "may ask you a question. Carry on as normal with the person meanwhile."
        ),
    ),
    Template(
        key="officers",
        title=_("With specialist officers"),
        states=_OFFICERS,
        text=_(
            "Your referral is with police officers trained for this. There is nothing more that "
            "we can tell you for now, and nothing that you need to do."
        ),
    ),
    Template(
        key="considered",
        title=_("Support is being considered"),
        states=_CONSIDERED,
        text=_(
            "Support is being considered. We will tell you if you are asked to come to a meeting, "
            "when it is, and what to prepare."
        ),
    ),
    Template(
        key="offered",
        title=_("Support is being offered"),
        states=_OFFERED,
        text=_(
            "Support is being offered. If you have a part in it, we will tell you what it is. "
            "Carry on as you have done until now."
        ),
    ),
    Template(
        key="closed-no-support",
        title=_("Closed: no Prevent support needed"),
        states=_CLOSED,
        text=_(
            "Thank you for your referral. It has been looked at with care, and no Prevent support "
            "is needed. You were right to raise it. Watch for a change in what the person says or "
            "does, in whom they meet, or in how they seem. You can refer again at any time, with "
            "the same form. If you are not content with how this was handled, the Help page says "
            "how to complain."
        ),
    ),
    Template(
        key="closed-other-support",
        title=_("Closed: other support arranged"),
        states=_CLOSED,
        text=_(
            "Thank you for your referral. No Prevent support is needed, and other support has "
            "been arranged. You were right to raise it. Watch for a change in what the person "
            "says or does, in whom they meet, or in how they seem. You can refer again at any "
            "time, with the same form. If you are not content with how this was handled, the Help "
            "page says how to complain."
        ),
    ),
    Template(
        key="closed-after-support",
        title=_("Closed: support has ended"),
        states=_CLOSED,
        text=_(
            "Thank you for your part. The support has ended, and the referral is closed. You can "
            "refer again at any time, with the same form."
        ),
    ),
    Template(
        key="practice",
        title=_("About the referral itself"),
        states=_OFFICERS | _CONSIDERED | _OFFERED | _CLOSED,
        text=_(
            "A word about the referral itself, for next time. What helped us most was the exact "
            "words with the date and who heard them. What would have helped: "
        ),
    ),
)


def offered(status: Status) -> list[Template]:
    """The templates that fit the stage the referrer is shown."""
    return [template for template in TEMPLATES if status in template.states]


def words(key: str, status: Status) -> str:
    """The text of a template, with what to do if it gets worse; empty for none that fits."""
    found = next((template for template in offered(status) if template.key == key), None)
    if found is None:
        return ""
    return str(found.text) if found.key == "practice" else f"{found.text}\n\n{_SAFE}"
