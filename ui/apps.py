from functools import lru_cache

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import trans_real

MOST_SENTENCES = 10_000
"""Kept of each language: more than the portal's own and those of what it is made of."""


class UiConfig(AppConfig):
    name = "ui"

    def ready(self) -> None:
        """Look up each sentence of a language once.

        To find that there is no other word for "Sign out" in English, every library's catalogue is
        asked, and a page says some three hundred things.
        """
        for code, _name in settings.LANGUAGES:
            words: trans_real.DjangoTranslation = trans_real.translation(code)
            words.gettext = lru_cache(MOST_SENTENCES)(words.gettext)  # type: ignore[method-assign]
            words.ngettext = lru_cache(MOST_SENTENCES)(words.ngettext)  # type: ignore[method-assign]
