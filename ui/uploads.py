"""Files on their way in: kept in memory, bounded, never written to disk as they came.

Django would spool a larger file to a temporary folder, where it would lie unsealed. Here a file
that passes the limit is read to its end and thrown away, so that the page can still be answered
in words; a request that is far too large is not read at all.
"""

import io
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

MOST_OF_ONE = 10_000_000
MOST_OF_ALL = 52_000_000
"""Bytes kept of one request: five files and a little."""
MOST_READ = 120_000_000
"""A longer request is not read to its end: the connection is given up after the answer."""


class HeldFile(InMemoryUploadedFile):
    """An uploaded file in memory. ``too_large``: it was thrown away, only its name is left."""

    too_large = False


class InMemory(FileUploadHandler):
    """Takes every file of a request."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - Django's own name
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> None:
        self.length = content_length
        self.held = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.length > MOST_READ:
            if self.request is not None:
                self.request.META["portal.too_large"] = True
            raise StopUpload(connection_reset=True)
        self.chunks: list[bytes] = []
        self.size = 0
        self.over = False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.size += len(raw_data)
        if self.size > MOST_OF_ONE or self.held + len(raw_data) > MOST_OF_ALL:
            self.over = True
            self.held -= sum(len(chunk) for chunk in self.chunks)
            self.chunks = []
        if not self.over:
            self.chunks.append(raw_data)
            self.held += len(raw_data)

    def file_complete(self, file_size: int) -> HeldFile:
        held = HeldFile(
            file=io.BytesIO(b"".join(self.chunks)),
            field_name=self.field_name,
            name=self.file_name,
            content_type=self.content_type,
            size=0 if self.over else file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )
        held.too_large = self.over
        return held


def was_cut_short(request: Any) -> bool:
    """Whether the request was so large that it was not read."""
    return bool(request.META.get("portal.too_large"))
