"""What is measured at one size: the pages, who asks for them, and how many queries each makes.

Run as ``python -m bench.pages`` with the portal's settings; prints JSON.
"""

import json
import os
import re
import sys
import time
import zlib
from contextlib import suppress
from dataclasses import asdict

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prevent_portal.settings")
django.setup()

from allauth.account.internal.flows.login import record_authentication  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client, RequestFactory  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts import agreeing  # noqa: E402
from accounts.models import User  # noqa: E402
from agencies import people  # noqa: E402
from agencies.models import Membership  # noqa: E402
from agencies.terms import Role  # noqa: E402
from bench import assessments  # noqa: E402
from bench.client import Form, Page, fields_to_send  # noqa: E402
from bench.databases import COPY  # noqa: E402
from referrals import queue, report, steps  # noqa: E402
from referrals.models import NameSearch, Referral  # noqa: E402
from referrals.terms import Status  # noqa: E402

PLACE = "NY"
NOT_COUNTED = re.compile(r"(BEGIN|COMMIT|SAVEPOINT|RELEASE|ROLLBACK)", re.IGNORECASE)
STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
A_PAGE = re.compile(rb"/Type\s*/Page\b")


def enter(person: User) -> Client:
    """As after a full sign-in, second factor included, by somebody who agreed to the terms."""
    if terms := agreeing.current():
        agreeing.accept(person, terms, now=timezone.now())
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(person)
    request = RequestFactory().get("/")
    request.session = client.session
    record_authentication(request, person, method="code", email=person.email)
    record_authentication(request, person, method="mfa", type="totp")
    request.session.save()
    return client


def prevent_lead() -> User:
    held = Membership.objects.active().filter(role=Role.PREVENT_LEAD, locality__code=PLACE)
    first = held.order_by("person__email").first()
    assert first  # noqa: S101 - the sample has one
    return first.person


def pages(lead: User, draft: Referral, case: Referral) -> list[Page]:
    written = next(step for step in steps.STEPS if "observed" in {q.name for q in step.questions})
    step = reverse("referrals:step", args=[draft.key, written.name])
    return [
        Page("Home", "", "/"),
        Page("Danger gate", "", reverse("referrals:start")),
        Page("Sign-in", "", reverse("account_login")),
        Page("Guidance page", "", _a_guidance_page()),
        Page("Contacts", "", "/contacts/"),
        Page("Search of pages", "", "/search/?q=channel+panel"),
        Page("My concerns", "author", "/referrals/"),
        Page("Task list", "author", reverse("referrals:tasks", args=[draft.key])),
        Page("Wizard page", "author", step),
        Page("Wizard page, sent", "author", step, "form"),
        Page("Autosave", "author", step, "autosave"),
        Page("Queue, mine", "lead", reverse("referrals:queue")),
        Page("Queue, all open", "lead", f"{reverse('referrals:queue')}?view=open"),
        Page("Case page", "lead", reverse("referrals:case", args=[case.key])),
        Page("Search by name", "lead", reverse("referrals:search"), "search"),
    ]


def _a_guidance_page() -> str:
    """The longest page of guidance."""
    from guidance.models import GuidancePage

    written = GuidancePage.objects.live().exclude(slug__startswith=COPY)
    longest = max(written, key=lambda page: len(str(page.body)))
    return str(longest.url)


def count(page: Page, client: Client, words: dict[str, str]) -> int:
    """Queries of one request, after two that warm the caches."""
    for _again in range(2):
        html = client.get(page.path).content.decode()
    if page.sent:
        fields = fields_to_send(page, html, words)
        path = Form(html).autosave if page.sent == "autosave" else page.path
        sent: dict[str, list[str]] = {}
        for name, value in fields:
            sent.setdefault(name, []).append(value)
        with CaptureQueriesContext(connection) as caught:
            answer = client.post(path, sent)
    else:
        with CaptureQueriesContext(connection) as caught:
            answer = client.get(page.path)
    if answer.status_code not in (200, 302) or (answer.status_code == 302 and page.sent != "form"):
        sys.exit(f"{page.name} ({page.path}): {answer.status_code}")
    asked = [query["sql"] for query in caught.captured_queries]
    return len([sql for sql in asked if not NOT_COUNTED.match(sql)])


def pdf(case: Referral) -> dict[str, float]:
    """Milliseconds to make one page of a referral's PDF, and how many pages it has."""
    report.render(case)  # fonts and style are read once in a process
    took = []
    for _again in range(3):
        began = time.perf_counter()
        made = report.render(case)
        took.append(time.perf_counter() - began)
    sheets = sheets_of(made)
    return {"pages": sheets, "ms": 1000 * sorted(took)[1] / sheets, "bytes": len(made)}


def sheets_of(document: bytes) -> int:
    """How many pages a PDF has; most of its objects are packed in streams."""
    objects = [document]
    for packed in STREAM.findall(document):
        with suppress(zlib.error):
            objects.append(zlib.decompress(packed))
    return sum(len(A_PAGE.findall(part)) for part in objects)


def main() -> None:
    NameSearch.objects.all().delete()  # thirty an hour are let through
    lead = prevent_lead()
    drafts = Referral.objects.filter(status=Status.DRAFT, agency__isnull=False)
    draft = drafts.select_related("created_by").order_by("pk").first()
    shared = Referral.objects.visible_to(lead).filter(holder=lead, status=Status.GATEWAY)
    case = shared.select_related("person").order_by("pk").first()
    assert draft is not None  # noqa: S101 - a sample of this size has both
    assert case is not None  # noqa: S101
    form = assessments.form()
    clients = {
        "lead": enter(lead),
        "form": enter(assessments.lead_of(form)),
        "board": enter(assessments.board_member()),
        "author": enter(draft.created_by),
        "": Client(HTTP_HOST="127.0.0.1"),
    }
    words = {
        "add": " More.",
        "forenames": case.person.forenames,
        "surname": case.person.surname,
        "reason": "Has this person been referred before?",
    }
    made = [*pages(lead, draft, case), *assessments.pages(form)]
    for page in made:
        page.queries = count(page, clients[page.who], words)
    held = people.roles_of(lead)
    place = next(each.locality for each in held if each.locality)
    desk = queue.Desk.at(lead, held, place, timezone.now())
    print(
        json.dumps(
            {
                "cases": Referral.objects.count(),
                "open": desk.open().count(),
                "postgresql": connection.pg_version,  # type: ignore[attr-defined]
                "sessions": {
                    who: str(client.session.session_key) for who, client in clients.items() if who
                },
                "words": words,
                "pages": [asdict(page) for page in made],
                "documents": assessments.documents(sheets_of),
                "pdf": pdf(case),
            }
        )
    )


if __name__ == "__main__":
    main()
