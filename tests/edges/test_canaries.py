"""No word of a case in a log, a header, an address, a mail, a title or a file's name (PR-05).

Who sees which words on a page is in ``tests/referrals/test_access.py``; here is what lies around
the pages, with a word of its own in every answer that takes words.
"""

import io
import logging
import logging.config
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.conf import settings as portal
from django.urls import reverse

from audit.models import AuditEvent
from outbox.models import Message as Mail
from prevent_portal.logs import without_values
from referrals import workflow
from referrals.questions import BY_NAME, Kind
from referrals.terms import Status
from tests.edges.wire import FORM, Answer, Wire
from tests.referrals import cases
from tests.referrals.browsing import seen
from tests.referrals.test_access import address, of_cases

pytestmark = pytest.mark.django_db

MARK = "Canary"
GIVEN = cases.NOTICE | cases.CHECK | cases.SHARE
WRITTEN: dict[str, Any] = {
    name: f"{MARK}{name.replace('_', '')} {said}"
    for name, said in GIVEN.items()
    if BY_NAME[name].kind in (Kind.TEXT, Kind.LONG)
}
POSTED = f"words={MARK}posted&worry={MARK}posted&surname={MARK}posted".encode()


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    """All that is logged, as production's handler writes it, at the most talkative level."""
    path = tmp_path / "portal.log"
    handler = logging.FileHandler(path)
    formatters: Any = portal.LOGGING["formatters"]
    line = dict(formatters["line"])
    written = logging.config.DictConfigurator({}).configure_formatter(line)
    handler.setFormatter(written)
    root, factories = logging.getLogger(), logging.getLogger("factory")
    levels = [(root, root.level), (factories, factories.level)]
    root.setLevel(logging.DEBUG)  # what LOG_LEVEL sets; the others are as settings leave them
    factories.setLevel(logging.INFO)  # of the tests, not of the portal
    root.addHandler(handler)
    yield path
    root.removeHandler(handler)
    for logger, level in levels:
        logger.setLevel(level)
    handler.close()


def around(answer: Answer) -> str:
    """What of an answer is kept by browsers, proxies and desktops: headers and title."""
    title = answer.text.partition("<title>")[2].partition("</title>")[0]
    return f"{answer.headers} {title}"


def about_pdf(answer: Answer) -> str:
    opened = pikepdf.open(io.BytesIO(answer.body))
    with opened.open_metadata() as metadata:
        return f"{dict(opened.docinfo.items())} {dict(metadata)} {answer.headers}"


def walked(cast: cases.Cast) -> list[Any]:
    found = []
    for status in (Status.AGENCY_CHECK, Status.QUERY, Status.CLOSED):
        referral = cases.walk_to(cast, status, **WRITTEN)
        if status == Status.AGENCY_CHECK:
            workflow.ask_author(referral, f"{MARK}question", by=cast.lead, now=cases.MONDAY)
            workflow.reply_to_lead(
                cases.fresh(referral), f"{MARK}reply", by=cast.practitioner, now=cases.MONDAY
            )
        if status == Status.QUERY:
            workflow.answer_query(referral, f"{MARK}answer", by=cast.lead, now=cases.MONDAY)
        found.append(cases.fresh(referral))
    return found


def test_what_lies_around_the_pages_holds_no_word_of_a_case(cast, log_file):
    assert len(WRITTEN) > 15
    pdfs = shown = 0
    for referral in walked(cast):
        for person in (cast.practitioner, cast.lead, cast.prevent_lead, cast.officer):
            browser = Wire(person)
            for name, arguments in of_cases():
                if any(argument.startswith("uuid:") for argument in arguments):
                    continue
                path = address(name, referral.key, arguments)
                answer = browser.ask(path=path.encode())
                assert MARK not in around(answer), (name, person)
                shown += MARK in answer.text
                if answer.headers["content-type"].startswith("application/pdf"):
                    assert MARK not in about_pdf(answer), name
                    pdfs += 1
    assert shown > 10  # they were there to be seen
    assert pdfs >= 2
    for mail in Mail.objects.all():
        assert MARK not in f"{mail.subject} {mail.body} {mail.path} {mail.key} {mail.last_error}"
    for event in AuditEvent.objects.all():
        assert MARK not in f"{event.detail} {event.reason} {event.reference} {event.subject_id}"
    assert MARK not in log_file.read_text()


def test_nothing_that_is_posted_gets_into_a_log_however_it_ends(cast, log_file):
    referral = cases.walk_to(cast, Status.DRAFT)
    browser, secret = Wire(cast.practitioner), Wire(cast.prevent_lead)
    worry = f"/referrals/{referral.key}/worry/".encode()
    version = f"&seen={seen(referral, 'worry')}".encode()
    ends: list[tuple[Answer, int]] = [
        (browser.ask("POST", worry, body=POSTED, content_type=FORM), 409),
        (browser.ask("POST", worry, body=POSTED + version, content_type=FORM), 302),
        (browser.ask("POST", worry, body=POSTED, content_type=FORM, token=False), 403),
        (browser.ask("POST", worry, body=POSTED, content_type="application/json"), 400),
        (browser.ask("POST", worry, body=POSTED + b"&a=1" * 1_200, content_type=FORM), 400),
        (browser.ask("PUT", worry, body=POSTED, content_type=FORM), 405),
        (browser.ask("POST", b"/nowhere/", body=POSTED, content_type=FORM), 405),
        (browser.ask("POST", b"/fault/500/", body=POSTED, content_type=FORM), 500),
        (browser.ask("POST", b"/fault/503/", body=POSTED, content_type=FORM), 503),
        (browser.ask("POST", b"/fault/403/", body=POSTED, content_type=FORM), 403),
        (browser.ask("POST", b"/fault/row/", body=POSTED, content_type=FORM), 500),
        (Wire().ask("POST", worry, body=POSTED, content_type=FORM), 302),
    ]
    search = reverse("referrals:search").encode()
    looked_for = f"forenames={MARK}looked&surname={MARK}looked".encode()
    ends.append((secret.ask("POST", search, body=looked_for, content_type=FORM), 200))
    for answer, _status in ends:
        assert MARK not in around(answer)
    log = log_file.read_text()
    assert "Internal Server Error: /fault/row/" in log
    assert 'null value in column "name"' in log  # what went wrong is still told
    for never in (MARK, browser.cookies.rpartition("=")[2]):
        assert never not in log
    assert [answer.status for answer, _status in ends] == [status for _answer, status in ends]


@pytest.mark.parametrize(
    "said",
    [
        "psycopg2.errors.NotNullViolation: null value in column \"name\" violates\n"
        "DETAIL:  Failing row contains (1, Canary\n\nCanary, null).\n",
        'django.db.utils.DataError: invalid input syntax for type integer: "Canary"\n'
        'LINE 1: SELECT "Canary"\n               ^\n',
        "psycopg2.errors.UniqueViolation: duplicate key value violates unique constraint "
        '"person_email_key"\nDETAIL:  Key (email)=(Canary) already exists.\n\n'
        "The above exception was the direct cause of the following exception:\n\n"
        'Traceback (most recent call last):\n  File "a.py", line 1, in b\n',
    ],
)  # fmt: skip
def test_a_traceback_tells_the_rule_and_not_the_row(said):
    told = without_values(f"Traceback (most recent call last):\n{said}")
    assert "Canary" not in told
    assert told.count("\n") < said.count("\n") + 3
    assert ("person_email_key" in said) == ("person_email_key" in told)
    assert ('File "a.py"' in said) == ('File "a.py"' in told)
