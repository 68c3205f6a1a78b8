"""E-mails about changes: asked for, confirmed from the address itself, stopped with one press."""

from datetime import datetime, timedelta

from django.db import transaction

from clauses.models import current_edition
from guidance.readers import notices
from guidance.readers.models import Subscriber

NOT_CONFIRMED_KEPT = timedelta(days=7)
BETWEEN_MAILS = timedelta(days=1)  # one mail tells of all that changed meanwhile
AT_ONCE = 500  # subscribers told in one minute


@transaction.atomic
def ask(email: str, *, now: datetime) -> None:
    """Send a link to an address that wants the mails; one that has them already gets nothing.

    Both look the same to whoever asks.
    """
    subscriber, _new = Subscriber.objects.get_or_create(
        email=email.lower(), defaults={"asked_at": now}
    )
    if subscriber.confirmed_at is None:
        subscriber.asked_at = now
        subscriber.save(update_fields=["asked_at"])
        notices.confirm(subscriber)


@transaction.atomic
def confirm(token: str, *, now: datetime) -> bool:
    """Whether the link was good. From now on the address is told."""
    waiting = Subscriber.objects.select_for_update().filter(token=token).first()
    if waiting is None:
        return False
    if waiting.confirmed_at is None:
        waiting.confirmed_at = waiting.told_until = now
        waiting.save(update_fields=["confirmed_at", "told_until"])
    return True


def stop(token: str) -> None:
    """Forget the address. A link that was used before has done its work."""
    Subscriber.objects.filter(token=token).delete()


def tell(now: datetime) -> int:
    """Tell who has not been told of the newest change, at most once a day each.

    Returns:
        How many mails were written.
    """
    Subscriber.objects.never_confirmed(now - NOT_CONFIRMED_KEPT).delete()
    newest = current_edition()
    if newest is None:
        return 0
    due = list(
        Subscriber.objects.confirmed()
        .filter(told_until__lt=newest.published_at, told_until__lte=now - BETWEEN_MAILS)
        .select_for_update(skip_locked=True)
        .order_by("told_until", "pk")[:AT_ONCE]
    )
    for subscriber in due:
        subscriber.told_until = now
        notices.news(subscriber)
    Subscriber.objects.bulk_update(due, ["told_until"])
    return len(due)
