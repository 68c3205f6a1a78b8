"""What ``manage.py check`` says about the master key."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from vault import keys


@register(Tags.security)
def master_key_is_readable(**kwargs: Any) -> list[CheckMessage]:
    """The master key is there, 32 bytes, and its file is nobody else's to read."""
    try:
        keys.master()
    except keys.KeyUnavailable as reason:
        return [
            Error(
                str(reason),
                hint="Make one with: head -c 32 /dev/urandom | base64. Keep it outside the "
                "database and its backups; without it no case can be read.",
                id="vault.E003",
            )
        ]
    if not settings.VAULT_KEY and Path(settings.VAULT_KEY_FILE).stat().st_mode & 0o077:
        return [
            Warning(
                "The file named by VAULT_KEY_FILE can be read by other accounts.",
                hint="chmod 600",
                id="vault.W001",
            )
        ]
    return []
