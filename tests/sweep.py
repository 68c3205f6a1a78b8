"""No word of a case in what a whole run of the tests writes (PR-05).

Wherever a test is, what it makes the portal log, mail or say in a header is looked at, and at the
end so are the files that are left and what the database wrote in its log. ``tests/edges`` looks at
pages one by one; here nothing has to be thought of beforehand.
"""

import logging
import logging.config
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.mail.backends import locmem

SHORTEST = 24  # letters: what is shorter may be the name of a school
LOUDEST = 20  # findings told in full


class Sweep:
    """Looks for canaries, and for the words of the case that most tests write.

    Attributes:
        found: where a word was, and which; in the order found.
        looked: how many times something was looked at, by kind.
    """

    def __init__(self) -> None:
        self.found: list[str] = []
        self.looked: dict[str, int] = {}

    @cached_property
    def words(self) -> re.Pattern[str]:
        from tests.referrals import cases  # models: not before Django is there

        answers = cases.NOTICE | cases.CHECK | cases.SHARE | cases.DESPITE
        said = {value for value in answers.values() if isinstance(value, str)}
        long = sorted(re.escape(value) for value in said if len(value) >= SHORTEST)
        # A mark of a test in capitals or with one; with what it stands for, to tell them apart.
        return re.compile("|".join([r"C(?:ANARY|anary)[a-z]\w*", *long]))

    def look(self, kind: str, text: str) -> None:
        self.looked[kind] = self.looked.get(kind, 0) + 1
        if hit := self.words.search(text):
            test = os.environ.get("PYTEST_CURRENT_TEST", "")
            self.found.append(f"{kind}: {hit[0]!r} in {text[:200]!r} ({test})")

    def look_at_files(self, folder: Path) -> None:
        for path in folder.rglob("*"):
            if path.is_file():
                self.look("file's name", path.name)
                self.look("file", path.read_text(errors="replace"))

    def told(self) -> str:
        return "\n".join(self.found[:LOUDEST])


class Listener(logging.Handler):
    """Hands over each line as the portal's own handler writes it."""

    def __init__(self, sweep: Sweep) -> None:
        super().__init__()
        self.sweep = sweep
        told: Any = settings.LOGGING
        line = dict(told["formatters"]["line"])
        self.setFormatter(logging.config.DictConfigurator({}).configure_formatter(line))

    def emit(self, record: logging.LogRecord) -> None:
        self.sweep.look("log", self.format(record))


@contextmanager
def everything(sweep: Sweep) -> Iterator[None]:
    """Look at every line of a log, every header and every mail while this lasts."""
    listener, patch = Listener(sweep), pytest.MonkeyPatch()
    answer, send = BaseHandler.get_response, locmem.EmailBackend.send_messages

    def answered(self: BaseHandler, request: Any) -> Any:
        response = answer(self, request)
        sweep.look("header", str(response.headers))
        return response

    def sent(self: locmem.EmailBackend, messages: Any) -> int:
        messages = list(messages)
        for message in messages:
            sweep.look("mail", message.message().as_string())
        return send(self, messages)

    patch.setattr(BaseHandler, "get_response", answered)
    patch.setattr(locmem.EmailBackend, "send_messages", sent)
    logging.getLogger().addHandler(listener)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(listener)
        patch.undo()


class DatabaseLog:
    """What the database writes in its log from now on; nothing where it is not ours to read."""

    def __init__(self) -> None:
        self.path = Path(os.environ.get("PORTAL_DATABASE_LOG", ""))
        self.began = self.path.stat().st_size if self.path.is_file() else 0

    def read(self) -> str:
        if not self.path.is_file():
            return ""
        with self.path.open(errors="replace") as log:
            log.seek(self.began)
            return log.read()
