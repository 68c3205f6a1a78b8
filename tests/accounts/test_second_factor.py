"""Nobody reads other people's records on one factor."""

import threading

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.adapter import MFAAdapter
from agencies.terms import Role
from tests.accounts.conftest import SECRET, app_code, has_factor, long_ago, sign_in
from tests.factories import MembershipFactory

WORK = "/agency/"


def words(response):
    return response.content.decode()


def give_code(client, code, path="/accounts/2fa/authenticate/"):
    return client.post(path, {"code": code})


def test_a_practitioner_comes_in_with_the_mailed_code_alone(client, hannah):
    sign_in(client, hannah)
    assert client.get(WORK).status_code == 200


def test_who_reads_for_others_must_set_a_second_factor_up_first(client, ruth):
    sign_in(client, ruth)
    assert client.get(WORK)["Location"] == "/accounts/2fa/app/"
    assert client.post("/agency/absence/")["Location"] == "/accounts/2fa/app/"
    page = client.get("/accounts/2fa/app/")
    assert "Turn the second step on" in words(page)
    secret = page.context["form"].secret
    assert secret in words(page)
    assert 'src="data:image/svg+xml' in words(page)

    wrong = client.post("/accounts/2fa/app/", {"code": "000000"})
    assert "Check the code, or wait for the next one" in words(wrong)
    assert client.get(WORK).status_code == 302

    client.get("/accounts/2fa/app/")
    secret = client.session["mfa.totp.secret"]
    done = client.post("/accounts/2fa/app/", {"code": app_code(secret)})
    assert done["Location"] == "/accounts/2fa/recovery-codes/"
    codes = client.get(done["Location"]).context["unused_codes"]
    assert len(codes) == 10
    assert client.get(WORK).status_code == 200  # this session has just proved it


def test_the_secret_is_not_stored_in_the_clear(ruth, factor):
    stored = Authenticator.objects.get(user=ruth).data["secret"]
    assert stored != SECRET  # allauth's own helper seals it through the portal's adapter
    assert MFAAdapter().decrypt(stored) == SECRET


def test_an_older_secret_key_still_opens_it(settings):
    sealed = MFAAdapter().encrypt(SECRET)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-for-tests-only-0123456789-abcdefgh"
    assert MFAAdapter().decrypt(sealed) == SECRET


def test_with_a_second_factor_the_mailed_code_is_half_the_way(client, ruth, factor):
    response = sign_in(client, ruth)
    assert response["Location"] == "/accounts/2fa/authenticate/"
    assert client.get(WORK)["Location"].startswith("/accounts/login/")
    assert "The second step" in words(client.get("/accounts/2fa/authenticate/"))
    assert give_code(client, app_code())["Location"] == "/referrals/"
    assert client.get(WORK).status_code == 200


def test_the_code_of_a_step_before_or_after_is_taken_and_older_ones_are_not(client, ruth, factor):
    for step, taken in [(-1, True), (1, True), (-3, False), (3, False)]:
        client.logout()
        sign_in(client, ruth)
        location = give_code(client, app_code(step=step)).headers.get("Location")
        assert (location == "/referrals/") is taken


def test_a_code_of_the_app_is_taken_once(client, ruth, factor):
    sign_in(client, ruth)
    code = app_code()
    give_code(client, code)
    client.logout()
    sign_in(client, ruth)
    assert "Check the code" in words(give_code(client, code))
    assert client.get(WORK)["Location"].startswith("/accounts/login/")


def test_five_wrong_codes_then_wait(client, ruth, factor):
    sign_in(client, ruth)
    for _attempt in range(5):
        give_code(client, "000000")
    assert "Wait five minutes" in words(give_code(client, app_code()))


def test_a_recovery_code_works_once(client, ruth):
    sign_in(client, ruth)
    client.get("/accounts/2fa/app/")
    client.post("/accounts/2fa/app/", {"code": app_code(client.session["mfa.totp.secret"])})
    code = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"][0]
    for taken in (True, False):
        client.logout()
        sign_in(client, ruth)
        give_code(client, code)
        assert (client.get(WORK).status_code == 200) is taken


