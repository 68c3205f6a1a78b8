"""Where things are, and what the front door says while it works."""

import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from portal_house.trouble import Trouble

MEGABYTE = 1_000_000
VENV_NEEDS = 700 * MEGABYTE
DATABASE_NEEDS = 500 * MEGABYTE
ALWAYS_NEEDS = 50 * MEGABYTE


@dataclass(frozen=True)
class Places:
    """The checkout, and the folders that the front door makes in it."""

    checkout: Path

    @property
    def var(self) -> Path:
        return self.checkout / "var"

    @property
    def venv(self) -> Path:
        return self.checkout / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @cached_property
    def shelter(self) -> Path:
        """Where the database lives when its account cannot enter the checkout."""
        name = hashlib.sha256(os.fsencode(self.checkout)).hexdigest()[:12]
        return Path("/var/tmp") / f"prevent-portal-{name}"  # noqa: S108 - see make_shelter

    def make_var(self) -> None:
        self.var.mkdir(exist_ok=True)
        if os.geteuid() == 0:
            # The database's account passes through; what is private in there says so itself.
            self.var.chmod(0o755)

    def make_shelter(self) -> None:
        """Make the shelter, or see that it is ours: anyone may make names in /var/tmp."""
        try:
            self.shelter.mkdir(mode=0o711)
            self.shelter.chmod(0o711)
        except FileExistsError:
            found = self.shelter.lstat()
            if (
                not self.shelter.is_dir()
                or self.shelter.is_symlink()
                or found.st_uid != os.geteuid()
            ):
                raise Trouble(f"{self.shelter} belongs to someone else: remove it.") from None

    def needs_room(self, *, database: Path) -> None:
        """See that what is still to be made will fit.

        Raises:
            Trouble: the disk of the checkout, or of the database, has too little room.
        """
        wanted = {self.checkout: ALWAYS_NEEDS}
        if not self.python.exists():
            wanted[self.checkout] += VENV_NEEDS
        if not (database / "PG_VERSION").exists():
            wanted[database] = DATABASE_NEEDS
        for folder, size in wanted.items():
            there = next(place for place in (folder, *folder.parents) if place.is_dir())
            free = shutil.disk_usage(there).free
            if free < size:
                raise Trouble(
                    f"The disk that holds {there} is too full: it has {free // MEGABYTE} MB free, "
                    f"and the portal needs {size // MEGABYTE} MB."
                )


def digest(paths: Iterable[Path]) -> str:
    """One short value for these files, and all files in these folders: names and contents."""
    total = hashlib.sha256()
    for path in sorted(_files(paths)):
        total.update(os.fsencode(path) + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:32]


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (
                file for file in path.rglob("*") if file.is_file() and file.suffix != ".pyc"
            )
        elif path.exists():
            yield path


@contextmanager
def step(what: str, about: str = "") -> Iterator[None]:
    """Say what is being done and about how long it takes, then how long it took."""
    print(f"{what} ({about}) ..." if about else f"{what} ...", end="", flush=True)
    began = time.monotonic()
    try:
        yield
    except BaseException:
        print(flush=True)
        raise
    print(f" {time.monotonic() - began:.0f} s", flush=True)
