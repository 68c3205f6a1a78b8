"""A person at a browser: finds fields by the names that forms post, and buttons by their words."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import BrowserContext, Locator, Page, expect

from accounts.models import User
from referrals.models import Referral
from referrals.steps import STEP

AXE = (Path(__file__).parent.parent / "vendor" / "axe.min.js").read_text()
RULES = """axe.run(document, {
  runOnly: ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  rules: {"color-contrast-enhanced": {enabled: true}},
}).then(found => found.violations.map(
  each => `${each.id}: ${each.nodes.map(node => node.html.slice(0, 160)).join(" | ")}`))"""
WITH_A_PAGE_OF_THEIR_OWN = ("check", "other-route")
MOST_TABS = 300
MOST_ROUNDS = 3
PATIENCE = 15_000
"""Milliseconds."""
SUMMARY = ".govuk-error-summary"


class Person:
    """Someone signed in, in a browser of their own.

    Attributes:
        faults: what went wrong under way: script errors, refusals of the policy, answers of 5xx,
            and what ``arrived`` found.
    """

    def __init__(self, context: BrowserContext, base: str, user: User | None = None) -> None:
        self.context, self.base, self.user = context, base, user
        self.faults: list[str] = []
        context.set_default_timeout(PATIENCE)
        self.page = self.new_page()

    def new_page(self) -> Page:
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.on("response", self._note_answer)
        page.on("console", self._note_console)
        return page

    def _note_answer(self, response: Any) -> None:
        if response.status >= 500:
            self.faults.append(f"{response.status}: {response.url}")

    def _note_console(self, message: Any) -> None:
        if "Content Security Policy" in message.text:
            self.faults.append(message.text)

    # --- Where ----------------------------------------------------------------------------
    def go(self, name: str, *args: Any, query: str = "") -> None:
        path = name if name.startswith("/") else reverse(name, args=args)
        self.page.goto(self.base + path + query)
        self.arrived()

    def go_case(self, name: str, referral: Referral, *more: str, query: str = "") -> None:
        self.go(f"referrals:{name}", referral.key, *more, query=query)

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    @property
    def step(self) -> str:
        """The page of questions that is open; empty on any other page."""
        found = re.fullmatch(r"/referrals/\w{26}/([\w-]+)/", self.path)
        name = found[1] if found else ""
        return name if name in STEP and name not in WITH_A_PAGE_OF_THEIR_OWN else ""

    @property
    def case(self) -> Referral:
        """The case whose page is open."""
        return Referral.objects.get(key=self.path.split("/")[2])

    def sees(self, *words: str) -> None:
        for some in words:
            expect(self.page.get_by_text(some).first, some).to_be_visible()

    def does_not_see(self, *words: str) -> None:
        for some in words:
            expect(self.page.get_by_text(some), some).to_have_count(0)

    def arrived(self) -> None:
        """After each new page; variants look at it here."""
        self.faults += structure(self.page)

    # --- Acting ---------------------------------------------------------------------------
    def press(self, words: str | re.Pattern[str], *, role: Any = "button") -> None:
        """Press a button, or follow a link, and wait for the page it leads to."""
        target = self.page.get_by_role(role, name=words, exact=True).first
        with self.page.expect_navigation():
            self.push(target)
        self.arrived()

    def follow(self, words: str | re.Pattern[str]) -> None:
        self.press(words, role="link")

    def pick(self, case: Referral) -> None:
        """Open a case from the list on the page."""
        with self.page.expect_navigation():
            self.push(self.page.locator(f'.p-list h3 a[href^="{case.get_absolute_url()}"]'))
        self.arrived()

    def push(self, target: Locator) -> None:
        target.click()

    def tick(self, name: str, value: str = "") -> None:
        self.box(name, value).check()

    def box(self, name: str, value: str) -> Locator:
        """A radio or checkbox; a declaration is alone and has no value."""
        return self.page.locator(f'[name="{name}"]' + (f'[value="{value}"]' if value else ""))

    def write(self, name: str, text: str) -> None:
        self.page.locator(f'[name="{name}"]').fill(text)

    def choose(self, name: str, value: str) -> None:
        self.page.locator(f'[name="{name}"]').select_option(value)

    # --- Answering ------------------------------------------------------------------------
    def answer(self, **given: Any) -> None:
        for name, value in given.items():
            self.fill(name, value)

    def fill(self, name: str, value: Any) -> None:
        """One answer, as the portal stores it, into whatever inputs ask for it."""
        match value:
            case User():
                self.tick(name, str(value.pk))
            case datetime():
                local = timezone.localtime(value)
                self.fill(name, local.date())
                self.write(f"{name}_time", local.strftime("%H:%M"))
            case date():
                self.parts(name, {"day": value.day, "month": value.month, "year": value.year})
            case Mapping() if self.has(f"{name}_{next(iter(value), '')}_words"):
                for choice, words in value.items():
                    self.tick(name, choice)
                    self.write(f"{name}_{choice}_words", words)
            case Mapping():
                self.parts(name, value)
            case list() if value and isinstance(value[0], Mapping):
                self.rows(name, value)
            case list():
                for choice in value:
                    self.tick(name, choice)
            case _:
                self.simple(name, str(value))

    def has(self, name: str) -> bool:
        return self.page.locator(f'[name="{name}"]').count() > 0

    def parts(self, name: str, value: Mapping[str, Any]) -> None:
        for part, said in value.items():
            if said is True:
                self.tick(f"{name}_{part}", "yes")
            elif said not in (None, "") and self.has(f"{name}_{part}"):
                self.write(f"{name}_{part}", str(said))

    def rows(self, name: str, value: list[Mapping[str, str]]) -> None:
        for number, row in enumerate(value):
            if not self.has(f"{name}_{number}_{next(iter(row))}"):
                with self.page.expect_navigation():
                    self.push(self.page.locator(f'[name="add_{name}"]'))
                self.arrived()
            for column, said in row.items():
                if said:
                    self.write(f"{name}_{number}_{column}", said)

    def simple(self, name: str, value: str) -> None:
        first = self.page.locator(f'[name="{name}"]').first
        kind = first.get_attribute("type") or ""
        if kind == "checkbox":  # a declaration
            self.tick(name, first.get_attribute("value") or "")
        elif kind == "radio":
            self.tick(name, value)
        elif self.page.locator(f'select[name="{name}"]').count():
            self.choose(name, value)
        else:
            self.write(name, value)

    def answer_page(self, step: str, given: Mapping[str, Any]) -> set[str]:
        """Answer those of a page's questions that are on it, as far as they are known."""
        names = [question.name for question in STEP[step].questions]
        known = [name for name in names if given.get(name) not in (None, "") and self.asks(name)]
        self.answer(**{name: given[name] for name in known})
        return set(known)

    def answer_all(self, given: Mapping[str, Any], button: str) -> None:
        """Fill in a page and press its button, again for what the answers open without script."""
        left = {name: value for name, value in given.items() if value not in (None, "")}
        for _round in range(MOST_ROUNDS):
            asked = {name: value for name, value in left.items() if self.asks(name)}
            self.answer(**asked)
            self.press(button)
            left = {name: value for name, value in left.items() if name not in asked}
            if not self.problems():
                return
        raise AssertionError(f"{self.path}: {self.problems()}")

    def asks(self, name: str) -> bool:
        return self.page.locator(f'[name="{name}"], [name^="{name}_"]').count() > 0

    def walk(self, given: Mapping[str, Any], *, until: str = "") -> list[str]:
        """Answer page after page until something else than a question comes.

        Args:
            until: the step to stop at, unanswered.
        Returns:
            The names of the pages walked.
        """
        walked = []
        while (step := self.step) and step != until:
            assert step not in walked, f"{step} again: {self.problems()}"
            self.answer_page(step, given)
            self.press("Save and continue")
            walked.append(step)
        return walked

    # --- Errors ---------------------------------------------------------------------------
    def problems(self) -> list[str]:
        return self.page.locator(f"{SUMMARY} li").all_inner_texts()

    def follow_error_links(self) -> list[str]:
        """Click each link of the error summary: the focus must stand in the input it names.

        Returns:
            What does not.
        """
        faults = []
        links = self.page.locator(f"{SUMMARY}__list a")
        if not self.page.title().startswith("Error: "):
            faults.append(f"{self.path}: the title does not say that there is an error")
        for number in range(links.count()):
            place = links.nth(number).get_attribute("href") or ""
            if not place.startswith("#"):
                # To the page that asks, which must be there and not send one away.
                answer = self.context.request.get(self.base + place, max_redirects=0)
                if answer.status != 200:
                    faults.append(f"{self.path}: {place} answers {answer.status}")
                continue
            links.nth(number).click()
            focused = self.page.evaluate(
                """() => { const at = document.activeElement;
                   return at.matches("input, select, textarea") ? "#" + at.id : at.tagName; }"""
            )
            if focused != place:
                words = links.nth(number).inner_text()
                faults.append(f"{self.path}: “{words}” leads to {place}, focus is on {focused}")
        return faults


