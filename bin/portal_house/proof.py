"""`make proof`: what takes too long for every change; `tests/proof/` says what is done.

It has a demonstration of its own, made anew each time, as what scanners send stays in it.
"""

import base64
import os
import secrets
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from portal_house import checks, packages, prepare, serve
from portal_house.places import Places, digest, step
from portal_house.postgres import OWNER, SERVING, Cluster
from portal_house.trouble import Trouble

NAME = "proof-postgres"
# Two environments, as these two agree on few versions.
TOOLS = {"scanners": "requirements-proof.txt", "wapiti": "requirements-wapiti.txt"}


def tools(places: Places) -> None:
    """Scanners, from the package index, as their lock files pin them."""
    for name, lock in TOOLS.items():
        folder = places.var / "proof" / name
        mark, wanted = folder / ".made-from", digest([places.checkout / lock])
        if mark.exists() and mark.read_text() == wanted:
            continue
        with step(f"Scanners into {folder.relative_to(places.checkout)}", "1 to 3 minutes"):
            packages.fill(folder, [places.checkout / lock])
        mark.write_text(wanted)


def environment(places: Places, cluster: Cluster, port: int) -> dict[str, str]:
    mails = places.var / "proof" / "mail"
    mails.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "prevent_portal.settings",
        "DATABASE_URL": cluster.url(SERVING),
        "DATABASE_OWNER_URL": cluster.url(OWNER),
        "PORTAL_EMBEDDED_DIR": str(cluster.socket),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "VAULT_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "VAULT_KEY_FILE": "",
        "PORTAL_DEMO": "1",
        "HTTPS": "0",
        "BASE_URL": f"http://{serve.HOST}:{port}",
        "EMAIL_URL": f"filemail:///{quote(str(mails))}",
    }


@contextmanager
def demonstration(places: Places, cluster: Cluster) -> Iterator[str]:
    """A fresh demonstration, served; its address."""
    with socket.socket() as probe:
        probe.bind((serve.HOST, 0))
        port = int(probe.getsockname()[1])
    cluster.remove()
    cluster.start()
    env = environment(places, cluster, port)
    prepare.tables(places, env, cluster)
    prepare.static_files(places, env)
    prepare.pages(places, env, cluster)
    prepare.standards(places, env, cluster)
    prepare.demonstration(places, env, cluster)
    processes = serve.Processes(places, env, note="proving.json")
    log = places.var / "proof" / "server.log"
    try:
        with log.open("wb") as written:
            processes.start("web server", *serve.web_server(port), output=written)
        serve.wait_until_it_answers(processes, port)
        yield env["BASE_URL"]
    finally:
        serve.let_nothing_interrupt()
        processes.stop()


def needs_demonstration(only: str) -> bool:
    """Whether one of these parts, by name and with commas between, walks a running portal."""
    return not only or "wapiti" in only.split(",")


def prove(places: Places, cluster: Cluster, address: str, only: str) -> None:
    """Run ``tests/proof``; it says what it does, and what it found.

    Args:
        address: of the demonstration; "" where no part needs it.
        only: names of parts with commas between; "" is all of them.

    Raises:
        Trouble: with no further word, as it has said all.
    """
    env: Mapping[str, str] = {
        **checks.environment(cluster),
        "PORTAL_PROOF": str(places.var / "proof"),
        "PORTAL_PROOF_ADDRESS": address,
        "PORTAL_PROOF_ONLY": only,
    }
    done = subprocess.run(
        [places.python, "-m", "tests.proof"],
        env=env,
        cwd=Path(places.checkout),
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        raise Trouble("")
