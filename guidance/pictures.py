"""Pictures on pages: what editors may add, how it is kept, and how it comes back out.

A picture is drawn again when it is added: whatever a camera or a program wrote into the file (the
place, the person, a thumbnail of what was cut off) is gone, and so is anything that only looked
like a picture. What is given to browsers is named by its first bytes, never by its name.
"""

import hashlib
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.translation import gettext_lazy as _
from PIL import Image as Drawing
from PIL import ImageOps, UnidentifiedImageError
from wagtail.images import get_image_model
from wagtail.images.forms import BaseImageForm
from wagtail.images.models import AbstractImage

from guidance import visibility
from guidance.content import FOLDER
from guidance.stored import kept

WIDEST = 1600
"""Pixels: twice what the widest column of text is on a screen."""
SEEDED = FOLDER / "pictures"
POLICY = "default-src 'none'; sandbox"
KINDS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


class PictureForm(BaseImageForm):
    """Wagtail's form for a picture; what it keeps is the picture drawn again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "file" in self.fields:
            self.fields["file"].error_messages["empty"] = _(
                "The file is empty or too large. Pictures may have up to 5 MB."
            )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if "file" not in self.changed_data or not file:
            return file
        if visibility.is_in_an_edition(self.instance):
            raise ValidationError(_("Readers have seen this picture. Add the new one beside it."))
        file.seek(0)
        try:
            data, kind = drawn_again(file.read())
        except (UnidentifiedImageError, OSError, ValueError, Drawing.DecompressionBombError):
            raise ValidationError(_("This picture cannot be read. Save it again as PNG.")) from None
        fresh = SimpleUploadedFile(Path(file.name).name, data, content_type=kind)
        fresh.image = file.image  # type: ignore[attr-defined]  # Wagtail asks it for the size
        return fresh


def drawn_again(data: bytes) -> tuple[bytes, str]:
    """A picture with nothing but its dots, upright and at most ``WIDEST`` wide, and its type.

    Raises:
        UnidentifiedImageError: it is not a PNG, a JPEG or a WebP.
        OSError: it is one, and broken.
    """
    with Drawing.open(BytesIO(data), formats=list(KINDS)) as opened:
        kind = str(opened.format)
        upright = ImageOps.exif_transpose(opened)
        if kind == "JPEG":
            upright = upright.convert("RGB")
        elif upright.mode not in {"RGB", "RGBA", "L", "LA", "1"}:
            upright = upright.convert("RGBA")
        if upright.width > WIDEST:
            height = max(1, round(upright.height * WIDEST / upright.width))
            upright = upright.resize((WIDEST, height))
        fresh = Drawing.new(upright.mode, upright.size)
        fresh.paste(upright)
    out = BytesIO()
    fresh.save(out, kind, quality=88, optimize=True)
    return out.getvalue(), KINDS[kind]


def type_of(data: bytes) -> str | None:
    """The media type that the first bytes of a file are those of; none for any other file."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def given(shown: Iterable[AbstractImage]) -> dict[str, tuple[bytes, str]]:
    """Pictures by their address, as a document takes them: bytes and type."""
    found: dict[str, tuple[bytes, str]] = {}
    for one in shown:
        data = kept(one.file.name)
        kind = type_of(data or b"")
        if data and kind:
            found[one.file.url] = (data, kind)
    return found


def seeded(name: str, words: str) -> AbstractImage:
    """The picture of the project's own with a file name, kept once whatever loads it again."""
    data = (SEEDED / name).read_bytes()
    digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()  # as Wagtail names contents
    path = f"original_images/{Path(name).stem}-{digest[:8]}{Path(name).suffix}"
    model = get_image_model()
    known: AbstractImage | None = model.objects.filter(file=path).first()
    if not default_storage.exists(path):
        default_storage.save(path, ContentFile(data))
    if known is not None:
        return known
    with Drawing.open(BytesIO(data)) as drawing:
        width, height = drawing.size
    made: AbstractImage = model(
        title=Path(name).stem.replace("-", " ").capitalize(),
        description=words,
        width=width,
        height=height,
        file_size=len(data),
        file_hash=digest,
    )
    made.file.name = path
    made.save()
    return made
