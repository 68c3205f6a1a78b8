"""What agencies hold as evidence: some pieces for each section, a few of them with real files."""

import io
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import pikepdf
from django.utils import timezone
from django.utils.text import slugify
from openpyxl import Workbook
from PIL import Image, ImageDraw

import files
from accounts.models import User
from demo.pictures import INK, LINE, PAPER
from demo.stories import read
from demo.yearly import words
from demo.yearly.places import HERE
from demo.yearly.rounds import Form
from files import drawing
from files.terms import FileKind, FileState
from selfassessment import advice
from selfassessment.evidence import beside
from selfassessment.evidence.models import Evidence, EvidenceUse, EvidenceVersion
from selfassessment.evidence.terms import LONGEST_SIDE, TAKEN, months_before
from selfassessment.standards.models import Standard
from selfassessment.terms import EvidenceKind, Rating, Status
from vault import keys

EXPIRED = "Hollin Beck Surgery"
"""Where a piece that was shown has run out, so that its check has something to say."""


@cache
def told() -> Any:
    return read((HERE / "evidence.yaml").read_text("utf-8"))


def hold(forms: Iterable[Form], now: datetime) -> None:
    """Pieces for every form, shown for the standards that need them."""
    pieces: list[Evidence] = []
    uses: list[EvidenceUse] = []
    filed: list[tuple[Form, Evidence, str]] = []
    today = timezone.localdate(now)
    for form in forms:
        if form.begun is None:
            continue
        held = _Held(form, today)
        for section, said in told()["alone" if form.place.is_alone else "sections"].items():
            asked = [each for each in form.asked if each.section_code == section]
            for number, piece in enumerate(said):
                shown = [each for each in asked if _needs(form, each, number)]
                if not shown:
                    continue
                evidence = held.piece(piece, section)
                pieces.append(evidence)
                uses += held.uses(evidence, shown)
                if "file" in piece and form.is_open and _has_files(form):
                    filed.append((form, evidence, piece["file"]))
        for evidence, shown in held.more():
            pieces.append(evidence)
            uses += held.uses(evidence, shown)
    Evidence.objects.bulk_create(pieces)
    EvidenceUse.objects.bulk_create(uses)
    keys.new_cases(evidence.pk for _form, evidence, _which in filed)
    for form, evidence, which in filed:
        _add_file(form, evidence, which)


def _has_files(form: Form) -> bool:
    return form.place.name in told()["with_files"]


def _needs(form: Form, standard: Standard, number: int) -> bool:
    """Whether the piece of that number is shown for the standard; a little for Developing too."""
    rating = form.answered.get(standard.code)
    if rating == Rating.DEVELOPING:
        return number == 0 and form.chance("shown", standard.code).random() < 0.4
    return rating is not None and advice.evidence_needed(standard, rating) > number


class _Held:
    """The evidence of one form."""

    def __init__(self, form: Form, today: date) -> None:
        self.form, self.place, self.today = form, form.place, today
        assert form.begun is not None  # noqa: S101 - for the types: asked for by the caller
        assert self.place.lead is not None  # noqa: S101
        self.lead: User = self.place.lead
        self.begun = form.begun

    def piece(self, said: dict[str, str], seed: str) -> Evidence:
        chance = self.form.chance("evidence", seed, said["title"])
        dated = timezone.localdate(self.begun) - timedelta(days=chance.randint(5, 70))
        title = words.filled(said["title"], self.place, chance)
        owner = chance.choice([self.lead, *self.place.helpers[:1]])
        return Evidence(
            agency=self.place.agency,
            title=f"{title}, {dated.year}",
            kind=said["kind"],
            owner=owner,
            dated_on=dated,
            effective_on=dated if "months" in said else None,
            expires_on=months_before(dated, -int(said["months"])) if "months" in said else None,
            note=words.filled(said.get("note", ""), self.place, chance),
            ended_at=self.form.cycle.closed_at if self.form.ago > 1 else None,
            created_by=owner,
            created_at=self.begun
            + timedelta(days=chance.randint(0, 6), hours=chance.randint(0, 3)),
        )

    def uses(self, evidence: Evidence, shown: Iterable[Standard]) -> list[EvidenceUse]:
        return [
            EvidenceUse(
                evidence=evidence,
                assessment=self.form.row,
                standard=standard,
                added_by=evidence.created_by,
                added_at=evidence.created_at,
            )
            for standard in shown
        ]

    def more(self) -> Iterable[tuple[Evidence, list[Standard]]]:
        """A page of theirs; in this year's form something old, or something that has run out."""
        answered = self.form.answered
        if not self.place.is_alone:
            said = told()["link"]
            codes = {code for code in said["codes"] if code in answered}
            link = self.piece({**said, "kind": EvidenceKind.LINK}, "link")
            link.title = said["title"]
            link.address = f"https://{slugify(self.place.name)}.example.org/keeping-people-safe"
            yield link, [each for each in self.form.asked if each.code in codes]
        if not self.form.is_open:
            return
        weak = [each for each in self.form.asked if answered.get(each.code) == Rating.DEVELOPING]
        if self.form.chance("old").random() < 0.4 and weak:
            old = self.piece({"title": "First draft of the procedure", "kind": "document"}, "old")
            old.dated_on = months_before(self.today, 20)
            old.title = f"First draft of the procedure, {old.dated_on.year}"
            yield old, weak[:2]
        if self.form.stands == Status.IN_PROGRESS and self.place.name == EXPIRED:
            gone = self.piece({"title": "Contract with the trainer", "kind": "document"}, "gone")
            gone.dated_on = months_before(self.today, 13)
            gone.effective_on = gone.dated_on
            gone.expires_on = self.today - timedelta(days=20)
            yield gone, [each for each in self.form.asked if each.code in answered][-3:]


