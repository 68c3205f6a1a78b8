"""WSGI entry: declines to serve when the master key is missing or wrong."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prevent_portal.settings")
application = get_wsgi_application()

from vault import keys  # noqa: E402

keys.verify()
