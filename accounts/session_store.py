"""Sessions in the database that end by themselves; see accounts.sessions for when."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from accounts import sessions


class SessionStore(DatabaseStore):
    """An ended session is found empty, whoever reads it, but for whose it was."""

    def load(self) -> dict[str, Any]:
        data: dict[str, Any] = super().load()
        person = data.get(SESSION_KEY)
        if not person or not sessions.is_over(data, now=timezone.now()):
            return data
        self.delete(self.session_key)
        self._session_key = None
        self.modified = True
        return sessions.left_behind(person)
