"""Word, Excel and ODT documents: opened part by part, checked against a list, and packed anew.

No macros, no objects of other programs, nothing fetched from elsewhere, no hidden author. What
was changed or remarked in the text stays, since it may matter: the page says so.
"""

import io
import re
import struct
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Callable

from django.utils.translation import gettext as _

from files.pictures import without_metadata
from files.refusals import RefusedFileError
from files.terms import FileKind

MOST_PARTS = 1_000
MOST_UNPACKED = 60_000_000
MOST_SWELLING = 150
"""Times its packed size; text rarely reaches twenty."""
MOST_TAGS, MOST_ATTRIBUTES = 1_000_000, 2_000_000
"""Of all parts together: a thousand pages. Each takes memory and time when it is looked at."""
SMALL_PART = 1_000_000
SHORTEST = 1980, 1, 1, 0, 0, 0
TEXT_ENDINGS = frozenset({"xml", "rels", "rdf"})
PICTURES = frozenset({"jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "emf", "wmf"})
DOCX_ENDINGS = TEXT_ENDINGS | PICTURES | {"odttf"}
ODT_ENDINGS = TEXT_ENDINGS | PICTURES
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
SHEET_MAIN = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
BARRED_TYPES = (
    "macroenabled",
    "vba",
    "activex",
    "oleobject",
    "template",
    "officedocument.package",  # a file in the file; every document speaks of "package" itself
    "control",
    "webextension",
)
SHEET_BARRED_TYPES = (
    *BARRED_TYPES,
    "macrosheet",
    "dialogsheet",
    "externallink",
    "connections",
    "querytable",
    "volatiledependencies",
    "revisionheaders",
)
BARRED_RELATIONS = frozenset(
    {
        "vbaproject",
        "wordvbadata",
        "oleobject",
        "package",
        "control",
        "activexcontrolbinary",
        "attachedtemplate",
        "frame",
        "afchunk",
        "subdocument",
        "externallinkpath",
        "keymapcustomizations",
        "attachedtoolbars",
        "mailmergesource",
        "mailmergeheadersource",
        "recipientdata",
        "webextension",
        "webextensiontaskpanes",
        "extensibility",
        "externallink",
        "connections",
        "querytable",
        "xlmacrosheet",
        "xlintlmacrosheet",
    }
)
LINKS = ("http://", "https://", "mailto:", "#")
FIELDS = re.compile(
    r"\b(DDE|DDEAUTO|INCLUDETEXT|INCLUDEPICTURE|IMPORT|MACROBUTTON|DATABASE|LINK)\b", re.IGNORECASE
)
# What calls, fetches or leads elsewhere from a cell; "|" is how DDE names a program.
FORMULAS = re.compile(
    r"\b(WEBSERVICE|FILTERXML|IMAGE|HYPERLINK|RTD|CALL|REGISTER|REGISTER\.ID|EXEC|DDE\w*|PY"
    r"|STOCKHISTORY|CUBE\w*|SQL\.REQUEST|INITIATE|POKE|FOPEN|RUN)\s*\(|\|",
    re.IGNORECASE,
)
STRINGS = re.compile(r'"[^"]*"')
CALCULATED = frozenset(
    {"f", "formula", "formula1", "formula2", "definedname", "calculatedcolumnformula"}
)
FOREIGN = frozenset({"oleobject", "oleobjects", "control", "controls", "ddelink", "externalbook"})
RUN_BY_THEMSELVES = ("auto_", "_xlnm.auto")
PRINTER = "xl/printersettings/"
PRINTER_LINK = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*/printerSettings\"[^>]*?/>")
PRINTER_USE = re.compile(rb"(<(?:\w+:)?pageSetup\b[^>]*?)\s+r:id=\"[^\"]*\"")
ODT_TYPE = b"application/vnd.oasis.opendocument.text"
ODT_BARRED_FOLDERS = ("basic/", "scripts/", "dialogs/", "object", "database/", "versions/")
ODT_BARRED_PARTS = frozenset(
    {
        "event-listener",
        "plugin",
        "applet",
        "object-ole",
        "floating-frame",
        "dde-source",
        "dde-connection",
        "dde-connection-decl",
        "dde-link",
        "encryption-data",
        "section-source",
        "script",
        "form",
        "connection-resource",
    }
)
CORE = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><cp:coreProperties '
    b'xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>'
)
APP = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Properties '
    b'xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"/>'
)
CUSTOM = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Properties '
    b'xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"/>'
)
META = (
    b'<?xml version="1.0" encoding="UTF-8"?><office:document-meta '
    b'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" office:version="1.3">'
    b"<office:meta/></office:document-meta>"
)
BLANK = {"docprops/core.xml": CORE, "docprops/app.xml": APP, "docprops/custom.xml": CUSTOM}
Parts = dict[str, bytes]


