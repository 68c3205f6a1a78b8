"""Looks at pages as axe does, wide and on a telephone, clean and in error."""

from collections.abc import Iterable
from dataclasses import dataclass

from playwright.sync_api import ViewportSize

from tests.browser.person import SUMMARY, Person, axe, sideways, small, structure

WIDE: ViewportSize = {"width": 1280, "height": 900}
TELEPHONE: ViewportSize = {"width": 360, "height": 800}
CLOSED_CHOICES = "main [data-aria-controls]:not(:checked)"
CLOSED_DETAILS = "main details:not([open]) > summary"


@dataclass(frozen=True)
class Look:
    """A page to look at.

    Attributes:
        sends: words of the button that is pressed with nothing filled in; "" to press none.
        errs: whether that must come back with an error summary.
        status: of the page itself.
    """

    path: str
    sends: str = ""
    errs: bool = True
    status: int = 200


def see(person: Person) -> list[str]:
    """What is wrong with the page as it stands, at both widths."""
    found = structure(person.page)
    for size in (WIDE, TELEPHONE):
        person.page.set_viewport_size(size)
        found += sideways(person.page) + axe(person.page)
    return found + small(person.page)


def look_at(person: Person, looks: Iterable[Look]) -> list[str]:
    """What is wrong with these pages: clean, with everything opened, and in error."""
    faults: list[str] = []
    for look in looks:
        faults += _look(person, look)
    return faults


def _look(person: Person, look: Look) -> list[str]:
    page = person.page
    answer = page.goto(person.base + look.path)
    if answer is None or answer.status != look.status or person.path != look.path.split("?")[0]:
        return [f"{look.path}: {answer and answer.status} at {person.path}"]
    faults = see(person)
    if page.locator(CLOSED_CHOICES).count() or page.locator(CLOSED_DETAILS).count():
        page.evaluate(
            """(all) => document.querySelectorAll(all).forEach(one => one.click())""",
            f"{CLOSED_CHOICES}, {CLOSED_DETAILS}",
        )
        faults += [f"opened: {fault}" for fault in sideways(page) + axe(page)]
        page.goto(person.base + look.path)
    if look.sends:
        person.press(look.sends)
        if person.problems():
            faults += [f"in error: {fault}" for fault in see(person)]
            faults += person.follow_error_links()
        elif look.errs:
            faults.append(f"{look.path}: no error when nothing is filled in, at {person.path}")
    assert page.locator(SUMMARY).count() <= 1
    return faults
