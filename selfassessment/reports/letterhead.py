"""The logos of agency and board at the head of a document (row P10); none where there are none."""

from typing import Any

from agencies import logos
from agencies.logos import Head
from agencies.models import Locality
from selfassessment.models import Assessment
from ui import pdf


def of(assessment: Assessment) -> Head:
    """The agency's, then the board's."""
    return logos.head(agency=assessment.agency_id, board=assessment.board_id)


def of_board(board: Locality | None) -> Head:
    """The board's; none for all boards together."""
    return logos.head(board=board.pk) if board else Head()


def render(template: str, context: dict[str, Any], *, title: str, head: Head) -> bytes:
    """As ``ui.pdf.render``, with the logos that a document has."""
    said = {**context, "logos": head.logos}
    return pdf.render(template, said, title=title, pictures=head.pictures)
