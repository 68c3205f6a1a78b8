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
    "assessment.exported": _("Took away a table of self-assessments"),
    "assessment.viewed": _("Looked at a self-assessment"),
    "assessment.cycle_planned": _("Planned a cycle of self-assessments"),
    "assessment.cycle_opened": _("Opened a cycle of self-assessments"),
    "assessment.cycle_closed": _("Closed a cycle of self-assessments"),
    "assessment.forms_made": _("Made self-assessment forms for agencies"),
    "assessment.profile_set": _("Set which self-assessment an agency fills in"),
    "assessment.extended": _("Gave a self-assessment more time"),
    "assessment.chased": _("Reminded agencies of their self-assessment"),
    "assessment.reopened": _("Reopened a self-assessment"),
    "assessment.waiver_asked": _("Asked to be let off a check of a self-assessment"),
    "assessment.waiver_decided": _("Decided on letting an agency off a check"),
}
