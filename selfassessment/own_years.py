"""One agency from year to year: up to five forms for the same board, by section and standard."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.db.models import F
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from selfassessment import charts, scoring
from selfassessment.models import Answer, Assessment, SectionScore
from selfassessment.moderation.models import Moderated
from selfassessment.scoring import Rated
from selfassessment.standards.models import Standard
from selfassessment.terms import POINTS, Rag, Rating

MOST = 5


@dataclass(frozen=True)
class Score:
    """Of one year: the score that counts, and the agency's own where moderation changed it.

    ``words`` says what there is instead of a score; "" where there is one.
    """

    percent: Decimal | None = None
    rag: str = ""
    own: Decimal | None = None
    words: str = ""


@dataclass(frozen=True)
class Line:
    """A section, or the whole form under an empty code: a chart, and its numbers by year."""

    code: str
    name: str
    scores: Sequence[Score]
    chart: SafeString
    moved: str


@dataclass(frozen=True)
class Cell:
    """One standard in one year: the agency's own rating, and the moderated one if there is any."""

    own: str = ""
    moderated: str = ""
    words: str = ""  # where there is no rating: why

    @property
    def counts(self) -> str:
        return self.moderated or self.own

    @property
    def own_word(self) -> str:
        return str(Rating(self.own).label) if self.own else self.words

    @property
    def moderated_word(self) -> str:
        return str(Rating(self.moderated).label) if self.moderated else ""


@dataclass(frozen=True)
class Row:
    """One standard through the years, and what became of it since the year before, in words."""

    standard: Standard
    cells: Sequence[Cell]
    moved: str


