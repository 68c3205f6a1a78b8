"""Debian packages and the virtual environment."""

import importlib.util
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from portal_house.places import Places, digest, step
from portal_house.trouble import Trouble, run


@dataclass(frozen=True)
class Package:
    """A Debian package; ``optional`` when the portal works without it, only less well."""

    name: str
    optional: bool = False


FOR_RUNNING = [
    Package("libpango-1.0-0"),
    Package("libpangoft2-1.0-0"),
    Package("libharfbuzz-subset0", optional=True),  # without it PDFs are written more slowly
    Package("fonts-liberation"),
]
FOR_TESTS = [Package("chromium"), Package("poppler-utils")]


def wanted(*, tests: bool) -> list[Package]:
    # Debian keeps the part of Python that makes virtual environments in a package of its own.
    venv = [] if importlib.util.find_spec("ensurepip") else [Package("python3-venv")]
    return [*venv, *FOR_RUNNING, *(FOR_TESTS if tests else [])]


def missing(packages: list[Package]) -> list[Package]:
    """Those that dpkg does not know as installed."""
    query = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n"]
    found = subprocess.run(
        [*query, *(package.name for package in packages)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    installed = {line.split()[0] for line in found.splitlines() if line.endswith(" installed")}
    return [package for package in packages if package.name not in installed]


def line_to_type(packages: list[Package], *, root: bool) -> str:
    sudo = "" if root else "sudo "
    names = " ".join(package.name for package in packages)
    return f"{sudo}apt-get install -y --no-install-recommends {names}"


def install_debian(*, tests: bool, first_time: bool) -> None:
    """See that the machine has the Debian packages; install what is missing where that is allowed.

    Args:
        first_time: later, what is only useful and could not be had is not asked for again.
    Raises:
        Trouble: something that the portal cannot do without is missing; the line to type is given.
    """
    packages = wanted(tests=tests)
    if not shutil.which("dpkg-query"):
        print(f"Not a Debian machine: it should have {', '.join(p.name for p in packages)}.")
        return
    lacking = missing(packages)
    if not lacking:
        return
    root = os.geteuid() == 0
    names = " ".join(package.name for package in lacking)
    apt = ["apt-get"] if root else ["sudo", "-n", "apt-get"]
    needed = any(not package.optional for package in lacking)
    if (needed or first_time) and (root or shutil.which("sudo")):
        with step(f"Debian packages {names}", "1 to 3 minutes"):
            env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            with suppress(Trouble):  # the lists at hand may do
                run([*apt, "-q", "update"], env=env, sorry="")
            try:
                install = [*apt, "-q", "install", "-y", "--no-install-recommends", *names.split()]
                run(install, env=env, sorry="")
            except Trouble as trouble:
                print(f"\n{trouble}")
    lacking = missing(packages)
    line = line_to_type(lacking, root=root)
    if any(not package.optional for package in lacking):
        raise Trouble(f"Type this, then start again: {line}")
    if lacking:
        print(f"The portal works better after: {line}")


def install_python(places: Places, *, tests: bool) -> None:
    """Make .venv and put into it what requirements*.txt pin, unless it is there already."""
    locks = [places.checkout / "requirements.txt"]
    if tests:
        locks.append(places.checkout / "requirements-dev.txt")
    marks = {True: places.venv / ".made-for-tests", False: places.venv / ".made-for-running"}
    mark, stamp = marks[tests], digest(locks)
    if mark.exists() and mark.read_text() == stamp and places.python.exists():
        return
    with step("Python packages into .venv", "1 to 3 minutes"):
        for old in marks.values():
            old.unlink(missing_ok=True)
        _make_venv(places.venv)
        _install(places.python, locks)
        if tests:
            # What the tests have includes what running needs.
            marks[False].write_text(digest(locks[:1]))
        mark.write_text(stamp)


def fill(folder: Path, locks: list[Path]) -> None:
    """Make a virtual environment there, and put into it what the lock files pin."""
    _make_venv(folder)
    _install(folder / "bin" / "python", locks)


def _install(python: Path, locks: list[Path]) -> None:
    if _uv_works():
        # Not `python -m pip`: uv takes its packages from a cache, in seconds.
        command = ["uv", "pip", "sync", "--quiet", "--require-hashes", "--python"]
        command += [str(python), *map(str, locks)]
    else:
        command = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes"]
        command += ["--disable-pip-version-check"]
        command += [word for lock in locks for word in ("-r", str(lock))]
    run(
        command,
        cwd=locks[0].parent,
        where=locks[0].parent,
        sorry="The Python packages could not be installed: see above, then start again.",
    )


def _make_venv(venv: Path) -> None:
    python = venv / "bin" / "python"
    if python.exists():
        need = "import sys" if _uv_works() else "import pip"
        probe = subprocess.run([python, "-c", need], capture_output=True, check=False)
        if probe.returncode == 0:
            return
        shutil.rmtree(venv)
    run(
        [sys.executable, "-m", "venv", venv],
        where=venv.parent,
        sorry="A virtual environment could not be made: install python3-venv, then start again.",
    )


def _uv_works() -> bool:
    # A shim of pyenv can be found and still refuse to run, so looking for it is not enough.
    try:
        return subprocess.run(["uv", "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
