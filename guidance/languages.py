"""Pages in other languages: Wagtail keeps them as translations; their addresses begin with a code.

The page ``/guidance/`` has its Welsh translation at ``/cy/guidance/``. What is not translated
stays where it is, in English.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import get_language
from wagtail.models import Page

from accounts.prepared import Prepared

OTHERS = {code: name for code, name in settings.LANGUAGES if code != settings.LANGUAGE_CODE}
HOME_SLUG = "portal"  # of the home page; Wagtail gives its translations the code behind it


@dataclass(frozen=True)
class Translation:
    """The same page in another language."""

    code: str
    name: str  # as its speakers write it
    address: str


def split(path: str) -> tuple[str, str]:
    """The language of an address, and what is left of it: "cy/guidance/" -> "cy", "guidance/"."""
    code, _slash, rest = path.partition("/")
    return (code, rest) if code in OTHERS else (settings.LANGUAGE_CODE, path)


def prefix(root: str) -> str:
    """What stands before the address of a page below a home page: "portal-cy" -> "/cy"."""
    code = root.removeprefix(f"{HOME_SLUG}-")
    return f"/{code}" if code in OTHERS else ""


def tag(code: str) -> str:
    """A language as pages and documents name it to those who listen to them."""
    return "en-GB" if code == settings.LANGUAGE_CODE else code


def name_of(code: str) -> str:
    return dict(settings.LANGUAGES)[code]


def spoken() -> dict[str, object]:
    """The language that is spoken here, for templates, where it is not the first one."""
    code = get_language()
    if code == settings.LANGUAGE_CODE:
        return {}
    return {"language": code, "is_sample": code in settings.SAMPLE_LANGUAGES}


_OTHERS = Prepared(
    lambda key, pk: (
        Page.objects.filter(translation_key=key, live=True)
        .exclude(pk=pk)
        .values_list("locale__language_code", "url_path")
    )
)


def others(page: Page, path_of: Callable[[str], str]) -> list[Translation]:
    """The published translations of a page: one query, or none in a portal of one language."""
    if not OTHERS:
        return []
    found: list[tuple[str, str]] = _OTHERS(key=page.translation_key, pk=page.pk)
    return [Translation(code, name_of(code), path_of(url_path)) for code, url_path in found]
