"""Putting sets of standards into the database, and saying why one cannot go there."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from django.db import transaction
from django.utils import timezone

from selfassessment.standards import reading
from selfassessment.standards.models import Standard, StandardSection, StandardSet
from selfassessment.standards.reading import SectionText, SetText, StandardsError, StandardText

Outcome = Literal["added", "updated", "unchanged"]


def check(paths: Iterable[Path] | None = None) -> list[str]:
    """What is wrong in files, or with them beside the sets that are stored: one sentence each."""
    try:
        read = _read(paths)
    except StandardsError as error:
        return error.problems
    return _problems(read)


@transaction.atomic
def load(paths: Iterable[Path] | None = None) -> Counter[Outcome]:
    """Store and publish the sets of files; without any, those that the portal comes with.

    Raises:
        StandardsError: a file is wrong, or would change a set that is used; nothing is stored.
    """
    read = _read(paths)
    if problems := _problems(read):
        raise StandardsError(problems)
    outcomes: Counter[Outcome] = Counter()
    for text in read:
        outcomes[_outcome(text)] += 1
        stored = store(text)
        if stored.published_at is None:
            StandardSet.objects.filter(pk=stored.pk).update(published_at=timezone.now())
    return outcomes


@transaction.atomic
def store(text: SetText) -> StandardSet:
    """Write a set as it now is, as a draft when it is new.

    Raises:
        StandardsError: it may not follow the other sets, or forms are open with it.
    """
    # Locked first, so that nobody opens forms with the set while it is written.
    there = StandardSet.objects.select_for_update().filter(version=text.version).first()
    if problems := _problems([text]):
        raise StandardsError(problems)
    if there and text_of(there) == text:
        return there
    of_set = {"title": text.title, "sources": text.sources, "source_sha256": text.sha256}
    numbers = {"major": text.major, "minor": text.minor}
    stored, _new = StandardSet.objects.update_or_create(
        version=text.version, defaults={**of_set, **numbers}
    )
    stored.standards.all().delete()
    stored.sections.all().delete()
    sections = StandardSection.objects.bulk_create(
        StandardSection(
            set=stored,
            code=one.code,
            name=one.name,
            short_name=one.short_name,
            sentence=one.sentence,
            order=order,
        )
        for order, one in enumerate(text.sections)
    )
    by_code = {section.code: section for section in sections}
    Standard.objects.bulk_create(
        _row(stored, by_code[one.section], one, order) for order, one in enumerate(text.standards)
    )
    return stored


def _row(stored: StandardSet, section: StandardSection, one: StandardText, order: int) -> Standard:
    not_in_place, developing, in_place, embedded = one.levels
    return Standard(
        set=stored,
        section=section,
        code=one.code,
        title=one.title,
        text=one.text,
        weight=one.weight,
        should_if_unspecified=one.should_if_unspecified,
        critical=one.critical,
        short_form=one.short_form,
        level_not_in_place=not_in_place,
        level_developing=developing,
        level_in_place=in_place,
        level_embedded=embedded,
        evidence=list(one.evidence),
        applies_to=list(one.applies_to),
        basis=list(one.basis),
        clauses=list(one.clauses),
        order=order,
    )


def text_of(stored: StandardSet) -> SetText:
    """A stored set as its file would say it: two queries."""
    return SetText(
        version=stored.version,
        title=stored.title,
        sections=tuple(
            SectionText(one.code, one.name, one.short_name, one.sentence)
            for one in stored.sections.order_by("order")
        ),
        standards=tuple(
            StandardText(
                code=one.code,
                title=one.title,
                text=one.text,
                weight=one.weight,
                levels=tuple(words for _rating, words in one.levels),
                evidence=tuple(one.evidence),
                applies_to=tuple(one.applies_to),
                basis=tuple(one.basis),
                clauses=tuple(one.clauses),
                critical=one.critical,
                short_form=one.short_form,
                should_if_unspecified=one.should_if_unspecified,
            )
            for one in stored.standards.order_by("order")
        ),
        sources=stored.sources,
        sha256=stored.source_sha256,
    )


def _read(paths: Iterable[Path] | None) -> list[SetText]:
    found: list[SetText] = []
    problems: list[str] = []
    for path in reading.files() if paths is None else paths:
        try:
            found.append(reading.read_file(path))
        except StandardsError as error:
            problems += error.problems
        except OSError as error:
            problems.append(f"{path}: {error.strerror}")
    if problems:
        raise StandardsError(problems)
    return found


def _problems(texts: list[SetText]) -> list[str]:
    """What stands against storing these sets beside those that are stored."""
    stored = {one.version: one for one in StandardSet.objects.all()}
    known = {version: text_of(one) for version, one in stored.items()}
    problems: list[str] = []
    for text in texts:
        used = text.version in stored and stored[text.version].used_at is not None
        if used and known[text.version] != text:
            problems.append(
                f"{text.version}: agencies have forms with this version, so it stays as it is; "
                "write the changes as a new version"
            )
    together = {**known, **{text.version: text for text in texts}}
    return problems + list(reading.problems_between(list(together.values())))


def _outcome(text: SetText) -> Outcome:
    there = StandardSet.objects.filter(version=text.version).first()
    if there is None:
        return "added"
    return "unchanged" if text_of(there) == text else "updated"
