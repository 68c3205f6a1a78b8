"""var/local.env: the secrets and addresses of this checkout, made at the first run."""

import base64
import os
import re
import secrets
from pathlib import Path
from urllib.parse import quote

from portal_house.places import Places
from portal_house.postgres import OWNER, SERVING, Cluster
from portal_house.trouble import Trouble

PLAIN = re.compile(r"[\w./:@%+=,-]*")


class LocalEnv:
    """The file, read and kept up to date. What people add to it stays."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.path = places.var / "local.env"
        self.key_file = places.var / "vault.key"

    @property
    def exists(self) -> bool:
        return self.path.exists()

    def see_to(self, cluster: Cluster) -> dict[str, str]:
        """Make or refresh the file and the master key; give back what the file says.

        Raises:
            Trouble: there is data, but the key that it is sealed with is gone.
        """
        if not self.key_file.exists():
            if cluster.exists:
                raise Trouble(
                    f"{self.key_file} is gone, and with it the way to read what the database "
                    "holds: put it back, or give the demonstration up with `make afresh`."
                )
            write_private(self.key_file, base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
        there = self.read()
        values = {
            "SECRET_KEY": secrets.token_urlsafe(50),
            "HTTPS": "0",
            "PORTAL_DEMO": "1",
            "BASE_URL": "http://127.0.0.1:8000",
        }
        values |= there
        # These follow the checkout when it is moved.
        values |= {
            "VAULT_KEY_FILE": str(self.key_file),
            "DATABASE_URL": cluster.url(SERVING),
            "DATABASE_OWNER_URL": cluster.url(OWNER),
            "PORTAL_EMBEDDED_DIR": str(cluster.socket),
            "EMAIL_URL": f"filemail:///{quote(str(self.places.var / 'mail'))}",
        }
        if values != there:
            lines = [f"{name}={_quoted(value)}\n" for name, value in values.items()]
            write_private(self.path, "".join(lines))
        (self.places.var / "mail").mkdir(mode=0o700, exist_ok=True)
        (self.places.var / "media").mkdir(mode=0o700, exist_ok=True)
        return values

    def read(self) -> dict[str, str]:
        if not self.exists:
            return {}
        pairs = (
            line.partition("=")
            for line in self.path.read_text().splitlines()
            if "=" in line and not line.lstrip().startswith("#")
        )
        return {name.strip(): value.strip().strip("'") for name, _, value in pairs}


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    making = path.with_name(f"{path.name}.making")
    making.unlink(missing_ok=True)
    with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    making.replace(path)


def _quoted(value: str) -> str:
    return value if PLAIN.fullmatch(value) else f"'{value}'"
