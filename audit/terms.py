"""What each kind of event is called. Apps above add their own when they start."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

Words = str | Promise

_KINDS: dict[str, Words] = {
    "access.refused": _("Was refused a page"),
    "account.code_refused": _("A sign-in code was wrong"),
    "account.email_changed": _("Changed their e-mail address"),
    "account.factor_added": _("Set up a second factor"),
    "account.factor_refused": _("A second-factor code was wrong"),
    "account.factor_removed": _("Took a second factor away"),
    "account.factor_renewed": _("Made new recovery codes"),
    "account.password_changed": _("Changed their password"),
    "account.password_reset": _("Made a new password in place of a forgotten one"),
    "account.password_set": _("Made a password"),
    "account.terms_accepted": _("Agreed to the terms of use"),
    "account.sign_in_refused": _("A sign-in was refused"),
    "account.signed_in": _("Signed in"),
    "account.signed_out": _("Signed out"),
    "audit.viewed": _("Read the access log"),
}


def name_kinds(words: Mapping[str, Words]) -> None:
    """Say in words what kinds of event mean: ``{"referral.viewed": _("Looked at a case")}``."""
    _KINDS.update(words)


def kind_words(kind: str) -> str:
    """The words for a kind; "Area: act" for one that nobody has named."""
    if kind in _KINDS:
        return str(_KINDS[kind])
    area, _dot, act = kind.replace("_", " ").partition(".")
    return f"{capfirst(area)}: {act}"
