"""How a time limit looks: what state it is in, in words, and its working days as boxes."""

from dataclasses import dataclass
from typing import Literal

State = Literal["late", "today", "due", "paused", "done", "999"]
MOST_BOXES = 10


@dataclass(frozen=True)
class Clock:
    """One promise, ready to be shown. Whoever owns the promise works these out.

    Attributes:
        state: decides colour and edge; the words must say the same.
        words: "Late by 1 working day", "Due Monday 30 November".
        days_gone: working days used, the present one included; those over need not be taken off.
        days_promised: working days promised; 0 draws no boxes.
        over: working days beyond the promise.
        days_words: "Triage, day 2 (promised in 1)".
    """

    state: State
    words: str
    days_gone: int = 0
    days_promised: int = 0
    over: int = 0
    days_words: str = ""

    @property
    def css(self) -> str:
        return "p-clock" if self.state == "due" else f"p-clock p-clock--{self.state}"

    @property
    def boxes(self) -> list[str]:
        """A class for each box: gone, over, or empty for a day still to come; ten at most."""
        gone = min(self.days_gone, self.days_promised)
        to_come = self.days_promised - gone
        return (["gone"] * gone + ["over"] * self.over + [""] * to_come)[:MOST_BOXES]
