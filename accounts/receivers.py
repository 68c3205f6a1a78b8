"""What happens to a session when somebody signs in or changes how they do."""

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts import sessions


@receiver(user_logged_in, dispatch_uid="accounts.begin")
def begin(sender: Any, request: HttpRequest | None, **kwargs: Any) -> None:
    if request is None:
        return
    request.session.pop(sessions.WAS, None)
    sessions.begin(request.session, now=timezone.now())