def test_a_session_that_did_not_pass_the_second_factor_passes_it_now(client, ruth, factor):
    client.force_login(ruth)  # however the session began
    response = client.get("/agency/absence/")
    assert response["Location"] == "/accounts/2fa/reauthenticate/?next=%2Fagency%2Fabsence%2F"
    assert "Before you go on" in words(client.get(response["Location"]))
    done = client.post(
        "/accounts/2fa/reauthenticate/", {"code": app_code(), "next": "/agency/absence/"}
    )
    assert done["Location"] == "/agency/absence/"
    assert client.get("/agency/absence/").status_code == 200


def test_a_right_gained_meanwhile_asks_for_the_second_factor_at_once(client, hannah, school):
    sign_in(client, hannah)
    assert client.get(WORK).status_code == 200
    held = MembershipFactory(person=hannah, agency=school, role=Role.DEPUTY_LEAD)
    assert client.get(WORK)["Location"] == "/accounts/2fa/app/"
    held.ends_on = timezone.localdate()
    held.save()
    assert client.get(WORK).status_code == 200


def test_a_role_that_waits_for_confirmation_asks_for_nothing(client, hannah, school):
    MembershipFactory(person=hannah, agency=school, role=Role.LEAD, pending=True)
    sign_in(client, hannah)
    assert client.get(WORK).status_code == 200


def test_public_pages_and_the_way_out_stay_open(client, ruth):
    sign_in(client, ruth)
    assert client.get("/").status_code == 200
    assert client.post("/accounts/logout/").status_code == 302


def test_who_needs_the_second_factor_cannot_turn_it_off(client, ruth, factor):
    sign_in(client, ruth)
    give_code(client, app_code())
    long_ago(client)
    asked = client.get("/accounts/2fa/app/remove/")
    assert asked["Location"].startswith("/accounts/2fa/reauthenticate/")
    client.post(asked["Location"], {"code": app_code(step=1)})
    page = client.get("/accounts/2fa/app/remove/")
    assert "so the second step stays on" in words(page)
    client.post("/accounts/2fa/app/remove/")
    assert has_factor(ruth)


def test_a_practitioner_may_use_one_and_turn_it_off_again(client, hannah):
    sign_in(client, hannah)
    assert "It is off" in words(client.get("/accounts/2fa/"))
    client.get("/accounts/2fa/app/")
    client.post("/accounts/2fa/app/", {"code": app_code(client.session["mfa.totp.secret"])})
    assert "It is on" in words(client.get("/accounts/2fa/"))
    assert "at any time" in words(client.get("/accounts/2fa/app/remove/"))
    client.post("/accounts/2fa/app/remove/")
    assert not Authenticator.objects.exists()


def test_new_recovery_codes_replace_the_old(client, ruth):
    sign_in(client, ruth)
    client.get("/accounts/2fa/app/")
    client.post("/accounts/2fa/app/", {"code": app_code(client.session["mfa.totp.secret"])})
    first = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"]
    text = client.get("/accounts/2fa/recovery-codes/download/")
    assert text.content.decode().split() == first
    assert "stop working" in words(client.get("/accounts/2fa/recovery-codes/new/"))
    client.post("/accounts/2fa/recovery-codes/new/")
    second = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"]
    assert not set(first) & set(second)


@pytest.mark.parametrize("who", ["hannah", "ruth"])
def test_the_second_factor_costs_at_most_two_queries_a_request(request, client, who, settings):
    person = request.getfixturevalue(who)
    if who == "ruth":
        request.getfixturevalue("factor")
    sign_in(client, person)
    if who == "ruth":
        give_code(client, app_code())

    def count():
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/referrals/").status_code in (200, 302)
        return len(queries)

    with_it = count()
    middleware = settings.MIDDLEWARE
    settings.MIDDLEWARE = [each for each in middleware if "SecondFactor" not in each]
    assert with_it - count() <= 2


@pytest.mark.django_db(transaction=True)
def test_of_many_who_send_one_code_at_once_one_comes_in(ruth, factor):
    clients = [Client() for _number in range(5)]
    for client in clients:
        client.force_login(ruth)
    code, start, taken = app_code(), threading.Barrier(len(clients)), []

    def send(client):
        try:
            start.wait(timeout=10)
            taken.append(give_code(client, code, "/accounts/2fa/reauthenticate/").status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(taken) == [200, 200, 200, 200, 302]
