"""The portal's settings for a server of the tests: their database, and files as they lie."""

import os

from prevent_portal.settings import *  # noqa: F403
from prevent_portal.settings import DATABASES, STORAGES

DATABASES["default"]["NAME"] = os.environ["PORTAL_SERVED_DATABASE"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
