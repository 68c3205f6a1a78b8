"""Words that mean the same, as the glossary says, for the search."""

from wagtail.models import Locale

from guidance.models import GlossaryPage
from guidance.readers.search import Synonyms


def synonyms() -> Synonyms:
    """Each term with what else it is called."""
    page = GlossaryPage.objects.live().filter(locale=Locale.get_default()).only("terms").first()
    if page is None:
        return ()
    terms = [block.value for block in page.terms]
    return [[term["term"], *term["also"]] for term in terms if term["also"]]
