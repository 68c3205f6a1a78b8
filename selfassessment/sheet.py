"""All that a form says, read once: for the checks before sign-off and for the frozen copy."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast
from django.urls import NoReverseMatch, reverse

from agencies.models import Membership
from agencies.terms import AGENCY_ROLES, Role
from selfassessment import results
from selfassessment.actions.models import Action, ActionStandard
from selfassessment.actions.queries import of_form
from selfassessment.before import Before
from selfassessment.evidence.models import Evidence, EvidenceUse
from selfassessment.evidence.queries import EvidenceItem, items_of
from selfassessment.models import Answer, Assessment, Assignment, Comment, Remark, Waiver
from selfassessment.moderation.models import Moderated
from selfassessment.standards.models import Standard
from selfassessment.terms import FORM_LEADS, RemarkKind, Weight

EMPTY = Answer()  # for a standard that nobody has begun


@dataclass(frozen=True)
class Loose:
    """Something that hangs on a form, with the standard it is about, if one."""

    what: str  # comment, assignment, question, sent_back, unused, waiver
    code: str
    words: str
    granted: bool | None


@dataclass(frozen=True)
class Last:
    """What was said of a standard the last time it was asked."""

    answer: Answer
    rating: str  # the moderated one, where there is one

    @property
    def position(self) -> str:
        return self.answer.position


@dataclass
class Sheet:
    """A form as it stands now; about ten queries, whatever the amount.

    Attributes:
        form: with cycle, agency and board; answers, evidence and actions are those of its source.
    """

    form: Assessment
    today: date
    before: Before = field(init=False)

    def __post_init__(self) -> None:
        self.before = Before(self.form)

    # --- What is asked and said -----------------------------------------------------------------
    @cached_property
    def standards(self) -> list[Standard]:
        """In the order of the form, each with its section."""
        return results.asked_of(self.form)

    @cached_property
    def _answers(self) -> tuple[dict[str, Answer], dict[str, Answer]]:
        """This year's and the last one's, by code: one query."""
        last = self.before.signed
        wanted = [self.form.source_id, *([last.source_id] if last else [])]
        counted = Moderated.objects.counting().filter(
            assessment=last.pk if last else None, standard=OuterRef("standard")
        )
        given = (
            Answer.objects.filter(assessment__in=wanted)
            .select_related("standard")
            .annotate(counted=Subquery(counted.values("rating")[:1]))
        )
        now: dict[str, Answer] = {}
        then: dict[str, Answer] = {}
        for each in given:
            (now if each.assessment_id == self.form.source_id else then)[each.standard.code] = each
        return now, then

    def answer(self, standard: Standard) -> Answer:
        return self._answers[0].get(standard.code, EMPTY)

    def last(self, standard: Standard) -> Last | None:
        """None where it was not asked or not answered, or where the set has changed in meaning."""
        said = self._answers[1].get(standard.code)
        if said is None or not said.rating or not self.before.is_same:
            return None
        return Last(said, getattr(said, "counted", None) or said.rating)

    def weight(self, standard: Standard) -> Weight:
        return standard.weight_for(self.form.form_type, specified=self.form.is_specified)

    # --- What hangs on it -----------------------------------------------------------------------
    @cached_property
    def items(self) -> list[EvidenceItem]:
        return items_of(self.form)

    @cached_property
    def evidence(self) -> dict[str, list[EvidenceItem]]:
        shown: dict[str, list[EvidenceItem]] = {}
        for item in self.items:
            for code in item.codes:
                shown.setdefault(code, []).append(item)
        return shown

    @cached_property
    def actions(self) -> list[Action]:
        """The plan, most pressing first; ``codes_of`` says for which standards."""
        of_action = ActionStandard.objects.filter(action=OuterRef("pk")).order_by("order", "code")
        plan = of_form(self.form.source_id).select_related("owner")
        return list(plan.annotate(serves=ArraySubquery(of_action.values("code"))).in_order())

    def codes_of(self, action: Action) -> list[str]:
        """Codes of the standards that an action of ``actions`` serves, in the order of the form."""
        codes: list[str] = action.serves  # type: ignore[attr-defined]
        return codes

    def actions_for(self, standard: Standard) -> list[Action]:
        return [each for each in self.actions if standard.code in self.codes_of(each)]

    @cached_property
    def loose(self) -> list[Loose]:
        """Open comments, assignments, questions, waivers, evidence shown nowhere: one query."""
        source, own = self.form.source_id, self.form.pk
        here = {source, own}
        comments = Comment.objects.filter(assessment=source, dealt_with_at__isnull=True)
        given = Assignment.objects.filter(
            assessment=source,
            done_at__isnull=True,
            taken_back_at__isnull=True,
            helper__ended_at__isnull=True,
        )
        asked = Remark.objects.filter(
            assessment=own, kind=RemarkKind.RETURNED, answered_at__isnull=True
        )
        said = Remark.objects.filter(assessment=own, kind=RemarkKind.SENT_BACK)
        used = EvidenceUse.objects.filter(assessment=source).values("evidence")
        unused = Evidence.objects.filter(agency=self.form.agency_id, ended_at__isnull=True)
        waivers = Waiver.objects.filter(assessment__in=here).exclude(granted=False)
        parts = [
            _loose(comments, "comment", code=F("standard__code")),
            _loose(given, "assignment", code=F("standard__code"), words=F("helper__person__name")),
            _loose(asked, "question", words=F("words")),
            _loose(said, "sent_back", words=F("words")),
            _loose(unused.exclude(pk__in=used), "unused", words=F("title")),
            _loose(waivers, "waiver", code=F("code"), words=F("rule"), granted=F("granted")),
        ]
        rows = parts[0].union(*parts[1:], all=True)
        return [Loose(*row) for row in rows]

    def loose_of(self, what: str) -> list[Loose]:
        return [each for each in self.loose if each.what == what]

    @cached_property
    def people(self) -> list[Membership]:
        """Everybody who belongs to the agency today."""
        held = Membership.objects.active().filter(
            agency=self.form.agency_id, role__in=AGENCY_ROLES, person__is_active=True
        )
        return list(held)

    def holding(self, *roles: Role) -> set[int]:
        return {each.person_id for each in self.people if each.role in roles}

    @property
    def leads(self) -> set[int]:
        return self.holding(*FORM_LEADS)

    @property
    def seniors(self) -> set[int]:
        return self.holding(Role.SENIOR_LEAD)

    def state(self) -> str:
        """SHA-256 of what stands there now: another one, once anything of it was changed."""
        answers = [self.answer(each) for each in self.standards]
        source = self.form.source
        said = [
            [self.form.status, str(self.form.prepared_at), str(self.form.signed_at)],
            [source.consulted_who, source.consulted_how, source.consulted_said],
            [[each.pk, each.version] for each in answers],
            [_shown(item) for item in self.items],
            [[each.code, each.words, str(each.granted)] for each in self.loose_of("waiver")],
            [
                [each.code, each.version, each.status, str(each.due_on), *self.codes_of(each)]
                for each in self.actions
            ],
        ]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    # --- Where things are mended ----------------------------------------------------------------
    def path(self, name: str, code: str = "") -> str:
        """The page of a room of this form; the form itself while there is no such room."""
        key = self.form.key
        try:
            return reverse(f"selfassessment:{name}", args=[key, code] if code else [key])
        except NoReverseMatch:
            return reverse("selfassessment:overview", args=[self.form.key])


def _shown(item: EvidenceItem) -> list[str]:
    """All that a form shows of a piece of evidence."""
    number = item.version.number if item.version else 0
    days = [str(day) for day in (item.dated_on, item.effective_on, item.expires_on)]
    words = [item.title, item.kind, item.owner, item.note, item.address, item.sha256]
    return [str(item.pk), *words, *days, str(number), *item.codes]


def _loose(rows: QuerySet[Any], what: str, **columns: Any) -> QuerySet[Any, Any]:
    """Four columns of one shape, so that several tables answer one query."""
    empty = Value("")
    return rows.order_by().values_list(
        Value(what, output_field=CharField()),
        Cast(columns.get("code", empty), CharField()),
        Cast(columns.get("words", empty), CharField()),
        columns.get("granted", _NOTHING),
    )


_NOTHING = Case(When(pk__isnull=True, then=Value(True)), default=None, output_field=BooleanField())