# Files ----------------------------------------------------------------------------------------
def _add_file(form: Form, evidence: Evidence, which: str) -> None:
    """A small real file, kept as any other: written anew, sealed, and found clean."""
    name, content = FILES[which](form.place.name)
    kept = files.clean(name, content, taken=TAKEN)
    shown = beside.of_file(kept)
    picture = shown.picture
    if kept.kind == FileKind.PDF:
        picture = drawing.first_page(kept.content, longest=LONGEST_SIDE)
    when = evidence.created_at
    EvidenceVersion.objects.create(
        evidence=evidence,
        number=1,
        kind=kept.kind,
        name=kept.name,
        size=len(kept.content),
        sha256=kept.sha256,
        content=kept.content,
        picture=picture,
        first_words=shown.words,
        has_picture=bool(picture),
        state=FileState.CLEAN,
        added_by=evidence.created_by,
        added_at=when,
        checked_at=when + timedelta(minutes=1),
    )


def _risk(agency: str) -> tuple[str, bytes]:
    """A typed risk assessment of one page, as PDF."""
    lines = [
        f"Prevent risk assessment: {agency}",
        "",
        "1. Who could be at risk here, and of what",
        "   People who are isolated, or who spend long hours in closed groups online.",
        "2. What we do",
        "   Lead and deputy are known. Concerns are checked within a day.",
        "3. What is left",
        "   New starters in spring are trained only in summer.",
        "4. Looked at again",
        "   Each year, and after anything that happens in the area.",
    ]
    signs = "\n".join(f"({line}) Tj T*" for line in lines)
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(595, 842))
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    page.Contents = pdf.make_stream(f"BT /F1 12 Tf 18 TL 72 760 Td\n{signs}\nET".encode("latin-1"))
    out = io.BytesIO()
    pdf.save(out)
    return "Risk assessment.pdf", out.getvalue()


def _poster(agency: str) -> tuple[str, bytes]:
    """The page beside the telephone, as a picture."""
    picture = Image.new("RGB", (700, 900), PAPER)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((30, 30, 670, 140), fill=INK)
    pen.text((60, 62), "Notice, check, share", PAPER, font_size=44)
    for number, line in enumerate(
        (
            "In danger now? Ring 999.",
            "Notice: what did you see or hear?",
            "Check: talk to the safeguarding lead.",
            "Share: the lead decides with you.",
            "Write it down today.",
        )
    ):
        top = 190 + 120 * number
        pen.line((60, top + 84, 640, top + 84), LINE, 3)
        pen.text((60, top + 20), line, INK, font_size=32)
    pen.text((60, 820), agency, INK, font_size=26)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return "Notice check share.png", out.getvalue()


def _register(agency: str) -> tuple[str, bytes]:
    """Training by team, in counts, as a sheet."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None  # noqa: S101 - for the types: a new book has one
    sheet.title = "Training"
    sheet.append(["Team", "People", "Trained within two years"])
    for team, people, trained in (("Front of house", 24, 23), ("Office", 12, 11), ("Night", 9, 7)):
        sheet.append([team, people, trained])
    out = io.BytesIO()
    book.save(out)
    return "Training register.xlsx", out.getvalue()


FILES = {"risk": _risk, "poster": _poster, "register": _register}
