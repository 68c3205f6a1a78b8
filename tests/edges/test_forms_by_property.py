"""Whatever is posted to whichever form: no fault, no effect when refused, nothing undeclared.

The forms are found on the pages, so a new one is tested the day it is drawn. ``make test`` sends
two thousand posts, always the same ones; ``make proof`` twenty thousand others (``PORTAL_POSTS``).

Each post has a transaction of its own. In one for all, what was taken back would lie in the tables
until the end, and every look at them would take longer than the one before.
"""

import html
import math
import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.models import User
from agencies.models import Membership
from referrals.models import Referral
from tests.conftest import PristineDatabase
from tests.edges import wire
from tests.edges.offered import Offered, all_forms, blind, send, taking_posts
from tests.referrals import cases

POSTS = int(os.environ.get("PORTAL_POSTS", "2000"))
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
KEEP_ANSWERS = (
    "referrals:step ",
    "referrals:autosave ",
    "referrals:check",
    "selfassessment:standard",
    "selfassessment:keep",
    "selfassessment:consultation",
)
# Addresses that refuse no post, whose form is not found here. They are posted to all the same.
ONLY_READ = "A page that is read: a post is answered as a look at it is."
WAY_IN = "A step of the way in, or of a second factor that is there: tests/accounts posts to it."
NOTHING_WAITS = "Its button is drawn where something waits or may be done: the room's own tests."
NOT_FOUND = {
    **dict.fromkeys(
        [
            "account_email_verification_sent",
            "account_home",
            "agencies:going_live",
            "agencies:health",
            "agencies:home",
            "agencies:people",
            "mfa_download_recovery_codes",
            "openid_connect_callback",
            "openid_connect_login",
            "referrals:despite",
            "referrals:file",
            "referrals:report",
            "referrals:sent",
            "referrals:sheet",
            "referrals:sheet_pdf",
            "referrals:status",
            "selfassessment:evidence_file",
        ],
        ONLY_READ,
    ),
    **dict.fromkeys(
        [
            "account_change_password",
            "account_confirm_login_code",
            "account_go_on",
            "account_reauthenticate",
            "account_request_login_code",
            "account_signup",
            "account_terms",
            "mfa_authenticate",
            "mfa_deactivate_totp",
            "mfa_edit_webauthn",
            "mfa_reauthenticate",
            "mfa_reauthenticate_webauthn",
            "mfa_remove_webauthn",
            "usersessions_list",
        ],
        WAY_IN,
    ),
    **dict.fromkeys(
        [
            "agencies:act_for",
            "agencies:decline",
            "agencies:end_absence",
            "agencies:invitation",
            "agencies:join",
            "agencies:mail_again",
            "agencies:mail_again_all",
            "agencies:mail_give_up",
            "agencies:review",
            "agencies:sign_rule",
            "readers:confirm",
            "readers:reading_confirm",
            "readers:reading_end",
            "readers:reading_remind",
            "readers:stop",
            "readers:suggest",
            "readers:useful",
            "referrals:ask_for_news",
            "referrals:close_transferred",
            "referrals:danger_stop",
            "referrals:disposal_lift",
            "referrals:disposal_propose",
            "referrals:disposal_sign",
            "referrals:disposal_stop",
            "referrals:remove_file",
            "referrals:take_check",
            "referrals:who_is_named",
            "selfassessment:cycle_chase",
            "selfassessment:decide_waiver",
            "selfassessment:questions",
            "selfassessment:ready",
            "selfassessment:send_back",
            "selfassessment:sign",
            "selfassessment:moderation:appeal",
            "selfassessment:moderation:comment",
            "selfassessment:moderation:decide",
            "selfassessment:moderation:drop",
            "selfassessment:moderation:finish",
            "selfassessment:moderation:give",
            "selfassessment:moderation:incident",
            "selfassessment:moderation:interests",
            "selfassessment:moderation:letter",
            "selfassessment:moderation:practice",
            "selfassessment:moderation:publish",
            "selfassessment:moderation:question",
            "selfassessment:moderation:require",
            "selfassessment:moderation:settle",
            "selfassessment:moderation:stand_down",
            "selfassessment:moderation:standard",
            "selfassessment:moderation:talk",
            "standards:add",
            "standards:begin",
            "standards:bring_in",
            "standards:publish",
            "standards:standard",
            "standards:take_out",
            "standards:throw_away",
            "selfassessment:evidence_carry",
        ],
        NOTHING_WAITS,
    ),
}
OF_ANSWERS = {
    "referrals_pagesave",
    "referrals_kepttext",
    "referrals_referral",
    "referrals_stumble",
    "selfassessment_answer",
    "selfassessment_answersave",
    "selfassessment_assessment",
    "selfassessment_assignment",
    "selfassessment_notice",
    "selfassessment_sectionscore",
    "selfassessment_setaside",
}


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


