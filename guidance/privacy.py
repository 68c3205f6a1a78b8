"""Whether people can read who answers for what the portal keeps about them."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies.health import Problem
from agencies.models import Contact
from agencies.opening import Need
from agencies.terms import ContactPurpose
from guidance.models import StatementPage

SLUG = "privacy"


def controllers() -> list[Contact]:
    """Those who answer for personal data, as the privacy statement names them."""
    return list(Contact.objects.filter(purpose=ContactPurpose.CONTROLLER, is_shown=True))


def notice() -> Need:
    """The statement is published and not past its date, and names who answers."""
    page = StatementPage.objects.live().filter(slug=SLUG).first()
    title, missing = _("Privacy statement"), []
    if page is None:
        missing.append(
            Problem(title, _("It is not published."), reverse("wagtailadmin_explore_root"))
        )
    else:
        edit = reverse("wagtailadmin_pages:edit", args=[page.pk])
        if not page.kept_by:
            missing.append(Problem(title, _("It does not say who keeps it."), edit))
        if page.review_by and page.review_by < timezone.localdate():
            missing.append(Problem(title, _("It should have been checked again by now."), edit))
    if not controllers():
        add = reverse("wagtailsnippets_agencies_contact:add")
        what = _("No contact says who answers for personal data.")
        missing.append(Problem(title, what, add))
    return Need(
        _("Privacy statement, dated, with who answers for it"),
        _("People can read who keeps what about them, and whom to ask."),
        missing,
        "/privacy/",
    )
