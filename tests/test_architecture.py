"""Which way imports point: each room knows only the rooms below it. Read from the import lines."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROWS = [
    {"demo"},
    {"guidance", "referrals", "selfassessment"},
    {"agencies", "clauses"},
    {"files", "outbox", "ui"},
    {"audit", "vault"},
    {"accounts"},
]
HEIGHT = {room: len(ROWS) - row for row, rooms in enumerate(ROWS) for room in rooms}
WIRING = {"prevent_portal"}  # knows every room; no room knows it
BESIDE = {"tests", "bench"}


def rooms_there() -> list[str]:
    return sorted(folder.parent.name for folder in ROOT.glob("*/__init__.py"))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line number and full dotted name of everything a file imports; relative names keep dots."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, f"{'.' * node.level}{node.module or ''}.{alias.name}"


def lines_of(room: str) -> list[tuple[str, str]]:
    return [
        (f"{path.relative_to(ROOT)}:{line}", name)
        for path in sorted((ROOT / room).rglob("*.py"))
        for line, name in imports(path)
    ]


def test_only_the_agreed_rooms_exist():
    assert set(rooms_there()) <= HEIGHT.keys() | WIRING | BESIDE


@pytest.mark.parametrize("room", sorted(HEIGHT.keys() & set(rooms_there())))
def test_a_room_knows_only_what_lies_below_it(room):
    above = {other for other in HEIGHT if other != room and HEIGHT[other] >= HEIGHT[room]}
    barred = above | WIRING | BESIDE
    wrong = [
        f"{place} imports {name}" for place, name in lines_of(room) if name.split(".")[0] in barred
    ]
    assert wrong == []


def test_project_imports_are_absolute():
    wrong = [
        f"{place} imports {name}"
        for room in rooms_there()
        for place, name in lines_of(room)
        if name.startswith(".")
    ]
    assert wrong == []


def test_how_things_look_knows_no_models():
    assert not (ROOT / "ui" / "models.py").exists()
    wrong = [
        f"{place} imports {name}"
        for place, name in lines_of("ui")
        if name.split(".")[0] in HEIGHT and "models" in name.split(".")
    ]
    assert wrong == []


def test_what_is_served_needs_no_test_tools():
    tools = {"pytest", "factory", "hypothesis", "playwright", "aiosmtpd"}
    wrong = [
        f"{place} imports {name}"
        for room in sorted((HEIGHT.keys() | WIRING) & set(rooms_there()))
        for place, name in lines_of(room)
        if name.split(".")[0] in tools
    ]
    assert wrong == []
