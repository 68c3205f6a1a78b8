"""What the pages of a case share: finding it, and its answers as rows of a summary."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from accounts.models import User
from accounts.prepared import Prepared
from agencies import people
from agencies.terms import AGENCY_LEADS
from referrals.answers import ALL_RECORDS, Answers
from referrals.models import Referral, SectionRecord
from referrals.questions import Question

PEOPLE = ("agency__locality", "locality", "created_by", "lead", "holder", "officer")
NAMED_IN_CHECK = tuple(
    f"check_record__{name}"
    for name in ("spoken_to", "override_by", "second_opinion_by", "signed_by")
)


def visible(
    request: SignedInRequest,
    key: str,
    *,
    with_answers: bool = False,
    related: tuple[str, ...] = PEOPLE,
) -> Referral:
    """The case, if the person may know of it; else the page for what is not there.

    Args:
        with_answers: read every section's record in the same query.
        related: what else is read in it; anything more is read when it is looked at.
    """
    people.roles_for(request)  # read once, and visible_to() knows where they work
    if with_answers:
        related = (*related, *ALL_RECORDS, *NAMED_IN_CHECK)
    found = _CASE(request.user, related, key=key)
    if not found:
        raise Http404
    case: Referral = found[0]
    case.hold_key()
    return case


def _case(user: User, related: tuple[str, ...], *, key: str) -> QuerySet[Referral]:
    seen = Referral.objects.visible_to(user).with_pages()
    return seen.select_related(*related).filter(key=key)


_CASE = people.PreparedFor(_case)


_USERS = Prepared(lambda pks: User.objects.filter(pk__in=pks))


def read_people(referral: Referral) -> None:
    """Read everybody whom the case and its records name, in one query.

    To join them one by one takes the database ten times as long to plan as to do.
    """
    named = [
        (part, column)
        for part in (referral, *referral._state.fields_cache.values())
        if isinstance(part, Referral | SectionRecord)
        for column in part._meta.concrete_fields
        if column.related_model is User and getattr(part, column.attname) is not None
    ]
    pks = sorted({getattr(part, column.attname) for part, column in named})
    found = {user.pk: user for user in _USERS(pks=pks)}
    for part, column in named:
        setattr(part, column.name, found[getattr(part, column.attname)])


def role_of(request: SignedInRequest, referral: Referral) -> str:
    """The role in which a person writes or reads for the agency: a lead's before any other."""
    held = [one.role for one in people.roles_for(request) if one.agency_id == referral.agency_id]
    found = next((role for role in held if role in AGENCY_LEADS), next(iter(held), ""))
    return str(found)


def saved_message(request: HttpRequest) -> None:
    messages.success(request, _("Saved."))


@dataclass(frozen=True)
class Row:
    """One answer for ``_answers.html``; ``change`` is where it can be changed, if it can."""

    question: Question
    paragraphs: list[str]
    change: str = ""


def rows(answers: Answers, questions: Iterable[Question], change: str = "") -> list[Row]:
    """Answered questions that apply, in words; ``change`` is the page that asks them."""
    return [Row(shown.question, shown.paragraphs, change) for shown in answers.shown(questions)]
