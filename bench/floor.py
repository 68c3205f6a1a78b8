"""The floor: the least that a page for somebody who is signed in can cost with Django.

Five pieces of middleware, one session row, one account, one look-up by an index, a short template.
Every page is measured as a multiple of this one: same server, same database, the same minute.
``make()`` prepares its database once; gunicorn serves ``floor:application`` like the portal's.
"""

import os
from typing import Any
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden

ROWS = 25
PAGE = """<!doctype html>
<html lang="en-GB">
<head><meta charset="utf-8"><title>Floor</title></head>
<body>
<p>{{ user.username }}</p>
<ul>
{% for group in groups %}<li>{{ group.name }}</li>
{% endfor %}</ul>
</body>
</html>
"""


def _database() -> dict[str, Any]:
    parts = urlsplit(os.environ["BENCH_FLOOR_DB"])
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.removeprefix("/"),
        "USER": parts.username or "",
        "HOST": unquote(parts.hostname or ""),
        "PORT": parts.port or "",
        "CONN_MAX_AGE": 60,
    }


def _configure() -> None:
    loader = ("django.template.loaders.locmem.Loader", {"floor.html": PAGE})
    settings.configure(
        SECRET_KEY=os.environ["SECRET_KEY"],
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="bench.floor",
        DATABASES={"default": _database()},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[f"django.contrib.{name}" for name in ("contenttypes", "auth", "sessions")],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {"loaders": [("django.template.loaders.cached.Loader", [loader])]},
            }
        ],
    )
    django.setup()


if "BENCH_FLOOR_DB" in os.environ:
    if not settings.configured:  # "python -m" reads this file under two names
        _configure()

    from django.contrib.auth.models import Group, User
    from django.core.wsgi import get_wsgi_application
    from django.shortcuts import render
    from django.urls import path

    def floor(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return HttpResponseForbidden()
        groups = Group.objects.order_by("pk")[:ROWS]
        return render(request, "floor.html", {"user": request.user, "groups": groups})

    urlpatterns = [path("", floor)]
    application = get_wsgi_application()

    def make() -> str:
        """Make the floor's tables and its one person; the session's key, to be sent as a cookie."""
        from django.core.management import call_command
        from django.test import Client

        call_command("migrate", verbosity=0)
        user, _made = User.objects.get_or_create(username="floor")
        for number in range(ROWS):
            Group.objects.get_or_create(name=f"group {number}")
        client = Client()
        client.force_login(user)  # type: ignore[arg-type]  # the floor's account is Django's own
        return str(client.session.session_key)


if __name__ == "__main__":
    print(make())
