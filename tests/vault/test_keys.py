import base64
import threading
import uuid

import pytest
from django.core.checks import run_checks
from django.core.signals import request_finished, request_started
from django.db import IntegrityError, connection, transaction

from vault import keys
from vault.models import DataKey, MasterKey

OTHER_KEY = "b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItMDE="


@pytest.fixture(autouse=True)
def _no_open_keys():
    keys.forget()


def complaints() -> set[str | None]:
    return {message.id for message in run_checks(tags=["security"]) if message.id}


def test_the_master_key_may_come_from_a_file(settings, tmp_path):
    from_environment = keys.master().fingerprint
    path = tmp_path / "master.key"
    path.write_text(settings.VAULT_KEY + "\n")
    path.chmod(0o600)
    settings.VAULT_KEY, settings.VAULT_KEY_FILE = "", str(path)
    assert keys.master().fingerprint == from_environment
    assert not {"vault.E003", "vault.W001"} & complaints()
    path.chmod(0o644)
    assert "vault.W001" in complaints()


@pytest.mark.parametrize(
    "content", [None, "", "xx", base64.b64encode(b"k" * 31).decode(), "é" * 44]
)
def test_a_missing_or_malformed_key_is_reported(settings, tmp_path, content):
    path = tmp_path / "master.key"
    if content is not None:
        path.write_text(content)
    settings.VAULT_KEY, settings.VAULT_KEY_FILE = "", str(path)
    with pytest.raises(keys.KeyUnavailable) as caught:
        keys.master()
    assert "vault.E003" in complaints()
    assert not content or content not in str(caught.value)


def test_what_is_derived_differs_by_purpose_and_shows_nothing(settings):
    master = keys.master()
    secret = base64.b64decode(settings.VAULT_KEY)
    assert len({keys.derive(secret, info) for info in ("wrapping", "digests", "fingerprint")}) == 3
    assert settings.VAULT_KEY not in repr(master)
    assert repr(master) == f"Master(fingerprint='{master.fingerprint}')"
    assert len(master.fingerprint) == 16


@pytest.mark.django_db
def test_a_database_remembers_its_master_key(settings):
    MasterKey.objects.all().delete()
    keys.verify()
    keys.verify()
    assert MasterKey.objects.get().fingerprint == keys.master().fingerprint
    settings.VAULT_KEY = OTHER_KEY
    with pytest.raises(keys.KeyUnavailable):
        keys.verify()
    assert MasterKey.objects.count() == 1
    settings.VAULT_KEY = ""
    with pytest.raises(keys.KeyUnavailable):
        keys.verify()


@pytest.mark.django_db
def test_a_lost_fingerprint_does_not_let_another_key_in(settings):
    keys.new_case(uuid.uuid4())
    MasterKey.objects.all().delete()
    settings.VAULT_KEY = OTHER_KEY
    with pytest.raises(keys.KeyUnavailable):
        keys.verify()
    assert not MasterKey.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_first_starts_agree_on_one_key():
    faults: list[Exception] = []
    ready = threading.Barrier(6)

    def start() -> None:
        try:
            ready.wait()
            keys.verify()
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert MasterKey.objects.count() == 1


@pytest.mark.django_db
def test_a_case_has_one_key():
    case = uuid.uuid4()
    keys.new_case(case)
    with pytest.raises(IntegrityError), transaction.atomic():
        keys.new_case(case)
    row = DataKey.objects.get(pk=case)
    assert row.master == keys.master().fingerprint
    assert len(bytes(row.wrapped)) == keys.NONCE_BYTES + keys.KEY_BYTES + 16


@pytest.mark.django_db
def test_an_open_key_lives_for_one_request(django_assert_num_queries):
    case = uuid.uuid4()
    keys.new_case(case)
    for _ in range(2):
        with django_assert_num_queries(1):
            keys.data_key(case)
            keys.data_key(case)
        keys.forget(sender=None)  # the signals themselves would close the test's connection
    for signal in (request_started, request_finished):
        assert any(receiver[0][0] == "vault.forget" for receiver in signal.receivers)


@pytest.mark.django_db
def test_open_keys_are_few(monkeypatch):
    monkeypatch.setattr(keys, "OPEN_KEYS", 5)
    cases = [uuid.uuid4() for _ in range(12)]
    keys.new_cases(cases)
    keys.load(cases)
    assert len(keys._held()) == 5
    for case in cases:
        assert keys.data_key(case)
    assert len(keys._held()) == 5


@pytest.mark.django_db
def test_a_thread_does_not_see_the_keys_of_another():
    case = uuid.uuid4()
    keys.new_case(case)
    keys.data_key(case)
    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.append(len(keys._held())))
    thread.start()
    thread.join()
    assert seen == [0]


@pytest.mark.django_db
def test_a_key_that_was_read_with_its_case_is_opened_without_asking(django_assert_num_queries):
    case_id, other = uuid.uuid4(), uuid.uuid4()
    keys.new_cases([case_id, other])
    row, wrong = DataKey.objects.get(pk=case_id), DataKey.objects.get(pk=other)
    with django_assert_num_queries(0):
        keys.hold(row)
        keys.data_key(case_id)
        wrong.pk = uuid.uuid4()
        keys.hold(wrong)
    with pytest.raises(keys.SealBroken):  # another case's key opens nothing
        keys.data_key(wrong.pk)
    keys.hold(DataKey.objects.get(pk=other))
    keys.destroy(other)
    with pytest.raises(keys.SealBroken):
        keys.data_key(other)
