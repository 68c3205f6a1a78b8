"""What readers asked to be told, as outbox rows: that there is something, not what."""

from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail.models import Page

from accounts.models import User
from agencies import people
from agencies.terms import Role
from guidance.readers.models import Correction, ReadingRequest, Subscriber
from outbox import post
from ui.dates import paper_day


def confirm(subscriber: Subscriber) -> None:
    """Ask whether the address wants the mails: it may have been typed by somebody else."""
    post.send(
        subscriber.email,
        kind="guidance.confirm_updates",
        subject=_("Do you want e-mails about the Prevent guidance?"),
        what=_("Somebody asked for e-mails about the guidance to be sent to this address."),
        why=_("If it was not you, do nothing: no other e-mail will come."),
        path=reverse("readers:confirm", args=[subscriber.token]),
        key=f"guidance.confirm_updates:{subscriber.token}:{subscriber.asked_at:%Y%m%d%H}",
        sign_in=False,
    )


def news(subscriber: Subscriber) -> None:
    """Say that pages changed since the last mail."""
    stop = reverse("readers:stop", args=[subscriber.token])
    post.send(
        subscriber.email,
        kind="guidance.updates",
        subject=_("The Prevent guidance has changed"),
        what=_("There are changes or news that you have not been told of."),
        why=_("You asked for e-mails about the guidance."),
        path=reverse("guidance_changes", args=["guidance/"]),
        key=f"guidance.updates:{subscriber.token}:{subscriber.told_until:%Y%m%d%H%M%S}",
        sign_in=False,
        stop=stop,
    )


def correction(sent: Correction) -> None:
    """Tell those who edit the guidance."""
    for editor in people.holders(None, [Role.GUIDANCE_EDITOR]):
        post.send(
            editor,
            kind="guidance.correction",
            subject=_("A reader suggests a correction"),
            what=_("A reader of the guidance thinks that a page should be changed."),
            why=_("You are a guidance editor of the portal."),
            path=reverse("wagtailsnippets_guidance_correction:edit", args=[sent.pk]),
            key=f"guidance.correction:{sent.pk}:{editor.pk}",
        )


def asked_to_read(
    request: ReadingRequest, person: User, *, on: date | None = None, again: bool = False
) -> bool:
    """Ask one person to read a page; whether a mail was written."""
    what = _("Your agency asks you to read a page of the guidance, and to confirm that you have.")
    if again:
        what = _("A page of the guidance that you confirmed has changed. Please read it again.")
    by_when = _("Please do it by %(day)s.") % {"day": paper_day(request.due_on)}
    written = post.send(
        person,
        kind="guidance.asked_to_read",
        subject=_("A page of the guidance to read"),
        what=what,
        why=_("You belong to an agency that asks its people to read it."),
        by_when=by_when if request.due_on else "",
        path=reverse("readers:reading"),
        key=f"guidance.read:{request.pk}:{person.pk}:{on or 'asked'}{':again' if again else ''}",
    )
    return written is not None


def no_longer_asked(request: ReadingRequest) -> None:
    post.cancel(f"guidance.read:{request.pk}:")


def read_by(page: Page, person: User) -> None:
    """Nobody is reminded of what they have done."""
    for request in ReadingRequest.objects.filter(page=page.pk, ended_at__isnull=True):
        post.cancel(f"guidance.read:{request.pk}:{person.pk}:")