def clean_docx(content: bytes) -> tuple[FileKind, bytes]:
    parts = _parts(content, lambda name: name.rpartition(".")[2].lower() in DOCX_ENDINGS)
    _see_types(parts, "word/document.xml", MAIN, BARRED_TYPES)
    for name, part in parts.items():
        if name.lower().endswith(".rels"):
            _see_relations(part)
        elif name.lower().endswith(".xml") and name != "[Content_Types].xml":
            _see_fields(part)
    kept = {name: BLANK.get(name.lower()) or without_metadata(part) for name, part in parts.items()}
    return FileKind.DOCX, _packed(kept)


def clean_xlsx(content: bytes) -> tuple[FileKind, bytes]:
    """A workbook with its formulas, as long as they only calculate; printers' settings go."""
    parts = _parts(content, _sheet_part)
    _see_types(parts, "xl/workbook.xml", SHEET_MAIN, SHEET_BARRED_TYPES)
    parts = {name: part for name, part in parts.items() if not _of_printer(name)}
    for name, part in parts.items():
        if name.lower().endswith(".rels"):
            parts[name] = PRINTER_LINK.sub(b"", part)
            _see_relations(parts[name])
        elif name.lower().endswith(".xml") and name != "[Content_Types].xml":
            _see_formulas(part)
            parts[name] = PRINTER_USE.sub(rb"\1", part)
    kept = {name: BLANK.get(name.lower()) or without_metadata(part) for name, part in parts.items()}
    return FileKind.XLSX, _packed(kept)


def _sheet_part(name: str) -> bool:
    return name.rpartition(".")[2].lower() in TEXT_ENDINGS | PICTURES or _of_printer(name)


def _of_printer(name: str) -> bool:
    return name.lower().startswith(PRINTER) and name.lower().endswith(".bin")


def _see_types(parts: Parts, main: str, main_type: str, barred: tuple[str, ...]) -> None:
    """That it declares itself as what its name says, and nothing that runs."""
    types = parts.get("[Content_Types].xml", b"")
    if not any(name.lower() == main for name in parts) or not types:
        raise _not_readable()
    declared = {one.get("ContentType", "").lower() for one in _xml(types)}
    if main_type not in declared:
        raise _not_readable()
    if any(word in kind for kind in declared - {main_type} for word in barred):
        raise _runs()


def clean_odt(content: bytes) -> tuple[FileKind, bytes]:
    parts = _parts(content, _odt_part)
    if parts.get("mimetype", b"").strip() != ODT_TYPE or "content.xml" not in parts:
        raise _not_readable()
    for name, part in parts.items():
        if name.lower().startswith(ODT_BARRED_FOLDERS) or "macrosignatures" in name.lower():
            raise _runs()
        if name.endswith((".xml", ".rdf")):
            _see_odt(part)
    kept = {
        name: META if name.lower() == "meta.xml" else without_metadata(part)
        for name, part in parts.items()
    }
    first = {"mimetype": ODT_TYPE}
    return FileKind.ODT, _packed(first | kept | first, stored={"mimetype"})


def _odt_part(name: str) -> bool:
    return name in ("mimetype", "layout-cache") or (name.rpartition(".")[2].lower() in ODT_ENDINGS)


def _not_readable() -> RefusedFileError:
    return RefusedFileError(
        _("cannot be read as the document that its name says. Save it as PDF, and choose that")
    )


def _runs() -> RefusedFileError:
    return RefusedFileError(
        _(
            "contains parts that can run, that come from other programs or that are fetched from "
            "elsewhere. Save it as PDF, and choose that"
        )
    )


def _swells() -> RefusedFileError:
    return RefusedFileError(
        _("becomes far too large when it is opened. Save it as PDF, and choose that")
    )


# The package --------------------------------------------------------------------------------------
def _parts(content: bytes, allowed: Callable[[str], bool]) -> Parts:
    """Every part by its name, unpacked within bounds.

    Raises:
        RefusedFileError: not a package, a part of another kind, a name that leads elsewhere,
            encrypted, or far larger than it claims.
    """
    if not content.startswith(b"PK\x03\x04"):
        raise _not_readable()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            return _unpacked(package, allowed)
    except RefusedFileError:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OverflowError,
        OSError,
    ):
        raise _not_readable() from None


