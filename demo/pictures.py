"""Files that the stories attach: drawn here, so that none shows anybody or anything real."""

import io
from collections.abc import Callable

import pikepdf
from PIL import Image, ImageDraw

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
INK, PAPER, LINE = (40, 60, 110), (252, 250, 240), (205, 215, 230)


def planner() -> bytes:
    """A page of a school planner with an invented sign scribbled on it, as a telephone takes it."""
    picture = Image.new("RGB", (900, 640), PAPER)
    pen = ImageDraw.Draw(picture)
    for y in range(90, 640, 60):
        pen.line((0, y, 900, y), LINE, 2)
    for day, y in zip(DAYS, range(105, 600, 120), strict=False):
        pen.text((40, y), day, INK, font_size=28)
    sign = [(600, 420), (660, 250), (720, 420), (660, 360), (600, 420)]
    pen.line(sign, INK, 9, joint="curve")
    pen.line((560, 330, 760, 330), INK, 9)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


NOTE = (
    "Note of a conversation, written the same day",
    "",
    "I asked her where it comes from. She said from a game that her cousin plays.",
    "She was calm and went on drawing. I did not ask more.",
    "I told her that I would talk to a colleague about it, and she nodded.",
)


def note() -> bytes:
    """A typed note of one page."""
    lines = [f"({line}) Tj T*" for line in NOTE]
    words = "\n".join(["BT /F1 12 Tf 18 TL 72 760 Td", *lines, "ET"])
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(595, 842))
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    page.Contents = pdf.make_stream(words.encode("latin-1"))
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


DRAWN: dict[str, Callable[[], bytes]] = {"planner": planner, "note": note}
