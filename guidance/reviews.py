"""Pages are checked by a day: who is reminded, and what is due."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from accounts.models import User
from agencies import people
from agencies.terms import Role
from guidance import notices
from guidance.models import DatedPage, ReviewReminder, path_of
from guidance.terms import ReviewStage

MONTH, WEEK = timedelta(days=30), timedelta(days=7)


@dataclass(frozen=True)
class Due:
    """A published page that is to be checked by a day."""

    pk: int
    title: str
    address: str
    kept_by: str
    last_checked: date
    review_by: date

    def stage(self, today: date) -> ReviewStage | None:
        """How near the day is; none while it is far."""
        left = self.review_by - today
        if left < timedelta():
            return ReviewStage.LATE
        if left <= WEEK:
            return ReviewStage.WEEK
        return ReviewStage.MONTH if left <= MONTH else None


def due(*, by: date) -> list[Due]:
    """The published pages to be checked by a day, soonest first: one query for all kinds."""
    columns = ("pk", "title", "url_path", "kept_by", "last_checked", "review_by")
    each = [
        kind.objects.live().filter(review_by__lte=by).order_by().values_list(*columns)
        for kind in DatedPage.__subclasses__()
    ]
    rows = each[0].union(*each[1:], all=True)
    found = [Due(pk, title, path_of(path), *rest) for pk, title, path, *rest in rows]
    return sorted(found, key=lambda page: (page.review_by, page.title))


def remind(now: datetime) -> int:
    """Tell the keepers of pages that are due: 30 days and 7 days before, and when it is late.

    A page that has been checked has another day, and so begins anew.

    Returns:
        How many pages were told of.
    """
    today = timezone.localdate(now)
    pages = due(by=today + MONTH)
    if not pages:
        return 0
    told = set(
        ReviewReminder.objects.filter(page__in=[page.pk for page in pages]).values_list(
            "page", "review_by", "stage"
        )
    )
    count = 0
    for page in pages:
        stage = page.stage(today)
        if stage is None or (page.pk, page.review_by, stage) in told:
            continue
        ReviewReminder.objects.create(page_id=page.pk, review_by=page.review_by, stage=stage)
        for person in keepers(page.kept_by, late=stage == ReviewStage.LATE):
            notices.page_due(page.pk, page.review_by, stage, person)
        count += 1
    return count


def keepers(kept_by: str, *, late: bool) -> list[User]:
    """Who holds the role that a page names; when it is late the approvers too."""
    named = (role for role in Role if str(role.label).casefold() == kept_by.strip().casefold())
    roles = [next(named, Role.GUIDANCE_EDITOR)]
    found = people.holders(None, [*roles, Role.GUIDANCE_APPROVER] if late else roles)
    return found or people.holders(None, [Role.GUIDANCE_APPROVER])