class Narrow(Person):
    """A telephone: nothing may need scrolling sideways, and a thumb must meet what it wants."""

    def arrived(self) -> None:
        super().arrived()
        self.faults += sideways(self.page) + small(self.page)


class ByKeyboard(Person):
    """Tab to get there, Space to choose, Enter to go on; arrows within a group of radios."""

    def reach(self, target: Locator) -> None:
        """Tab to it; wherever the focus stands on the way, it must be seen."""
        for _tab in range(MOST_TABS):
            there, fault = target.evaluate(FOCUS)
            self.note(fault)
            if there:
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{self.path}: {target} cannot be reached by Tab")

    def note(self, fault: str) -> None:
        if fault and (said := f"{self.path}: {fault}") not in self.faults:
            self.faults.append(said)

    def push(self, target: Locator) -> None:
        self.reach(target)
        self.page.keyboard.press("Enter")

    def write(self, name: str, text: str) -> None:
        self.reach(self.page.locator(f'[name="{name}"]'))
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def tick(self, name: str, value: str = "") -> None:
        target = self.box(name, value)
        if target.get_attribute("type") == "radio":
            self.reach_group(name)
            for _arrow in range(MOST_TABS):
                there, fault = target.evaluate(FOCUS)
                self.note(fault)
                if there:
                    break
                self.page.keyboard.press("ArrowDown")
        else:
            self.reach(target)
        if not target.is_checked():
            self.page.keyboard.press("Space")
        expect(target).to_be_checked()

    def reach_group(self, name: str) -> None:
        for _tab in range(MOST_TABS):
            if self.page.evaluate("document.activeElement.name || ''") == name:
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{self.path}: the radios {name} cannot be reached by Tab")

    def choose(self, name: str, value: str) -> None:
        target = self.page.locator(f'select[name="{name}"]')
        self.reach(target)
        labels = target.locator(f'option[value="{value}"]').inner_text()
        self.page.keyboard.type(labels[:12])
        expect(target).to_have_value(value)


