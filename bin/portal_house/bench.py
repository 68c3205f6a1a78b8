"""`make bench`: the benchmarks, in a database cluster of their own that is kept."""

import os
import secrets
import subprocess

from portal_house import prepare
from portal_house.places import Places
from portal_house.postgres import OWNER, SERVING, Cluster
from portal_house.trouble import Trouble

NAME = "bench-postgres"
# Seals nothing but invented cases, which must open again next time: no secret.
KEY = "YmVuY2htYXJrcyBvbmx5LCBpbnZlbnRlZCBjYXNlcyE="


def environment(cluster: Cluster) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "prevent_portal.settings",
        "DATABASE_URL": cluster.url(SERVING),
        "DATABASE_OWNER_URL": cluster.url(OWNER),
        "PORTAL_EMBEDDED_DIR": str(cluster.socket),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "VAULT_KEY": KEY,
        "VAULT_KEY_FILE": "",
        "PORTAL_DEMO": "0",
        "HTTPS": "0",
        "BASE_URL": "http://127.0.0.1:8000",
        "EMAIL_URL": "memorymail://",
    }


def measure(places: Places, cluster: Cluster) -> None:
    """Run ``bench/``; it says what it does, and what it found.

    Raises:
        Trouble: with no further word, as it has said all.
    """
    env = environment(cluster)
    prepare.static_files(places, env)
    done = subprocess.run(
        [places.python, "-m", "bench"],
        env=env,
        cwd=places.checkout,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        raise Trouble("")
