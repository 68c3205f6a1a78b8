from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings


@pytest.fixture(scope="package", autouse=True)
def pages() -> Iterator[None]:
    """The pages of this folder instead of the portal's, since ``ui`` stands below the apps."""
    templates: list[Any] = deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"].append(Path(__file__).parent / "templates")
    templates[0]["OPTIONS"]["context_processors"] = [
        name
        for name in templates[0]["OPTIONS"]["context_processors"]
        if not name.startswith("agencies")
    ]
    with override_settings(
        ROOT_URLCONF="tests.ui.pages", TEMPLATES=templates, QUICK_EXIT_URL="/away/"
    ):
        yield
