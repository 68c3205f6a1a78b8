"""What each kind of event is called in the access log; each room adds its own."""

from django.utils.translation import gettext_lazy as _

KINDS = {
    "assessment.changed": _("Changed a self-assessment"),
    "assessment.in_progress": _("Began a self-assessment, or took it back"),
    "assessment.ready_for_signoff": _("Made a self-assessment ready for sign-off"),
    "assessment.signed_off": _("Signed a self-assessment"),
    "assessment.returned": _("Returned a self-assessment with questions"),
    "assessment.in_moderation": _("Gave a self-assessment to moderators"),
    "assessment.moderated": _("Finished the moderation of a self-assessment"),
    "assessment.published_to_agency": _("Made the outcome of a self-assessment final"),
    "assessment.closed": _("Closed a self-assessment with its cycle"),
    "assessment.exempt": _("Exempted an agency from a self-assessment"),
    "assessment.not_started": _("Took back an exemption"),
    "assessment.voided": _("Voided the sign-off of a self-assessment"),
    "assessment.viewed": _("Looked at a self-assessment"),
}
