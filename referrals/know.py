"""What to know before anything else: three to five facts from the answers, worked out in Python."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from agencies import workdays
from referrals.answers import Answers
from referrals.models import Recipient
from referrals.terms import Gender, ParentTold, RecipientKind, Told, YesNo, YesNoUnknown
from ui import dates

MOST = 5
SERVICES = (RecipientKind.FRONT_DOOR, RecipientKind.ADULT)


@dataclass(frozen=True)
class Fact:
    """A bullet: what leads it, and the rest of the sentence."""

    lead: str
    rest: str = ""


def undelivered(people: Iterable[Mapping[str, str | None]]) -> list[Fact]:
    """Who was to hear of this case by e-mail and has not: somebody who works it rings them."""
    found = []
    for each in people:
        name = each["name"] or _("somebody without an account")
        phone = each["phone"]
        rest = _("Ring them: %(phone)s.") % {"phone": phone} if phone else _("Ring them.")
        found.append(Fact(_("An e-mail to %(name)s was not delivered.") % {"name": name}, rest))
    return list(dict.fromkeys(found))


def now(answers: Answers, recipients: Iterable[Recipient]) -> list[Fact]:
    """Danger, who it is about, who knows, which services have it, how to reach the referrer."""
    found = [
        *_emergency(answers),
        _about(answers),
        *_told(answers),
        *_services(answers, recipients),
        *_reach(answers),
    ]
    return found[:MOST]


def _emergency(answers: Answers) -> list[Fact]:
    if answers.get("called_999") != YesNo.YES:
        return [Fact(_("999 has not been called."))] if answers.gate_yes else []
    when = answers.get("called_at")
    lead = _("999 was called %(when)s.") % {"when": dates.moment(when)} if when else ""
    number = answers.get("incident_number")
    said = [_("Incident number %(number)s.") % {"number": number}] if number else []
    if answers.get("told_to_do"):
        said.append(_("The author was told: “%(words)s”") % {"words": answers.get("told_to_do")})
    return [Fact(lead or _("999 was called."), " ".join(said))]


def _about(answers: Answers) -> Fact:
    said = []
    if answers.is_adult and answers.get("cares_for_child") == YesNoUnknown.YES:
        said.append(_("%(They)s cares for a child, or lives with one.") % _they(answers))
    if answers.get("interpreter") == YesNoUnknown.YES:
        said.append(_("An interpreter is needed: %(language)s.") % {"language": _language(answers)})
    if answers.get("position_of_trust") == YesNoUnknown.YES:
        said.append(_("%(They)s works with children or adults at risk.") % _they(answers))
    return Fact(_("It is about %(who)s.") % {"who": answers.who}, " ".join(said))


def _language(answers: Answers) -> str:
    return str(answers.get("language") or _("which language is not recorded"))


def _they(answers: Answers) -> dict[str, str]:
    gender = answers.get("gender")
    if gender == Gender.MALE:
        return {"They": _("He"), "them": _("him")}
    if gender == Gender.FEMALE:
        return {"They": _("She"), "them": _("her")}
    return {"They": answers.first_name, "them": answers.first_name}


WHY_NOT = {
    Told.RISK: lambda: _("It would raise the risk."),
    Told.POLICE: lambda: _("Police advised against it."),
    Told.NOT_YET: lambda: _("Not yet."),
}


def _told(answers: Answers) -> list[Fact]:
    """Whether the person and, for a child, a parent know of it."""
    told = answers.get("told_person")
    if not told:
        return []
    parent = answers.get("told_parent") if answers.is_child else ""
    said = [WHY_NOT[Told(told)]()] if told in WHY_NOT else []
    if parent == ParentTold.YES:
        said.append(_("A parent or carer knows."))
    elif parent == ParentTold.NO_PARENT:
        said.append(_("There is no parent or carer."))
    elif parent:
        said.append(_("No parent or carer has been told."))
    lead = _("%(They)s has been told.") if told == Told.YES else _("%(They)s has not been told.")
    return [Fact(lead % _they(answers), " ".join(said))]


def _services(answers: Answers, recipients: Iterable[Recipient]) -> list[Fact]:
    """Which safeguarding service has it, since when, and whether it has said so."""
    found = []
    for one in recipients:
        if one.kind not in SERVICES:
            continue
        name = RecipientKind(one.kind).label
        if one.told_at is None:
            lead = _("%(service)s: not sent yet.") % {"service": name}
            found.append(
                Fact(lead, _("It does not work in the portal, so a sheet is sent by hand."))
            )
            continue
        if not_yet_told(one):
            lead = _("%(service)s: sent, and not yet told.") % {"service": name}
            rest = _("It went %(when)s, outside working hours, when nobody may have read it.")
            found.append(Fact(lead, rest % {"when": dates.moment(one.told_at)}))
            continue
        sent = _("Sent %(when)s.") % {"when": dates.moment(one.told_at)}
        if one.received_at:
            rest = _("Confirmed %(when)s.") % {"when": dates.moment(one.received_at)}
        else:
            rest = _("They have not confirmed it yet.")
        found.append(Fact(_("%(service)s has it.") % {"service": name}, f"{sent} {rest}"))
    if not found and answers.is_child:
        found.append(Fact(_("Children's services are not among those who have it.")))
    return found


def not_yet_told(one: Recipient) -> bool:
    """It went out while nobody was at work there, and mail alone tells nobody: they were not rung
    and have not said that they have it, nor has anybody taken the case in."""
    if one.told_at is None or one.received_at or one.rung_at:
        return False
    if one.kind not in SERVICES and one.referral.acknowledged_at:
        return False
    return not workdays.is_open(one.told_at, one.locality)


def body_words(one: Recipient) -> str:
    """A body that has the case, and since when it has said so."""
    name = str(one.route or f"{RecipientKind(one.kind).label}, {one.locality}")
    if one.received_at:
        when = dates.moment(one.received_at)
        return _("%(name)s: confirmed %(when)s") % {"name": name, "when": when}
    if one.rung_at:
        when = dates.moment(one.rung_at)
        return _("%(name)s: told by telephone %(when)s") % {"name": name, "when": when}
    if one.told_at:
        places = {"name": name, "when": dates.moment(one.told_at)}
        if not_yet_told(one):
            return _("%(name)s: sent %(when)s outside working hours, not yet told") % places
        return _("%(name)s: sent %(when)s") % places
    return _("%(name)s: to be sent by hand") % {"name": name}


def _reach(answers: Answers) -> list[Fact]:
    notes = str(answers.get("contact_notes")).strip()
    name = (answers.get("referrer") or {}).get("name") or answers.referral.created_by
    said = [notes] if notes else []
    if answers.get("anonymous") == YesNo.YES:
        noticed = (answers.get("noticed_by") or {}).get("name") or name
        said.append(
            _("%(name)s wishes to stay unnamed to %(them)s.")
            % {"name": noticed, "them": _they(answers)["them"]}
        )
    return [Fact(_("Reaching %(name)s:") % {"name": name}, " ".join(said))] if said else []
