"""The blank form, and the letter about the outcome."""

from typing import Any

from django.utils.translation import gettext as _

from selfassessment.models import Assessment
from selfassessment.moderation import letter
from selfassessment.reports import letterhead
from selfassessment.standards.models import Standard, StandardSet
from selfassessment.terms import FormType
from ui import pdf


def render_blank(standards: StandardSet, form_type: FormType, *, short: bool) -> bytes:
    """The form to fill in on paper: every standard with its levels, and room to write."""
    asked = Standard.objects.filter(set=standards).of(form_type, short=short)
    sections: list[dict[str, Any]] = []
    for standard in asked.select_related("section"):
        if not sections or sections[-1]["section"] != standard.section:
            sections.append({"section": standard.section, "standards": []})
        weight = standard.weight_for(form_type)
        sections[-1]["standards"].append({"standard": standard, "weight": weight.label})
    return pdf.render(
        "selfassessment/reports/blank_pdf.html",
        {
            "set": standards,
            "form": form_type.label,
            "short": short,
            "sections": sections,
            "number": sum(len(each["standards"]) for each in sections),
        },
        title=_("Prevent self-assessment, blank form"),
    )


def render_letter(assessment: Assessment) -> bytes:
    """The outcome letter: strengths, required actions, support offered."""
    return letterhead.render(
        "selfassessment/reports/letter_pdf.html",
        {"assessment": assessment, "letter": letter.contents(assessment)},
        title=_("Outcome of the Prevent self-assessment %(year)d")
        % {"year": assessment.cycle.year},
        head=letterhead.of(assessment),
    )
