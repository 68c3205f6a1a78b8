"""A mail server that is slow to take a message: it waits for the test's word."""

import sys
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class Backend(BaseEmailBackend):
    """Says that it is busy, takes the message once told to, and says whose it was."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            print("busy", flush=True)
            sys.stdin.readline()
            print(message.to[0], flush=True)
        return len(email_messages)
