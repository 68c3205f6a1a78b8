"""What is served beside the pages: small, our own, and as listed."""

import hashlib
import re

import pytest
from django.conf import settings
from django.contrib.staticfiles.management.commands import collectstatic
from django.core.management import call_command
from django.test import override_settings

STATIC = settings.BASE_DIR / "static"
GOVUK = STATIC / "vendor" / "govuk-frontend"


def test_every_vendored_file_is_as_listed():
    rows = re.findall(r"\| `([^`]+)` \|.*`([0-9a-f]{64})` \|", (STATIC / "VENDORED.md").read_text())
    assert len(rows) == 9
    for name, digest in rows:
        content = (settings.BASE_DIR / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest, name


def test_the_style_is_small_and_the_crown_is_gone():
    assert len((STATIC / "ui" / "portal.css").read_bytes()) < 12_000
    assert len((STATIC / "ui" / "assessment.css").read_bytes()) < 6_000
    css = (GOVUK / "govuk-frontend.min.css").read_text()
    for gone in ("@font-face", "GDS Transport", "sourceMappingURL", "url("):
        assert gone not in css
    assert "var(--portal-font)" in css
    assert "sourceMappingURL" not in (GOVUK / "govuk-frontend.min.js").read_text()


@pytest.mark.parametrize("name", ["portal.css", "assessment.css", "portal.js", "print.css"])
def test_nothing_points_to_another_host(name):
    assert not re.findall(r"""https?:|["'(]//""", (STATIC / "ui" / name).read_text())


def test_hashed_names_can_be_made(tmp_path):
    storages = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    with override_settings(STORAGES=storages, STATIC_ROOT=tmp_path, DEBUG=False):
        call_command(collectstatic.Command(), interactive=False, verbosity=0)
    assert list(tmp_path.glob("ui/portal.*.css"))
    assert list(tmp_path.glob("vendor/govuk-frontend/*.min.*.js"))