class Years:
    """The forms of one agency for one board that a person may read; each look is one query."""

    def __init__(self, form: Assessment, seen: Sequence[Assessment]) -> None:
        """
        Args:
            form: the newest year that is shown.
            seen: it and earlier ones of the same agency and board, any order, with their sets.
        """
        self.form = form
        self.forms = sorted(seen, key=lambda each: each.cycle.year)[-MOST:]

    @property
    def before(self) -> Assessment | None:
        return self.forms[-2] if len(self.forms) > 1 else None

    @property
    def is_comparable(self) -> bool:
        """Whether the newest two years asked standards of the same meaning."""
        return self.before is not None and not self._broken(len(self.forms) - 1)

    def _broken(self, place: int) -> bool:
        """Whether the standards changed their meaning since the form before this one."""
        if place == 0:
            return False
        now, then = self.forms[place].cycle, self.forms[place - 1].cycle
        return now.standards.major != then.standards.major

    @cached_property
    def _standards(self) -> dict[tuple[int, str], Standard]:
        sets = {each.cycle.standards_id for each in self.forms}
        found = Standard.objects.filter(set__in=sets).select_related("section")
        return {(each.set_id, each.code): each for each in found}

    @cached_property
    def _scores(self) -> dict[object, dict[str, SectionScore]]:
        found: dict[object, dict[str, SectionScore]] = defaultdict(dict)
        for each in SectionScore.objects.filter(assessment__in=self.forms):
            found[each.assessment_id][each.section] = each
        return found

    @cached_property
    def _own(self) -> dict[object, dict[str, Rating]]:
        """By the form that holds the answers."""
        found: dict[object, dict[str, Rating]] = defaultdict(dict)
        said = Answer.objects.filter(assessment__in={each.source_id for each in self.forms})
        for form, code, rating in said.exclude(rating="").values_list(
            "assessment", "standard__code", "rating"
        ):
            found[form][code] = Rating(rating)
        return found

    @cached_property
    def _moderated(self) -> dict[object, dict[str, Rating]]:
        found: dict[object, dict[str, Rating]] = defaultdict(dict)
        judged = Moderated.objects.counting().filter(assessment__in=self.forms)
        for form, code, rating in judged.values_list("assessment", F("standard__code"), "rating"):
            found[form][code] = Rating(rating)
        return found

    def _own_rated(self, form: Assessment) -> list[Rated]:
        own = self._own[form.source_id]
        counted = [code for score in self._scores[form.pk].values() for code in score.ratings]
        named = [self._standards.get((form.cycle.standards_id, code)) for code in counted]
        return [
            Rated(each.code, each.section_code, each.critical, own.get(each.code))
            for each in named
            if each is not None
        ]

    # What the page shows -------------------------------------------------------------------------
    def lines(self) -> list[Line]:
        """The whole form, then each section that the newest form asks."""
        own = {form.pk: self._own_rated(form) for form in self.forms}
        of_section = {pk: scoring.by_section(rated) for pk, rated in own.items()}
        whole = [
            _score(
                form.percent,
                form.rag,
                scoring.overall(own[form.pk]).percent,
                is_complete=form.asked > 0 and form.answered == form.asked,
            )
            for form in self.forms
        ]
        found = [self._line("", _("All sections"), whole)]
        names = {each.section_code: each.section.name for each in self._asked}
        for code, name in names.items():
            scores = []
            for form in self.forms:
                score = self._scores[form.pk].get(code)
                if score is None or not score.asked:
                    scores.append(Score(words=_("Not asked")))
                    continue
                ours = of_section[form.pk].get(code)
                scores.append(
                    _score(
                        score.percent,
                        score.rag,
                        ours.percent if ours else None,
                        is_complete=score.is_complete,
                        applies=score.not_applicable < score.asked,
                    )
                )
            found.append(self._line(code, name, scores))
        return found

    @cached_property
    def _asked(self) -> list[Standard]:
        """What the newest form asks, in order."""
        standards = Standard.objects.filter(set=self.form.cycle.standards_id)
        asked = standards.of(self.form.form_type, short=self.form.short_form)
        return list(asked.select_related("section"))

    def _line(self, code: str, name: str, scores: Sequence[Score]) -> Line:
        points = [
            charts.Point(form.cycle.year, score.percent, broken=self._broken(place))
            for place, (form, score) in enumerate(zip(self.forms, scores, strict=True))
        ]
        moved = ""
        if self.before is not None:
            now, then = scores[-1].percent, scores[-2].percent
            if not self.is_comparable:
                moved = _("reworded")
            elif now is not None and then is not None:
                moved = points_words(now, then)
        return Line(code, name, scores, charts.line(points, title=name), moved)

    @cached_property
    def rows(self) -> list[tuple[str, list[Row]]]:
        """The standards that the newest form asks, by section."""
        found: dict[str, list[Row]] = {}
        for standard in self._asked:
            cells = [self._cell(form, standard.code) for form in self.forms]
            row = Row(standard, cells, self._moved(standard, cells))
            found.setdefault(str(standard.section), []).append(row)
        return list(found.items())

    def _cell(self, form: Assessment, code: str) -> Cell:
        own = self._own[form.source_id].get(code)
        if own is not None:
            moderated = self._moderated[form.pk].get(code)
            return Cell(str(own), str(moderated or ""))
        asked = (form.cycle.standards_id, code) in self._standards
        return Cell(words=_("Not answered") if asked else _("Not asked"))

    def _moved(self, standard: Standard, cells: Sequence[Cell]) -> str:
        if self.before is None:
            return ""
        if not self.is_comparable:
            return _("reworded")
        now, then = cells[-1].counts, cells[-2].counts
        if not now:
            return ""
        if not then:
            return _("new")
        earlier = self._standards.get((self.before.cycle.standards_id, standard.code))
        words = level_words(Rating(now), Rating(then))
        if words and earlier is not None and earlier.text != standard.text:
            return _("%(moved)s, wording clarified") % {"moved": words}
        return words

    def counted(self) -> dict[str, int]:
        """Of the newest two years: how many standards moved up, stayed and moved down."""
        if self.before is None or not self.is_comparable:
            return {}
        found = {"up": 0, "same": 0, "down": 0}
        for _section, rows in self.rows:
            for row in rows:
                now, then = (_points(cell.counts) for cell in row.cells[:-3:-1])
                if now is not None and then is not None:
                    found["up" if now > then else "down" if now < then else "same"] += 1
        return found


def _points(rating: str) -> int | None:
    return POINTS.get(Rating(rating)) if rating else None


def _score(
    percent: Decimal | None,
    rag: str,
    own: Decimal | None,
    *,
    is_complete: bool,
    applies: bool = True,
) -> Score:
    if not applies:
        return Score(words=_("Does not apply"))
    if not is_complete or percent is None:
        return Score(words=_("Incomplete"))
    word = str(Rag(rag).label) if rag else ""
    return Score(percent, word, own if own != percent else None)


def points_words(now: Decimal, then: Decimal) -> str:
    """The way in words: "up 4.6", "down 2.0", "same"."""
    if now == then:
        return _("same")
    words = _("up %(points)s") if now > then else _("down %(points)s")
    return words % {"points": abs(now - then)}


def level_words(now: Rating, then: Rating) -> str:
    """The way of a rating in words: "up one level"; "" where one of them has no level."""
    if now == then:
        return _("same")
    if now not in POINTS or then not in POINTS:
        return _("now applies") if now in POINTS else _("no longer applies")
    levels = abs(POINTS[now] - POINTS[then])
    if POINTS[now] > POINTS[then]:
        words = ngettext("up one level", "up %(levels)d levels", levels)
    else:
        words = ngettext("down one level", "down %(levels)d levels", levels)
    return words % {"levels": levels}
