"""What agencies say, in their own words: drawn from ``words.yaml``, the same each time."""

import random
from functools import cache
from typing import Any

from django.utils.dates import MONTHS

from demo.stories import read
from demo.yearly.places import HERE, Place
from selfassessment.terms import POINTS, Rating


@cache
def told() -> Any:
    return read((HERE / "words.yaml").read_text("utf-8"))


def filled(words: str, place: Place, chance: random.Random) -> str:
    """The words with the agency's own in their places; each sentence begins with a capital."""
    for name, own in place.speech.items():
        words = words.replace(f"{{{name}}}", own)
    words = words.replace("{month}", str(MONTHS[chance.randint(1, 12)]))
    return ". ".join(part[:1].upper() + part[1:] for part in words.split(". "))


def position(place: Place, code: str, rating: Rating, year: int) -> str:
    """The current position; as long as the rating stays, the words often do."""
    chance = place.chance("position", code, rating)
    if chance.random() < 0.4:
        chance = place.chance("position", code, rating, year)
    level = POINTS.get(rating, 0)
    if rating == Rating.NOT_APPLICABLE:
        return "This does not arise here."
    if place.is_alone:
        return str(told()["alone"][code][level])
    said = filled(told()["standards"][code]["levels"][level], place, chance)
    if chance.random() < 0.7:
        said = f"{said} {filled(chance.choice(told()['more'][level]), place, chance)}"
    return said


def changed(place: Place, code: str, year: int, by: int) -> str:
    """What changed since last year, where the rating moved by so many levels."""
    chance = place.chance("changed", code, year)
    which = "up" if by > 0 else "down" if by < 0 else "same"
    which = "alone" if place.is_alone else "leap" if by > 1 else which
    return filled(chance.choice(told()["changed"][which]), place, chance)


def not_applicable(code: str) -> str:
    """Why a standard does not apply."""
    return str(told()["not_applicable"][code])


def one(place: Place, *of: str, seed: object = "") -> str:
    """One of a list of ``words.yaml``, such as ``one(place, "judged", "agree")``."""
    chance = place.chance(*of, seed)
    said = told()
    for name in of:
        said = said[name]
    return filled(chance.choice(said), place, chance)
