"""Logos at the head of printed documents: set, taken away, and read for a document."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from PIL import Image

from accounts.models import User
from agencies import policy
from agencies.models import Agency, Locality, Logo
from audit import events
from files import CleanFile
from files.terms import FileKind

PICTURES = (FileKind.JPEG, FileKind.PNG)
WIDEST, TALLEST = 900, 300
"""Dots: what the head of a page shows at 300 to the inch."""
PNG = "image/png"


@dataclass(frozen=True)
class Head:
    """Logos for one document: what its template shows, and the pictures that it then asks for."""

    logos: Sequence[tuple[str, str]] = ()
    """Path and words of each."""
    pictures: Mapping[str, tuple[bytes, str]] = field(default_factory=dict)


@transaction.atomic
def set_logo(
    place: Agency | Locality, file: CleanFile, words: str, *, by: User, now: datetime | None = None
) -> Logo:
    """Put a logo in the place of the one before, if there was one.

    Args:
        file: a picture that ``files.clean`` has drawn anew.
    Raises:
        PermissionDenied: the place's documents are not ``by``'s to head.
    """
    if not policy.can_set_logo(by, place) or file.kind not in PICTURES:
        raise PermissionDenied
    logo, _made = Logo.objects.update_or_create(
        **_of(place),
        defaults={
            "picture": _small(file.content),
            "words": words,
            "added_by": by,
            "added_at": now or timezone.now(),
        },
    )
    _record("set", place, by=by)
    return logo


@transaction.atomic
def take_away(place: Agency | Locality, *, by: User) -> None:
    """Print no logo for the place any more; a second press finds nothing to do.

    Raises: as ``set_logo``.
    """
    if not policy.can_set_logo(by, place):
        raise PermissionDenied
    if Logo.objects.filter(**_of(place)).delete()[0]:
        _record("taken_away", place, by=by)


def of_place(place: Agency | Locality) -> Logo | None:
    return Logo.objects.filter(**_of(place)).first()


def head(*, agency: int | None = None, board: int | None = None) -> Head:
    """The logos of an agency and of a board, as far as there are any: one query.

    Args:
        agency, board: keys of an agency and of a locality.
    """
    wanted = Q(agency__isnull=False, agency=agency) | Q(locality__isnull=False, locality=board)
    found = sorted(Logo.objects.filter(wanted), key=lambda logo: logo.agency_id is None)
    paths = {f"/logo/{logo.pk}.png": logo for logo in found}
    return Head(
        [(path, logo.words) for path, logo in paths.items()],
        {path: (bytes(logo.picture), PNG) for path, logo in paths.items()},
    )


def _of(place: Agency | Locality) -> dict[str, Any]:
    return {"agency" if isinstance(place, Agency) else "locality": place}


def _small(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content), formats=["JPEG", "PNG"]) as picture:
        flat = Image.new("RGB", picture.size, "white")  # paper shines through nowhere
        whole = picture.convert("RGBA")
        flat.paste(whole, mask=whole.getchannel("A"))
    flat.thumbnail((WIDEST, TALLEST))
    out = io.BytesIO()
    flat.save(out, "PNG")
    return out.getvalue()


def _record(what: str, place: Agency | Locality, *, by: User) -> None:
    agency = str(place.pk) if isinstance(place, Agency) else ""
    events.record(f"agency.logo_{what}", place, by=by, agency=agency)
