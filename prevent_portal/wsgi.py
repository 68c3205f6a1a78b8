"""WSGI entry: declines to serve when the master key is missing or wrong."""

import gc
import os
import sys

from django.core.wsgi import get_wsgi_application

from prevent_portal import guard

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prevent_portal.settings")
application: guard.Application = get_wsgi_application()

from django.conf import settings  # noqa: E402

from vault import keys  # noqa: E402

try:
    keys.verify()
except keys.KeyUnavailable as refusal:
    sys.stderr.write(f"{refusal}\n")
    sys.exit(3)  # by which gunicorn knows that trying again is of no use
# What is loaded stays as long as the process: to look through it again and again for something to
# throw away would hold a page up for a tenth of a second now and then.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
if settings.PORTAL_DEMO:
    application = guard.only_from_here(application)
