"""A form on its way through a moderation, for the tests of it."""

from outbox.models import Message
from selfassessment import results
from selfassessment.models import Assessment, Moderator
from selfassessment.moderation import workflow
from selfassessment.moderation.models import (
    Judgement,
    Review,
)
from selfassessment.terms import Outcome, Rating, Status
from tests.selfassessment import forms


def signed(cast: forms.Cast, form: Assessment, **ratings: Rating) -> Assessment:
    """Signed; all In place but what is said."""
    every = {each.code: Rating.IN_PLACE for each in results.asked_of(form)} | ratings
    forms.fill(form, every, by=cast.lead)
    return forms.put_in(form, Status.SIGNED, cast)


def begun(cast: forms.Cast, form: Assessment, **ratings: Rating) -> Review:
    signed(cast, form, **ratings)
    return workflow.begin(form, [cast.moderator, cast.second_moderator], by=cast.manager)


def codes_of(review: Review) -> list[str]:
    return [each.standard.code for each in review.sample.select_related("standard")]


def judge(form, code, by, outcome=Outcome.AGREE, rating="", reason=""):
    reason = reason or ("" if outcome == Outcome.AGREE else "The record does not show it.")
    return workflow.judge(
        form, forms.standard(code), by=by, outcome=outcome, rating=rating, reason=reason
    )


def agree_on_all(cast, form, review, but=()):
    """Straight into the rows, as fifty visits to the door would leave them."""
    at_work = Moderator.objects.filter(assessment=form, stood_down_at__isnull=True)
    Judgement.objects.bulk_create(
        Judgement(sampled=each, moderator=one, outcome=Outcome.AGREE, rating=each.own)
        for each in review.sample.exclude(standard__code__in=but)
        for one in at_work
    )


def moderated(cast: forms.Cast, form: Assessment) -> Review:
    """With RA1 lowered from Embedded to Developing, and the rest agreed."""
    review = begun(cast, form, RA1=Rating.EMBEDDED)
    agree_on_all(cast, form, review, but=["RA1"])
    for person in (cast.moderator, cast.second_moderator):
        judge(form, "RA1", person, Outcome.LOWER, Rating.DEVELOPING)
    return workflow.finish(form, by=cast.moderator)


def mails(kind: str) -> list[str]:
    sent = Message.objects.filter(kind=f"moderation.{kind}", cancelled_at__isnull=True)
    return sorted(sent.values_list("to_address", flat=True))
