"""Whatever is posted to whichever form: no fault, no effect when refused, nothing undeclared.

The forms are found on the pages, so a new one is tested the day it is drawn. ``make test`` sends
three hundred posts, always the same ones; ``PORTAL_POSTS=20000 pytest`` that many others.
"""

import html
import math
import os
import unicodedata
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.models import User
from agencies.models import Membership
from referrals.models import Referral
from tests.edges import wire
from tests.edges.offered import Offered, all_forms, send
from tests.referrals import cases

pytestmark = pytest.mark.django_db

POSTS = int(os.environ.get("PORTAL_POSTS", "300"))
QUIETLY: dict[str, Any] = {
    "deadline": None,
    "database": None,
    "derandomize": POSTS <= 2_000,
    "phases": [Phase.explicit, Phase.generate],  # a fault is told as found: shrinking takes long
    "suppress_health_check": list(HealthCheck),
}
LONG, AS_LONG = "(a very long text)", "ab " * 350_000
HOSTILE = [
    "", " ", "\x00", "a\x00b", "\ud800", "a\udfffb", "\u202eevil\u2066", "😀" * 50, "é", "e\u0301",
    "\ufeff", "\u200b", "\r\n\r\n", "a\rb", "\t", "\x1b[31m", "\x7f", "-1", "0", "1", "2", "9" * 30,
    "9" * 400, "-" + "9" * 30, "1e400", "NaN", "inf", "٣", "²", "0x10", "31", "2026", "9999",
    "0000", "10000", "29", "24:00", "99:99", "0001-01-01", "9999-12-31", "[]", "{}", "null", "true",
    "on", "yes", "no", "none", "other", "'; DROP TABLE x; --", "<script>alert(1)</script>",
    "{{ 7*7 }}", "{% debug %}", "%s%n", "../../etc/passwd", "a" * 5_000, "&amp;", "a,b,c",
    "portal@example.org\nBcc: evil@example.com", "ＡＢＣ", "ß", "ﷺ" * 20,
]  # fmt: skip
WORDS = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=60),
    st.integers().map(str),
    st.dates().map(str),
)
# Names of columns that no form of ours asks for, and what a cheat would like them to be.
CHEATS = [
    "agency", "agency_id", "owner", "holder", "holder_id", "created_by", "created_by_id", "pk",
    "created_at", "created", "version", "id", "key", "case_id", "status", "outward_status",
    "reference", "submitted_at", "is_staff", "is_superuser", "is_active", "groups", "role", "user",
    "user_permissions", "confirmed_at", "confirmed_by", "person_id", "locality_id", "password",
    "exclusions", "entered_by", "entered_at", "wrapped",
]  # fmt: skip

# Pages of questions keep what is right on them, though one answer is not: nothing typed is lost.
# A step of the case is never taken so.
KEEP_ANSWERS = ("referrals:step ", "referrals:autosave ", "referrals:check")
OF_ANSWERS = {"referrals_pagesave", "referrals_kepttext", "referrals_referral"}


def posts(form: Offered) -> st.SearchStrategy[list[tuple[str, str]]]:
    """What the form says, with some of it changed, left out or said twice, and some cheating."""
    names = sorted(form.values) or ["words"]

    @st.composite
    def build(draw: st.DrawFn) -> list[tuple[str, str]]:
        sent = [(name, value) for name in names for value in form.values.get(name, [])]
        for name in draw(st.lists(st.sampled_from(names), max_size=6, unique=True)):
            sent = [pair for pair in sent if pair[0] != name]
            sent += [(name, value) for value in draw(st.lists(WORDS, max_size=3))]
        if form.typed and draw(st.integers(0, 99)) == 0:
            sent.append((draw(st.sampled_from(sorted(form.typed))), LONG))
        for name in draw(st.lists(st.sampled_from(CHEATS), max_size=4, unique=True)):
            if name not in form.values:
                sent.append((name, draw(st.sampled_from(["1", "2", "on", "closed", "1999-01-01"]))))
        if draw(st.booleans()):
            sent.append((draw(st.text(min_size=1, max_size=20)), draw(WORDS)))
        return sent

    return build()


def kept_from_cheats() -> list[tuple[Any, ...]]:
    """What no form may change: whose a case is and when it began; rights that nobody gives."""
    return [
        *Referral.objects.order_by("pk").values_list("pk", "created_by", "created_at", "key"),
        *User.objects.order_by("pk").values_list("pk", "is_staff", "is_superuser", "is_active"),
        *Membership.objects.order_by("pk").values_list("pk", "person", "agency"),
    ]


def standing() -> list[tuple[Any, ...]]:
    """Where every case is."""
    columns = ("pk", "status", "outward_status", "reference", "agency", "locality", "submitted_at")
    return list(Referral.objects.order_by("pk").values_list(*columns))


def is_shown(words: str, page: str) -> bool:
    """Whether somebody finds their words on the page again."""
    plain = " ".join(unicodedata.normalize("NFC", words).split())
    return plain in " ".join(unicodedata.normalize("NFC", html.unescape(page)).split())


class Holds:
    """The properties, looked at for one form."""

    def __init__(self, form: Offered) -> None:
        self.form = form
        self.before = wire.digest()
        self.rights, self.standing = set(kept_from_cheats()), standing()
        self.refused = self.taken = 0

    def after(self, sent: list[tuple[str, str]]) -> None:
        kept, writes = transaction.savepoint(), wire.writes()
        try:
            answer = send(self.form, [(n, AS_LONG if v == LONG else v) for n, v in sent])
            assert answer.status < 500, answer.status
            assert b"Traceback" not in answer.body
            with_errors = b'class="govuk-error-summary"' in answer.body
            if answer.status >= 400 or with_errors:
                self.refused += 1
                if wire.writes() != writes:
                    self.nothing_changed()
            else:
                self.taken += 1
                if wire.writes() != writes:
                    assert self.rights <= set(kept_from_cheats())
            if with_errors and answer.status == 200:
                self.words_are_back(sent, answer.text)
        finally:
            transaction.savepoint_rollback(kept)

    def nothing_changed(self) -> None:
        now = wire.digest()
        changed = {table for table, value in now.items() if value != self.before[table]}
        if self.form.name.startswith(KEEP_ANSWERS):
            changed -= OF_ANSWERS | {table for table in changed if table.endswith("record")}
            assert self.standing == standing()
        assert not changed

    def words_are_back(self, sent: list[tuple[str, str]], page: str) -> None:
        last = dict(sent)
        for name in self.form.typed & set(last):
            words = AS_LONG if last[name] == LONG else last[name]
            sayable = all(c.isprintable() or c in "\n\t " for c in words)
            if sayable and words.strip() and f'name="{name}"' in page:
                assert is_shown(words, page), (name, words[:200])


def test_every_form_holds_whatever_is_posted(cast: cases.Cast) -> None:
    forms = all_forms(cast)
    assert len(forms) > 60
    each = math.ceil(POSTS / len(forms))
    faults: dict[str, str] = {}
    sent_in_all = refused = taken = 0
    for name, form in sorted(forms.items()):
        holds = Holds(form)
        one = settings(max_examples=each, **QUIETLY)(given(posts(form))(holds.after))
        try:
            one()
        except AssertionError as fault:
            faults[name] = str(fault)[:300]
        sent_in_all += holds.refused + holds.taken
        refused, taken = refused + holds.refused, taken + holds.taken
    print(f"{len(forms)} forms, {sent_in_all} posts: {refused} refused, {taken} taken")
    assert not faults, "\n".join(f"{name}: {said}" for name, said in faults.items())
    assert refused > 0.2 * sent_in_all
