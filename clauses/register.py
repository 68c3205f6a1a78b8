"""What rests on a clause: each app says so at its start, and none needs to know another."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True)
class Dependant:
    """Something that quotes clauses: a question of the wizard, a standard."""

    code: str  # its own: "C9"
    what: str | Promise  # its words
    kind: str | Promise  # "Question of the wizard"
    clauses: tuple[str, ...]


Provider = Callable[[], Iterable[Dependant]]
_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """Let an app say what of it rests on clauses; the provider may ask the database."""
    if provider not in _providers:
        _providers.append(provider)


def dependants(codes: Iterable[str]) -> dict[str, list[Dependant]]:
    """What rests on each of these clauses; a clause nothing rests on has an empty list."""
    found: dict[str, list[Dependant]] = {code: [] for code in codes}
    for provider in _providers:
        for one in provider():
            for code in one.clauses:
                if code in found:
                    found[code].append(one)
    return found
