"""The code of the second step, as an app on the cast's telephones would show it now."""

import time

from allauth.mfa import app_settings
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.http import HttpRequest

from demo.cast import SECRET


def now() -> str:
    code: str = format_hotp_value(hotp_value(SECRET, int(time.time()) // app_settings.TOTP_PERIOD))
    return code


def seconds_left() -> int:
    period: int = app_settings.TOTP_PERIOD
    return period - int(time.time()) % period


def demonstration_code(request: HttpRequest) -> dict[str, object]:
    """``DEMO_CODE`` for the pages that ask for it; worked out only where it is shown."""
    return {"DEMO_CODE": now}