def _unpacked(package: zipfile.ZipFile, allowed: Callable[[str], bool]) -> Parts:
    entries = [entry for entry in package.infolist() if not entry.is_dir()]
    names = [entry.filename.lower() for entry in entries]
    if len(entries) > MOST_PARTS or len(set(names)) != len(names):
        raise _swells() if len(entries) > MOST_PARTS else _not_readable()
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise _swells()
    parts: Parts = {}
    for entry in entries:
        name = entry.filename
        if name.startswith(("/", "\\")) or ".." in name or "\\" in name or ":" in name:
            raise _not_readable()
        if entry.flag_bits & 0x1:
            raise RefusedFileError(_("is locked with a password. Save it as PDF, and choose that"))
        if not allowed(name):
            raise _runs()
        if entry.file_size > max(SMALL_PART, MOST_SWELLING * entry.compress_size):
            raise _swells()
        with package.open(entry) as opened:
            part = opened.read(entry.file_size + 1)
        if len(part) != entry.file_size:
            raise _swells()
        parts[name] = part
    written = [part for name, part in parts.items() if _is_written(name)]
    if sum(part.count(b"<") for part in written) > MOST_TAGS:
        raise _swells()
    if sum(part.count(b"=") for part in written) > MOST_ATTRIBUTES:
        raise _swells()
    return parts


def _is_written(name: str) -> bool:
    return name.rpartition(".")[2].lower() in TEXT_ENDINGS


def _packed(parts: Parts, *, stored: set[str] | None = None) -> bytes:
    """A new package of these parts: nothing before, between or behind them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, part in parts.items():
            entry = zipfile.ZipInfo(name, SHORTEST)
            plain = name in (stored or ())
            entry.compress_type = zipfile.ZIP_STORED if plain else zipfile.ZIP_DEFLATED
            package.writestr(entry, part)
    return out.getvalue()


# What stands in it --------------------------------------------------------------------------------
def _xml(part: bytes) -> ET.Element:
    """A part as a tree. Without a document type nothing can be defined, so nothing swells."""
    head = part[:200].lower()
    if (
        b"<!doctype" in part.lower()
        or b"<!entity" in part.lower()
        or part.startswith((b"\xff\xfe", b"\xfe\xff"))
        or b"\x00" in head
        or (b"encoding=" in head and b"utf-8" not in head and b"us-ascii" not in head)
    ):
        raise _runs()
    try:
        return ET.fromstring(part)  # noqa: S314 - nothing can be declared in it, see above
    except ET.ParseError:
        raise _not_readable() from None


def _local(name: str) -> str:
    return name.rpartition("}")[2].lower()


def _see_relations(part: bytes) -> None:
    """Nothing is fetched but by a link that a person follows."""
    for one in _xml(part):
        kind = one.get("Type", "").rpartition("/")[2].lower()
        target = one.get("Target", "").strip().lower()
        if kind in BARRED_RELATIONS:
            raise _runs()
        elsewhere = one.get("TargetMode", "").lower() == "external" or ":" in target
        if (elsewhere or target.startswith(("\\", "//"))) and not (
            kind == "hyperlink" and target.startswith(LINKS)
        ):
            raise _runs()


def _see_fields(part: bytes) -> None:
    """No field that fetches or runs, even where its words are spread over several runs."""
    told = []
    for one in _xml(part).iter():
        name = _local(one.tag)
        if name in ("object", "control", "altchunk", "oleobject", "subdoc", "attachedtemplate"):
            raise _runs()
        if name == "instrtext":
            told.append(one.text or "")
        elif name == "fldsimple":
            told.extend([" ", *one.attrib.values(), " "])
        elif name == "fldchar":
            told.append(" ")
    if FIELDS.search("".join(told)):
        raise _runs()


def _see_formulas(part: bytes) -> None:
    """No formula that calls, fetches or leads elsewhere; no object of another program."""
    for one in _xml(part).iter():
        name = _local(one.tag)
        if name in FOREIGN:
            raise _runs()
        if name in CALCULATED and FORMULAS.search(_without_strings(one.text or "")):
            raise _runs()
        if name == "definedname" and one.get("name", "").lower().startswith(RUN_BY_THEMSELVES):
            raise _runs()


def _without_strings(formula: str) -> str:
    """What is in quotation marks is only words; where sheets are quoted too, all is looked at."""
    return formula if "'" in formula else STRINGS.sub('""', formula)


def _see_odt(part: bytes) -> None:
    for one in _xml(part).iter():
        name = _local(one.tag)
        if name in ODT_BARRED_PARTS:
            raise _runs()
        for key, value in one.attrib.items():
            if _local(key) == "href" and not _leads_nowhere(name, value.strip().lower()):
                raise _runs()


def _leads_nowhere(element: str, target: str) -> bool:
    if element == "a":
        return target.startswith(LINKS)
    return not (":" in target or target.startswith(("/", "\\")) or ".." in target)
