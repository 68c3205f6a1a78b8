"""bin/portal: which database it takes, what it keeps private, what it says when it cannot."""

import errno
import importlib.util
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from portal_house import front_door, packages, places, postgres, prepare, serve, trouble
from portal_house.local_env import LocalEnv
from portal_house.places import Places
from portal_house.postgres import Binaries, Cluster
from portal_house.proof import TOOLS
from portal_house.trouble import Trouble

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def checkout(tmp_path: Path) -> Places:
    there = Places(tmp_path)
    there.make_var()
    return there


def one_sentence(raised: pytest.ExceptionInfo[Trouble]) -> str:
    said = str(raised.value)
    assert said
    assert "\n" not in said
    return said


# --- Which programs ---------------------------------------------------------------------------
NEWEST, OLDER, WHEEL = (
    Binaries(Path("/usr/lib/postgresql/17/bin"), 17),
    Binaries(Path("/usr/lib/postgresql/15/bin"), 15),
    Binaries(Path("/venv/pginstall/bin"), 18),
)


@pytest.mark.parametrize(
    ("found", "made_by", "chosen"),
    [
        ([NEWEST, OLDER, WHEEL], None, NEWEST),
        ([NEWEST, OLDER, WHEEL], 15, OLDER),
        ([NEWEST, OLDER, WHEEL], 18, WHEEL),
        ([WHEEL], None, WHEEL),
        ([Binaries(Path("/usr/lib/postgresql/11/bin"), 11), WHEEL], None, WHEEL),
    ],
)
def test_the_data_folder_s_own_version_comes_first(found, made_by, chosen):
    assert postgres.choose_binaries(found, data=Path("/srv"), made_by=made_by) == chosen


def test_data_of_another_major_version_gets_a_sentence():
    with pytest.raises(Trouble) as raised:
        postgres.choose_binaries([NEWEST, WHEEL], data=Path("/srv/postgres"), made_by=15)
    said = one_sentence(raised)
    assert "made by PostgreSQL 15" in said
    assert "has 17, 18" in said
    assert "install postgresql-15" in said


def test_a_machine_without_postgresql_gets_a_sentence():
    with pytest.raises(Trouble) as raised:
        postgres.choose_binaries([], data=Path("/srv/postgres"), made_by=None)
    assert "this machine has none" in one_sentence(raised)


def test_a_folder_of_client_programs_is_not_a_server(tmp_path, monkeypatch):
    (tmp_path / "psql").touch(mode=0o755)
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    assert tmp_path not in [found.folder for found in postgres.find_binaries(tmp_path)]


# --- Where the database lives -----------------------------------------------------------------
def test_a_socket_path_that_is_too_long_goes_to_the_shelter(tmp_path):
    assert postgres.socket_fits(Path("/srv/prevent-portal/var/postgres-socket"))
    deep = Places(tmp_path / ("d" * 100))
    assert not postgres.socket_fits(deep.var / "postgres-socket")
    cluster = Cluster(deep)
    cluster.home = deep.var
    assert cluster.socket.parent == deep.shelter
    assert postgres.socket_fits(cluster.socket)


def test_each_checkout_has_a_shelter_of_its_own():
    assert Places(Path("/srv/a")).shelter != Places(Path("/srv/b")).shelter


def test_a_shelter_that_someone_else_made_is_not_used(tmp_path, checkout):
    checkout.__dict__["shelter"] = tmp_path / "shelter"
    (tmp_path / "elsewhere").mkdir()
    checkout.shelter.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Trouble) as raised:
        checkout.make_shelter()
    assert "belongs to someone else" in one_sentence(raised)


