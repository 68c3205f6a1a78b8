"""If the log cannot be written, nothing is done or shown, and the page is a plain 503 (AU-02)."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from agencies.models import Absence
from audit import events
from audit.models import AuditEvent
from referrals.terms import Status
from tests.accounts.conftest import ask_for_code, mailed_code
from tests.entry import enter
from tests.referrals import cases

ROLE = "portal_web_no_log"
FUNCTION = """
CREATE FUNCTION audit_no_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'no room for the log'; END $$;
"""
AT_ONCE = """
CREATE TRIGGER audit_no_room BEFORE INSERT ON audit_auditevent
FOR EACH ROW EXECUTE FUNCTION audit_no_room();
"""
AT_THE_END = """
CREATE CONSTRAINT TRIGGER audit_no_room AFTER INSERT ON audit_auditevent
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_no_room();
"""


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def take_the_right_away() -> None:
    """Go on as the role that serves the portal, but for its INSERT on the log."""
    run(
        f"CREATE ROLE {ROLE} NOSUPERUSER BYPASSRLS",
        f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {ROLE}",
        f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {ROLE}",
        f"REVOKE INSERT ON audit_auditevent FROM {ROLE}",
        f"SET ROLE {ROLE}",
    )


FAULTS: dict[str, Callable[[], None]] = {
    "its right is taken away": take_the_right_away,
    "the row is refused": lambda: run(FUNCTION, AT_ONCE),
    "the row is refused when all is to be kept": lambda: run(FUNCTION, AT_THE_END),
}


@pytest.fixture
def _role_goes_again(transactional_db: None) -> Iterator[None]:
    """Roles belong to the whole server, so what is put back after the test does not end them."""
    yield
    run("RESET ROLE")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
        if cursor.fetchone():
            run(f"DROP OWNED BY {ROLE}", f"DROP ROLE {ROLE}")


@pytest.mark.usefixtures("_role_goes_again")
@pytest.mark.parametrize("fault", FAULTS)
def test_without_its_log_the_portal_does_and_shows_nothing(fault, mailoutbox, caplog):
    with transaction.atomic():
        cast = cases.make_cast()
        referral = cases.walk_to(cast, Status.SUBMITTED)
    client = enter(cast.prevent_lead, Client(raise_request_exception=False))
    stranger = Client(raise_request_exception=False)
    ask_for_code(stranger, cast.practitioner.email)
    FAULTS[fault]()
    before = AuditEvent.objects.count()

    page = client.get(reverse("referrals:case", args=[referral.key]))
    days = {f"{end}_{part}": value for end in ("starts_on", "ends_on") for part, value in
            (("day", "1"), ("month", "12"), ("year", "2026"))}  # fmt: skip
    away = reverse("agencies:absence")
    noted = client.post(away, {**days, "note": "At the dentist’s on Tuesday"})
    entered = stranger.post("/accounts/login/code/confirm/", {"code": mailed_code()})

    for answer in (page, noted, entered):
        html = answer.content.decode()
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "60"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "not available for a moment" in html
        assert 'href="tel:999"' in html
        assert 'href="tel:101"' in html
    assert cases.NOTICE["observed"][:20] not in page.content.decode()
    assert "At the dentist’s on Tuesday</textarea>" in noted.content.decode()
    assert "dentist" not in caplog.text

    assert not Absence.objects.exists()
    assert AuditEvent.objects.count() == before
    sessions = [session.get_decoded() for session in Session.objects.all()]
    assert str(cast.practitioner.pk) not in [each.get("_auth_user_id") for each in sessions]
    assert stranger.get("/referrals/").status_code == 302  # not signed in
    assert client.get(away).status_code == 200  # and nobody is signed out by it


@pytest.mark.django_db
def test_a_fault_elsewhere_is_not_laid_to_the_log():
    assert not events.could_not_record(None)
    assert not events.could_not_record(RuntimeError("audit_auditevent"))
    with pytest.raises(Exception, match="no_such_table") as caught, transaction.atomic():
        run("SELECT * FROM no_such_table")
    assert not events.could_not_record(caught.value)
