"""The sentences of a field: about one box of several, or about no answer at all."""

from typing import Any

from django.core.exceptions import ValidationError


def part_error(message: str, part: str, code: str = "wrong") -> ValidationError:
    """An error about one box of several; the error summary leads to that box."""
    return ValidationError(message, code=code, params={"part": part})


def with_missing(kwargs: dict[str, Any], missing: Any, default: Any) -> dict[str, Any]:
    """Put the sentence for "nothing was answered" where Django looks for it."""
    messages = {"required": missing or default, **kwargs.pop("error_messages", {})}
    return {**kwargs, "error_messages": messages}
