"""What may stand in an address: the key of a form, the code of a standard."""

from django.urls import register_converter
from django.urls.converters import StringConverter


class KeyConverter(StringConverter):
    regex = "[a-z2-7]{26}"


class CodeConverter(StringConverter):
    """``lg1`` in the address is LG1 to everybody else."""

    regex = "[a-z]{2}[1-9][0-9]{0,2}"

    def to_python(self, value: str) -> str:
        return value.upper()

    def to_url(self, value: str) -> str:
        return value.lower()


def register() -> None:
    register_converter(KeyConverter, "form_key")
    register_converter(CodeConverter, "code")
