"""Two answers to one page, of two windows or two people: both are shown, one or both are kept.

The page is ``ui/_clashes.html``; how an answer is read and stored is the caller's.
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from ui.text import showable

NOT_ANSWERS = {"csrfmiddlewaretoken", "seen", "was", "later", "decide", "mine", "merge"}
CHOICE = "choose_"
"""Begins the name of the input that says which answer to a question is kept."""
SAVED, MINE, BOTH = "saved", "mine", "both"
CONFLICT = 409


def seen_version(request: HttpRequest) -> int:
    """The version that the page was opened with; nonsense counts as one that never was."""
    said = request.POST.get("seen", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 9 else 0


@dataclass(frozen=True)
class Clash:
    """One question of which two answers exist.

    ``long`` answers can be kept both, one under the other; one that is not ``readable`` (31
    February) cannot be stored as it was typed. ``choice`` is what is chosen before anybody chooses.
    """

    name: str
    text: Any
    saved: list[str]
    mine: list[str]
    long: bool = False
    readable: bool = True

    @property
    def choice(self) -> str:
        if not self.readable or not self.mine:
            return SAVED
        if not self.saved:
            return MINE
        saved, mine = "\n".join(self.saved), "\n".join(self.mine)
        if not self.long or mine in saved:  # a window that only held what stood there before
            return SAVED
        return MINE if saved in mine else BOTH


def chosen(request: HttpRequest, name: str, *, saved: Any, mine: Any, long: bool) -> Any:
    """What is to be stored of a question; one without a choice was the same in both."""
    match request.POST.get(CHOICE + name):
        case "saved":
            return saved
        case "both" if long:
            return one_under_the_other(str(saved), str(mine))
        case _:
            return mine


def typed_again(request: HttpRequest) -> list[tuple[str, str]]:
    """The form as it was sent, to be sent once more with the version that is saved now."""
    return [
        (name, showable(value))
        for name, values in request.POST.lists()
        if name not in NOT_ANSWERS and not name.startswith(CHOICE)
        for value in values
    ]


def one_under_the_other(saved: str, mine: str) -> str:
    return "\n\n".join(part for part in (saved, mine) if part)
