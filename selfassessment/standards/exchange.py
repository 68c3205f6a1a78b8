"""Sets of standards as files that people work on: YAML, and a spreadsheet with a row for each."""

import hashlib
import io
from collections.abc import Iterable
from typing import Any

import yaml

from agencies import sheets
from selfassessment.standards.reading import (
    LEVELS,
    SetText,
    StandardsError,
    StandardText,
    read_node,
)
from ui.spreadsheet import BEGINS_FORMULA, harmless

BETWEEN = "; "  # entries of a list in one cell
OF_SECTION = ("section", "section_name", "section_short_name", "section_sentence")
LISTS = ("evidence", "applies_to", "basis", "clauses")
FLAGS = ("critical", "short_form", "should_if_unspecified")
HEADS = (
    *OF_SECTION, "code", "title", "text", "weight", *FLAGS, *LEVELS, *LISTS,
)  # fmt: skip
MOST_STANDARDS = 500
WIDTHS = {"title": 30, "text": 60, **dict.fromkeys(LEVELS, 50), "evidence": 40, "basis": 40}
YES, NO = "yes", "no"


# --- YAML -----------------------------------------------------------------------------------------
class _Flow(tuple[str, ...]):
    """A list that stands on one line."""


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)  # lists are set in below their field


_Dumper.add_representer(
    _Flow, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, True)
)


def as_yaml(text: SetText) -> str:
    """A set as its file; reading it again gives the same set."""
    whole = {
        "version": text.version,
        "title": text.title,
        "sources": text.sources,
        "sections": [dict(vars(section)) for section in text.sections],
        "standards": [_mapping(standard) for standard in text.standards],
    }
    written: str = yaml.dump(
        whole, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100, indent=2
    )
    return written


def _mapping(one: StandardText) -> dict[str, Any]:
    found: dict[str, Any] = {
        "code": one.code, "title": one.title, "text": one.text, "weight": one.weight
    }  # fmt: skip
    found |= {name: True for name in FLAGS if getattr(one, name)}
    found["levels"] = dict(zip(LEVELS, one.levels, strict=True))
    found["evidence"] = list(one.evidence)
    found["applies_to"] = _Flow(one.applies_to)
    found["basis"] = list(one.basis)
    if one.clauses:
        found["clauses"] = _Flow(one.clauses)
    return found


# --- Spreadsheets ---------------------------------------------------------------------------------
def rows(text: SetText) -> Iterable[tuple[str, ...]]:
    """The heads, then a row for each standard; whatever looks like a formula is made harmless."""
    yield HEADS
    sections = {section.code: section for section in text.sections}
    for one in text.standards:
        section = sections[one.section]
        cells = {
            "section": section.code,
            "section_name": section.name,
            "section_short_name": section.short_name,
            "section_sentence": section.sentence,
            **{name: getattr(one, name) for name in ("code", "title", "text", "weight")},
            **{name: YES if getattr(one, name) else NO for name in FLAGS},
            **dict(zip(LEVELS, one.levels, strict=True)),
            **{name: BETWEEN.join(getattr(one, name)) for name in LISTS},
        }
        yield tuple(harmless(cells[head]) for head in HEADS)


def as_spreadsheet(text: SetText) -> bytes:
    """A set as an XLSX file with one sheet, its heads in sight."""
    from openpyxl import Workbook  # slow to import, and seldom needed
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.active
    sheet.title = f"Standards {text.version}"
    for row in rows(text):
        sheet.append([cell or None for cell in row])
    sheet.freeze_panes = "F2"
    for number, head in enumerate(HEADS, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = WIDTHS.get(head, 14)
    for line in sheet.iter_rows():
        for cell in line:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def from_spreadsheet(
    data: bytes, *, version: str, title: str, sources: dict[str, str], name: str = "Row"
) -> SetText:
    """The set in a spreadsheet or CSV file with the columns of ``HEADS``, in any order.

    Args:
        version, title, sources: what the sheet does not hold.
        name: begins each sentence about the file, before the number of the row.
    Raises:
        StandardsError: it cannot be read, or a row is not as it should be.
    """
    try:
        sheet = sheets.read(data, most_rows=MOST_STANDARDS)
    except sheets.UnreadableError as error:
        raise StandardsError([str(error)]) from error
    missing = [head for head in HEADS if head not in sheet.heads]
    if missing:
        raise StandardsError([f"{name}:1: add the columns {', '.join(missing)}"])
    sections: dict[str, yaml.Node] = {}
    standards: list[yaml.Node] = []
    for row in sheet.rows:
        cells = {head: _as_meant(row.cells[head]) for head in HEADS}
        at = yaml.Mark(name, 0, row.number - 1, 0, None, 0)
        if cells["section"] not in sections:
            named = dict(zip(("code", "name", "short_name", "sentence"), OF_SECTION, strict=True))
            sections[cells["section"]] = _node({key: cells[of] for key, of in named.items()}, at)
        standards.append(_node(_fields(cells), at))
    at = yaml.Mark(name, 0, 0, 0, None, 0)
    whole = _node({"version": version, "title": title, "sources": sources}, at)
    whole.value += [
        (_node("sections", at), yaml.SequenceNode("seq", list(sections.values()), at)),
        (_node("standards", at), yaml.SequenceNode("seq", standards, at)),
    ]
    return read_node(whole, name, hashlib.sha256(data).hexdigest())


def _as_meant(cell: str) -> str:
    """What was written before it was made harmless."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(BEGINS_FORMULA) else cell


def _fields(cells: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {name: cells[name] for name in ("code", "title", "text", "weight")}
    found |= {name: _flag(cells[name]) for name in FLAGS}
    found["levels"] = {level: cells[level] for level in LEVELS}
    for name in LISTS:
        entries = [entry for each in cells[name].split(";") if (entry := each.strip())]
        if entries or name != "clauses":
            found[name] = entries
    return found


def _flag(cell: str) -> str:
    said = cell.lower()
    return {YES: "true", NO: "false", "": "false"}.get(said, said)


def _node(value: Any, at: yaml.Mark) -> Any:
    """A value as the reader of files meets it, on the line of its row."""
    if isinstance(value, dict):
        pairs = [(_node(key, at), _node(each, at)) for key, each in value.items()]
        return yaml.MappingNode("map", pairs, at)
    if isinstance(value, list):
        return yaml.SequenceNode("seq", [_node(each, at) for each in value], at)
    return yaml.ScalarNode("str", value, at)
