"""The ratings of the demonstration's self-assessments, as ``assessments.yaml`` tells them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from demo.stories import read
from selfassessment.terms import POINTS, Rating

FILE = Path(__file__).resolve().parent / "assessments.yaml"
SECTIONS = ("LG", "RA", "PW", "PS", "RP", "CH", "IS", "TR", "ON", "PE", "EQ", "CR")
LEVEL = {str(points): rating for rating, points in POINTS.items()}
NOT_ASKED = "-"


@dataclass(frozen=True)
class Round:
    """One agency's form of one year."""

    agency: str
    form_type: str
    short_form: bool
    year: int
    status: str
    ratings: Mapping[str, Rating]  # by the code of the standard; only those its form asks


def rounds() -> list[Round]:
    """Every form of the file, agency by agency, the earlier year first."""
    return [
        Round(
            agency=one["agency"],
            form_type=one["form_type"],
            short_form=one.get("short_form") == "true",
            year=int(year),
            status=one["status"] if year == max(one["years"]) else "closed",
            ratings=ratings(digits),
        )
        for one in read(FILE.read_text("utf-8"))
        for year, digits in sorted(one["years"].items())
    ]


def ratings(digits: str) -> dict[str, Rating]:
    """Ratings by code, from one word for each section: ``12223 3313 -12- ...``."""
    return {
        f"{section}{number}": LEVEL[digit]
        for section, word in zip(SECTIONS, digits.split(), strict=True)
        for number, digit in enumerate(word, start=1)
        if digit != NOT_ASKED
    }