def test_the_database_is_made_once_and_served_to_two_roles(checkout):
    """With real programs; as root this also takes the way through the shelter."""
    cluster = Cluster(checkout, "test-postgres")
    checkout.venv.mkdir()
    real = ROOT / ".venv" / "lib"
    (checkout.venv / "lib").symlink_to(real)
    try:
        cluster.start()
        cluster.note(schema="it's one")
        cluster.note(demonstration="two")
        cluster.stop()
        assert not cluster.is_running()
        cluster.start()
        assert cluster.notes() == {"schema": "it's one", "demonstration": "two"}
        said = cluster._psql(
            "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname ~ '^portal_' "
            "ORDER BY 1; SHOW listen_addresses;"
        )
        assert said.split("\n") == ["portal_owner|t|t", "portal_web|f|f", "", ""]
        assert stat.S_IMODE(cluster.socket.stat().st_mode) == 0o700
    finally:
        cluster.remove()
        if checkout.shelter.exists():
            front_door._remove(checkout.shelter)
    assert not cluster.exists


# --- Secrets ----------------------------------------------------------------------------------
@pytest.fixture
def cluster(checkout: Places) -> Cluster:
    cluster = Cluster(checkout)
    cluster.home = checkout.var
    return cluster


def test_secrets_are_made_once_and_for_one_pair_of_eyes(checkout, cluster):
    first = LocalEnv(checkout).see_to(cluster)
    for name in ("local.env", "vault.key"):
        assert stat.S_IMODE((checkout.var / name).stat().st_mode) == 0o600
    assert first["DATABASE_URL"].startswith("postgres://portal_web@%2F")
    assert first["DATABASE_OWNER_URL"].startswith("postgres://portal_owner@%2F")
    assert LocalEnv(checkout).see_to(cluster) == first
    assert LocalEnv(checkout).read() == first


def test_what_people_add_to_local_env_stays(checkout, cluster):
    LocalEnv(checkout).see_to(cluster)
    with (checkout.var / "local.env").open("a") as file:
        file.write("PARTNERSHIP='North Yorkshire'\n")
    cluster.socket = Path("/srv/moved/socket")
    values = LocalEnv(checkout).see_to(cluster)
    assert values["PARTNERSHIP"] == "North Yorkshire"
    assert "moved" in values["DATABASE_URL"]
    assert LocalEnv(checkout).read() == values


def test_data_without_its_key_gets_a_sentence(checkout, cluster):
    LocalEnv(checkout).see_to(cluster)
    cluster.data.mkdir()
    (checkout.var / "vault.key").unlink()
    with pytest.raises(Trouble) as raised:
        LocalEnv(checkout).see_to(cluster)
    assert "vault.key is gone" in one_sentence(raised)


def test_another_database_needs_its_own_secrets(checkout, monkeypatch):
    for name in ("SECRET_KEY", "VAULT_KEY", "VAULT_KEY_FILE", "DATABASE_OWNER_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgres://web@db.example.org/portal")
    with pytest.raises(Trouble) as raised:
        prepare.environment(checkout, None)
    assert "SECRET_KEY" in one_sentence(raised)
    monkeypatch.setenv("SECRET_KEY", "x" * 50)
    monkeypatch.setenv("VAULT_KEY_FILE", "/etc/prevent-portal/vault.key")
    env = prepare.environment(checkout, None)
    assert env["PORTAL_DEMO"] == "0"
    assert env["DATABASE_OWNER_URL"] == env["DATABASE_URL"]


# --- Ports, disks, packages, one at a time ----------------------------------------------------
def test_a_port_in_use_gets_a_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Trouble) as raised:
            serve.see_that_port_is_free(port)
    assert f"Port {port} is in use" in one_sentence(raised)
    serve.see_that_port_is_free(port)


@pytest.mark.parametrize("text", ["0", "65536", "http", "-1", "８０００", "80 00", "8000.0"])
def test_a_port_that_is_none_gets_a_sentence(text):
    with pytest.raises(Trouble) as raised:
        serve.port_from(text)
    assert "1 to 65535" in one_sentence(raised)


def test_too_little_room_gets_a_sentence(checkout, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: type("Usage", (), {"free": 120_000_000}))
    with pytest.raises(Trouble) as raised:
        checkout.needs_room(database=checkout.var / "postgres")
    assert "120 MB free" in one_sentence(raised)


