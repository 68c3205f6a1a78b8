"""What is kept in the storage, as bytes."""

from django.core.files.storage import default_storage


def kept(name: str) -> bytes | None:
    """A file by its name in the storage; none when it is not there."""
    if not default_storage.exists(name):
        return None
    with default_storage.open(name) as file:
        data: bytes = file.read()
    return data