FOCUS = """one => {
  const at = document.activeElement;
  const there = at === one;
  if (at === document.body || at.tabIndex < 0) return [there, ""];
  const what = at.outerHTML.slice(0, 120);
  const styles = [getComputedStyle(at)];
  for (const label of at.labels || []) styles.push(getComputedStyle(label, "::before"));
  const ring = styles.some(style => [style.outlineColor, style.boxShadow, style.backgroundColor]
    .some(colour => colour.includes("rgb(255, 213, 74)")));
  if (!ring) return [there, `the focus is not shown: ${what}`];
  const box = at.getClientRects()[0];
  const left = Math.max(box.left, 0), right = Math.min(box.right, innerWidth);
  const top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight);
  if (left >= right || top >= bottom) return [there, `the focus is outside the window: ${what}`];
  const seen = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  if (!seen || !(at.contains(seen) || seen.contains(at) || [...at.labels || []].includes(seen))) {
    return [there, `the focus is covered by ${seen && seen.outerHTML.slice(0, 80)}: ${what}`];
  }
  return [there, ""];
}"""
"""Whether the focus stands there; and what is wrong with how it is shown, wherever it stands."""
STRUCTURE = """() => {
  const faults = [], all = selector => [...document.querySelectorAll(selector)];
  const headings = all("h1, h2, h3, h4, h5, h6").filter(one => one.getClientRects().length);
  const ones = headings.filter(one => one.tagName === "H1").length;
  if (ones !== 1) faults.push(`${ones} h1`);
  for (let at = 1; at < headings.length; at++) {
    if (headings[at].tagName[1] - headings[at - 1].tagName[1] > 1) {
      faults.push(`a level is skipped before ${headings[at].outerHTML.slice(0, 80)}`);
    }
  }
  const error = document.title.startsWith("Error: ");
  if (error !== Boolean(document.querySelector(".govuk-error-summary"))) {
    faults.push(`the title is ${document.title}`);
  }
  const first = all("a[href], button, input, select, textarea, summary, [tabindex]")[0];
  if (!first.matches(".govuk-skip-link") || !document.querySelector(first.hash)) {
    faults.push("the skip link is not first, or leads nowhere");
  }
  if (document.querySelector(".p-999") && !document.querySelector(".p-999 .p-exit")) {
    faults.push("no way to leave the page quickly");
  }
  return faults;
}"""
SMALL = """least => {
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")];
  const seen = all.filter(one => one.checkVisibility({visibilityProperty: true}) &&
    one.type !== "hidden" && !one.closest(".govuk-skip-link"));
  const inline = one => getComputedStyle(one).display === "inline" && [...one.parentElement
    .childNodes].some(node => node.nodeType === Node.TEXT_NODE && /\\w/.test(node.data));
  const boxes = seen.map(one => [one, one.getBoundingClientRect()]);
  return boxes.filter(([one, box]) => {
    if ((box.width >= least && box.height >= least) || inline(one)) return false;
    const x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
    return boxes.some(([other, its]) => other !== one && Math.hypot(
      Math.max(its.left - x, x - its.right, 0), Math.max(its.top - y, y - its.bottom, 0)
    ) < least / 2);
  }).map(([one, box]) => `${Math.round(box.width)} by ${Math.round(box.height)}: ` +
    one.outerHTML.slice(0, 120));
}"""
"""As success criterion 2.5.8 has it: in a sentence, or far enough from all others, is enough."""
LEAST = 24
"""Pixels."""


def axe(page: Page) -> list[str]:
    """What axe finds on the page as it stands."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    where = urlsplit(page.url).path
    return [f"{where}: {found}" for found in page.evaluate(RULES)]


def sideways(page: Page) -> list[str]:
    """Whether something needs scrolling sideways, and what sticks out."""
    wide = page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")
    if wide <= 0:
        return []
    what = page.evaluate(
        """() => [...document.querySelectorAll("body *")].filter(
             one => one.getBoundingClientRect().right > window.innerWidth + 1
           ).slice(0, 3).map(one => one.outerHTML.slice(0, 120))"""
    )
    return [f"{urlsplit(page.url).path}: {wide} px too wide: {what}"]


def structure(page: Page) -> list[str]:
    """What is wrong with headings, title, skip link and quick exit."""
    where = urlsplit(page.url).path
    return [f"{where}: {found}" for found in page.evaluate(STRUCTURE)]


def small(page: Page) -> list[str]:
    """What is too small for a thumb, and too near to something else."""
    where = urlsplit(page.url).path
    return [f"{where}: {found}" for found in page.evaluate(SMALL, LEAST)]
