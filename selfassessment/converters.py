"""What may stand in an address: the key of a form, the code of a standard."""

from django.urls import register_converter
from django.urls.converters import StringConverter, get_converters


class KeyConverter(StringConverter):
    regex = "[a-z2-7]{26}"


class CodeConverter(StringConverter):
    """``lg1`` in the address is LG1 to everybody else."""

    regex = "[a-z]{2}[1-9][0-9]{0,2}"

    def to_python(self, value: str) -> str:
        return value.upper()

    def to_url(self, value: str) -> str:
        return value.lower()


class VersionConverter(StringConverter):
    """Of a set of standards: 2026.1."""

    regex = "[0-9]{4}[.][0-9]{1,4}"


ALL = {"form_key": KeyConverter, "code": CodeConverter, "version": VersionConverter}


def register() -> None:
    """Once, whichever list of addresses is read first."""
    for name, converter in ALL.items():
        if name not in get_converters():
            register_converter(converter, name)
