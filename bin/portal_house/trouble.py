"""What can go wrong, said in one sentence; and commands that say it."""

import errno
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

# What programs write when the disk is full; PostgreSQL has its own word for it.
FULL = ("No space left on device", "Check free disk space", "Disk quota exceeded")


class Trouble(Exception):  # noqa: N818 - it is not always an error
    """One sentence for the person at the terminal: what is wrong, and what to do."""


def full_disk(where: Path) -> Trouble:
    return Trouble(f"The disk that holds {where} is full: make some room, then start again.")


def is_full(error: OSError) -> bool:
    return error.errno in {errno.ENOSPC, errno.EDQUOT}


def speaks_of_full_disk(said: str) -> bool:
    return any(sign in said for sign in FULL)


def run(
    command: Sequence[str | Path],
    *,
    sorry: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    where: Path = Path("/"),
) -> str:
    """Run a command quietly and give back what it wrote.

    Args:
        sorry: the sentence for the person when the command does not succeed.
        where: the folder it writes to, named when the disk is full.
    Raises:
        Trouble: it did not succeed; its last lines stand above the sentence.
    """
    try:
        done = subprocess.run(
            command,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        raise Trouble(f"{sorry} ({error.filename} is not on this machine.)") from None
    if done.returncode == 0:
        return done.stdout
    if speaks_of_full_disk(done.stdout):
        raise full_disk(where)
    last_lines = "\n".join(done.stdout.strip().splitlines()[-25:])
    raise Trouble(f"{last_lines}\n{sorry}" if last_lines else sorry)