def test_a_disk_that_fills_up_on_the_way_gets_a_sentence(checkout, monkeypatch, capsys):
    full = [sys.executable, "-c", "raise OSError(28, 'No space left on device')"]
    with pytest.raises(Trouble) as raised:
        trouble.run(full, sorry="Something else.", where=checkout.var)
    assert "is full" in one_sentence(raised)

    def fills_up(*words: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(checkout.var))

    monkeypatch.setattr(front_door, "stop", fills_up)
    monkeypatch.setattr(serve, "stop_on_signals", lambda: None)
    assert front_door.main(["stop"]) == 1
    said = capsys.readouterr().err
    assert "is full" in said
    assert "Traceback" not in said


def test_a_python_that_makes_no_virtual_environments_asks_for_its_package(monkeypatch):
    assert packages.Package("python3-venv") not in packages.wanted(tests=True)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert packages.Package("python3-venv") in packages.wanted(tests=False)


def test_the_line_to_type_names_what_is_missing():
    line = packages.line_to_type([packages.Package("chromium")], root=False)
    assert line == "sudo apt-get install -y --no-install-recommends chromium"


@pytest.mark.parametrize(("optional", "stops"), [(False, True), (True, False)])
def test_only_a_needed_package_stops_the_set_up(monkeypatch, capsys, optional, stops):
    lacking = [packages.Package("libexample0", optional=optional)]
    monkeypatch.setattr(shutil, "which", lambda name: name == "dpkg-query" or None)
    monkeypatch.setattr(packages, "missing", lambda wanted: lacking)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    if not stops:
        packages.install_debian(tests=False, first_time=True)
        assert "works better after: sudo apt-get" in capsys.readouterr().out
        return
    with pytest.raises(Trouble) as raised:
        packages.install_debian(tests=False, first_time=True)
    assert one_sentence(raised).endswith(packages.line_to_type(lacking, root=False))


def test_the_portal_runs_once_in_a_folder(checkout):
    with serve.only_one(checkout, "run"):
        assert serve.holder(checkout, "run") == os.getpid()
        with pytest.raises(Trouble) as raised, serve.only_one(checkout, "run"):
            pass
    assert str(os.getpid()) in one_sentence(raised)
    assert serve.holder(checkout, "run") is None


def test_only_a_process_of_this_checkout_is_stopped_as_left_behind(checkout):
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        (checkout.var / "running.json").write_text(json.dumps({"worker": stranger.pid}))
        serve.stop_leftovers(checkout)
        assert stranger.poll() is None
        stranger.kill()
    assert not (checkout.var / "running.json").exists()


def test_a_digest_tells_every_change(tmp_path):
    (tmp_path / "a.py").write_text("1")
    before = places.digest([tmp_path])
    assert places.digest([tmp_path]) == before
    (tmp_path / "a.py").write_text("2")
    changed = places.digest([tmp_path])
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert len({before, changed, places.digest([tmp_path])}) == 3


def test_the_front_door_needs_nothing_installed():
    said = subprocess.run(
        [sys.executable, "-E", "-s", "-S", ROOT / "bin" / "portal", "--help"],
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    ).stdout
    assert "database" in said


@pytest.mark.parametrize("name", ["requirements.txt", *TOOLS.values(), "requirements-dev.txt"])
def test_the_lock_files_name_no_place(name):
    text = (ROOT / name).read_text()
    assert "--hash=sha256:" in text
    addresses = r"://|\bfile:"
    paths = r"(?:^|[\s=@'\"])/\w"
    options = r"^--"  # of the whole file: where packages come from
    for place in (addresses, paths, options):
        assert re.findall(place, text, re.MULTILINE) == []


def test_the_deployment_page_names_every_setting():
    """A setting that nobody knows of is set by nobody."""
    settings = (ROOT / "prevent_portal" / "settings.py").read_text()
    page = (ROOT / "deploy" / "README.md").read_text()
    names = re.findall(r"env(?:\.\w+)?\(\s*\"([A-Z_]+)\"", settings)
    assert "DATABASE_URL" in names
    assert [name for name in names if f"`{name}`" not in page] == []
