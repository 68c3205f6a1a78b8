"""Which clauses of the guidance the standards rest on, for the editors of the guidance."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from clauses.register import Dependant
from selfassessment.standards.models import Standard, StandardSet


def dependants() -> Iterator[Dependant]:
    """Every standard of the newest published set that names clauses."""
    latest = StandardSet.objects.latest_published()
    if latest is None:
        return
    for one in Standard.objects.filter(set=latest).only("code", "title", "clauses"):
        if one.clauses:
            yield Dependant(
                one.code, one.title, _("Standard of the self-assessment"), tuple(one.clauses)
            )