def plain(words: str) -> str:
    """Words as somebody reads them, whatever the line breaks and the spelling of accents."""
    return " ".join(unicodedata.normalize("NFC", words).split())


class Holds:
    """The properties, looked at for one form after another."""

    def __init__(self) -> None:
        self.before = wire.digest()
        self.rights, self.standing = set(kept_from_cheats()), standing()
        self.refused = self.taken = 0

    def after(self, form: Offered, sent: list[tuple[str, str]]) -> None:
        with wire.undone():
            answer = send(form, [(n, AS_LONG if v == LONG else v) for n, v in sent])
            assert answer.status < 500, answer.status
            assert b"Traceback" not in answer.body
            with_errors = b'class="govuk-error-summary"' in answer.body
            written = wire.written()
            if answer.status >= 400 or with_errors:
                self.refused += 1
                self.nothing_changed(form, written)
            else:
                self.taken += 1
                if written:
                    assert self.rights <= set(kept_from_cheats())
            if with_errors and answer.status == 200:
                self.words_are_back(form, sent, answer.text)

    def nothing_changed(self, form: Offered, written: Iterable[str]) -> None:
        now = wire.digest(written)
        changed = {table for table, value in now.items() if value != self.before[table]}
        if form.name.startswith(KEEP_ANSWERS):
            changed -= OF_ANSWERS | {table for table in changed if table.endswith("record")}
            assert self.standing == standing()
        assert not changed

    def words_are_back(self, form: Offered, sent: list[tuple[str, str]], html_page: str) -> None:
        """Whether somebody finds what they typed on the page again."""
        page = plain(html.unescape(html_page))
        last = dict(sent)
        for name in form.typed & set(last):
            words = AS_LONG if last[name] == LONG else last[name]
            sayable = all(c.isprintable() or c in "\n\t " for c in words)
            if sayable and words.strip() and f'name="{name}"' in html_page:
                assert plain(words) in page, (name, words[:200])


def trial(holds: Holds, form: Offered, times: int) -> Callable[[], None]:
    """What sends so many posts to the form."""

    @settings(max_examples=times, **QUIETLY)
    @given(posts(form))
    def one(sent: list[tuple[str, str]]) -> None:
        holds.after(form, sent)

    return one


@pytest.fixture(scope="module")
def found(
    django_db_setup: None, django_db_blocker: Any
) -> Iterator[tuple[dict[str, Offered], dict[str, Offered]]]:
    """Forms of a house with a case in every state, and addresses that take posts without one."""
    with django_db_blocker.unblock(), wire.deployed():
        PristineDatabase.keep()
        try:
            cast = cases.make_cast()
            forms = all_forms(cast)
            with wire.undone():
                taking = taking_posts(cast)
            yield forms, blind(cast, taking - {form.name.split()[0] for form in forms.values()})
        finally:
            PristineDatabase.put_back()


@pytest.mark.django_db
def test_every_address_that_takes_posts_was_found_or_is_named_with_its_reason(found):
    forms, blindly = found
    assert len(forms) > 110
    unnamed, no_longer = set(blindly) - set(NOT_FOUND), set(NOT_FOUND) - set(blindly)
    assert not unnamed, " ".join(sorted(unnamed))
    assert not no_longer, " ".join(sorted(no_longer))


@pytest.mark.django_db(transaction=True)  # each post begins and ends its own
def test_every_form_holds_whatever_is_posted(found):
    forms = found[0] | found[1]
    each = math.ceil(POSTS / len(forms))
    faults: dict[str, str] = {}
    holds = Holds()
    for name, form in sorted(forms.items()):
        one = trial(holds, form, each)
        try:
            one()
        except AssertionError as fault:
            faults[name] = str(fault)[:300]
    sent_in_all = holds.refused + holds.taken
    print(f"{len(forms)} forms, {sent_in_all} posts: {holds.refused} refused, {holds.taken} taken")
    assert not faults, "\n".join(f"{name}: {said}" for name, said in faults.items())
    assert sent_in_all >= POSTS
    assert holds.refused > 0.2 * sent_in_all
