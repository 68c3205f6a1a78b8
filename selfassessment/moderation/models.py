"""What is stored of moderation: who may not, what was looked at, what each of the two said.

The agency's own rating stays with its answer; the moderated one stands here beside it. Both hang
on a ``Review``, which hangs on the sign-off that was looked at: a form that is reopened has its
sign-off voided, and from then on nothing of the review counts, though all of it stays.
"""

import datetime
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from agencies import people
from agencies.models import Agency, Locality
from agencies.terms import Role
from selfassessment.moderation.terms import FullReason, Why
from selfassessment.standards.models import Standard
from selfassessment.terms import Outcome, Rating

REASON = 500  # characters
WORDS = 4000  # characters


class InterestQuerySet(models.QuerySet["Interest"]):
    def standing(self, on: datetime.date | None = None) -> Self:
        """Not ended by that day. One that begins later bars already: a moderation lasts weeks."""
        day = on or timezone.localdate()
        return self.filter(Q(until__isnull=True) | Q(until__gte=day))


class Interest(models.Model):
    """What a moderator has to do with an agency: it bars them from that agency's forms."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    words = models.CharField(_("what it is"), max_length=REASON)
    from_on = models.DateField(_("from"))
    until = models.DateField(_("until"), null=True, blank=True)
    declared_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = InterestQuerySet.as_manager()

    class Meta:
        verbose_name = _("declared interest")
        verbose_name_plural = _("declared interests")
        ordering = ["-declared_at"]
        constraints = [
            models.CheckConstraint(name="interest_says_what", condition=~Q(words="")),
            models.CheckConstraint(
                name="interest_ends_after_it_began",
                condition=Q(until__isnull=True) | Q(until__gte=F("from_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.agency}"


class BoardChairQuerySet(models.QuerySet["BoardChair"]):
    def in_office(self, on: datetime.date | None = None) -> Self:
        day = on or timezone.localdate()
        ended = Q(until__isnull=False, until__lt=day)
        return self.filter(from_on__lte=day).exclude(ended)


class BoardChair(models.Model):
    """Who chairs a locality's board, and so decides appeals; a deputy is a second row."""

    board = models.ForeignKey(Locality, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    from_on = models.DateField(_("from"))
    until = models.DateField(_("until"), null=True, blank=True)
    named_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = BoardChairQuerySet.as_manager()

    class Meta:
        verbose_name = _("chair of the board")
        verbose_name_plural = _("chairs of the board")
        ordering = ["board", "from_on", "pk"]
        constraints = [
            models.CheckConstraint(
                name="boardchair_ends_after_it_began",
                condition=Q(until__isnull=True) | Q(until__gte=F("from_on")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.board}: {self.person}"


class SeriousIncident(models.Model):
    """That a form gets a full review after a serious incident, and why: the manager's note."""

    assessment = models.OneToOneField(
        "selfassessment.Assessment", on_delete=models.PROTECT, related_name="serious_incident"
    )
    reason = models.CharField(_("reason"), max_length=REASON)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("serious incident")
        verbose_name_plural = _("serious incidents")
        constraints = [
            models.CheckConstraint(name="seriousincident_has_a_reason", condition=~Q(reason=""))
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}"


class ReviewQuerySet(models.QuerySet["Review"]):
    def standing(self) -> Self:
        """Those of a sign-off that stands; a reopened form's review counts no more."""
        return self.filter(signoff__voided_at__isnull=True)


class Review(models.Model):
    """One moderation of one signed form: what was looked at, and what came of it."""

    assessment = models.ForeignKey(
        "selfassessment.Assessment", on_delete=models.PROTECT, related_name="reviews"
    )
    signoff = models.OneToOneField(
        "selfassessment.SignOff", on_delete=models.PROTECT, related_name="review"
    )
    seed = models.CharField(max_length=80)  # of the sample (sample.seed_of)
    full = models.CharField(max_length=10, choices=FullReason, blank=True)
    began_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)  # the provisional outcome
    finished_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    comments_until = models.DateField(null=True, blank=True)  # and the one appeal
    # The manager's words in the letter.
    strengths = models.TextField(_("strengths"), max_length=WORDS, blank=True)
    support = models.TextField(_("support offered"), max_length=WORDS, blank=True)
    # Of a critical gap that stayed open over two cycles.
    talked_on = models.DateField(_("talk with the chief officer"), null=True, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["assessment", "began_at"]
        constraints = [
            models.CheckConstraint(
                name="review_full_for_a_known_reason",
                condition=Q(full__in=["", *FullReason.values]),
            ),
            models.CheckConstraint(
                name="review_finished_by_somebody",
                condition=Q(finished_at=None, finished_by=None, comments_until=None)
                | Q(
                    finished_at__isnull=False,
                    finished_by__isnull=False,
                    comments_until__isnull=False,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assessment_id}, {self.began_at:%Y-%m-%d}"


class Sampled(models.Model):
    """One standard of the sample, why it is there, and what was settled if the two differ."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="sample")
    standard = models.ForeignKey(Standard, on_delete=models.PROTECT, related_name="+")
    why = ArrayField(models.CharField(max_length=14, choices=Why))
    own = models.CharField(max_length=14, choices=Rating)  # as the agency signed it
    settled = models.CharField(max_length=14, choices=Rating, blank=True)
    settled_why = models.TextField(max_length=WORDS, blank=True)
    settled_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("standard of a sample")
        verbose_name_plural = _("standards of a sample")
        ordering = ["review", "standard__order"]
        constraints = [
            models.UniqueConstraint(fields=["review", "standard"], name="sampled_once"),
            models.CheckConstraint(name="sampled_for_a_reason", condition=Q(why__len__gt=0)),
            models.CheckConstraint(
                name="sampled_settled_with_a_reason",
                condition=Q(settled="", settled_why="", settled_by=None, settled_at=None)
                | (
                    Q(settled__in=Rating.values, settled_by__isnull=False)
                    & Q(settled_at__isnull=False)
                    & ~Q(settled_why="")
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.standard}"

    @property
    def why_in_words(self) -> list[str]:
        return [str(Why(each).label) for each in self.why]


class JudgementQuerySet(models.QuerySet["Judgement"]):
    def standing(self) -> Self:
        """The last one of each moderator who is still at work on it."""
        return self.filter(replaced_at__isnull=True, moderator__stood_down_at__isnull=True)


class Judgement(models.Model):
    """What one moderator says of one standard. Kept when they change their mind."""

    sampled = models.ForeignKey(Sampled, on_delete=models.PROTECT, related_name="judgements")
    moderator = models.ForeignKey(
        "selfassessment.Moderator", on_delete=models.PROTECT, related_name="judgements"
    )
    outcome = models.CharField(max_length=5, choices=Outcome)
    rating = models.CharField(max_length=14, choices=Rating, blank=True)  # empty: asked
    reason = models.TextField(_("reason"), max_length=WORDS, blank=True)
    at = models.DateTimeField(default=timezone.now)
    replaced_at = models.DateTimeField(null=True, blank=True)

    objects = JudgementQuerySet.as_manager()

    class Meta:
        verbose_name = _("judgement")
        verbose_name_plural = _("judgements")
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(
                fields=["sampled", "moderator"],
                condition=Q(replaced_at__isnull=True),
                name="judgement_one_of_each_stands",
            ),
            models.CheckConstraint(
                name="judgement_outcome_is_known", condition=Q(outcome__in=Outcome.values)
            ),
            models.CheckConstraint(
                name="judgement_rates_or_asks",
                condition=Q(outcome=Outcome.ASK, rating="")
                | (~Q(outcome=Outcome.ASK) & Q(rating__in=Rating.values)),
            ),
            models.CheckConstraint(
                name="judgement_says_why",
                condition=Q(outcome=Outcome.AGREE) | ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.moderator}: {self.outcome}"


class QuestionQuerySet(models.QuerySet["Question"]):
    def waiting(self) -> Self:
        """Not answered, and of a moderation that goes on."""
        return self.filter(
            answered_at__isnull=True,
            withdrawn_at__isnull=True,
            sampled__review__finished_at__isnull=True,
            sampled__review__signoff__voided_at__isnull=True,
        )


class Question(models.Model):
    """Evidence asked for, and the agency's answer; its signed answer stays as it is."""

    sampled = models.ForeignKey(Sampled, on_delete=models.PROTECT, related_name="questions")
    judgement = models.OneToOneField(Judgement, on_delete=models.PROTECT, related_name="question")
    asked_at = models.DateTimeField()
    due_on = models.DateField()
    answer = models.TextField(_("answer"), max_length=WORDS, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)  # judged without it

    objects = QuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question of a moderator")
        verbose_name_plural = _("questions of moderators")
        ordering = ["asked_at"]
        constraints = [
            models.CheckConstraint(
                name="question_answered_in_words_by_somebody",
                condition=Q(answered_at=None, answered_by=None, answer="")
                | (Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer="")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.sampled}, {self.due_on}"


class ModeratedQuerySet(models.QuerySet["Moderated"]):
    def counting(self) -> Self:
        """Ratings that count instead of the agency's own."""
        return self.filter(review__signoff__voided_at__isnull=True)


class Moderated(models.Model):
    """The moderated rating of one standard, kept beside the agency's own."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="moderated")
    assessment = models.ForeignKey(
        "selfassessment.Assessment", on_delete=models.PROTECT, related_name="moderated"
    )
    standard = models.ForeignKey(Standard, on_delete=models.PROTECT, related_name="+")
    own = models.CharField(max_length=14, choices=Rating)
    rating = models.CharField(max_length=14, choices=Rating)
    # What the moderators had said, where an appeal decided otherwise.
    before_appeal = models.CharField(max_length=14, choices=Rating, blank=True)

    objects = ModeratedQuerySet.as_manager()

    class Meta:
        verbose_name = _("moderated rating")
        verbose_name_plural = _("moderated ratings")
        ordering = ["review", "standard__order"]
        constraints = [
            models.UniqueConstraint(fields=["review", "standard"], name="moderated_once"),
            models.CheckConstraint(
                name="moderated_rating_is_known",
                condition=Q(rating__in=Rating.values, own__in=Rating.values),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.standard}: {self.rating}"


class RequiredAction(models.Model):
    """Something that the moderators require; on the final day it joins the agency's plan."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="required")
    standard = models.ForeignKey(Standard, on_delete=models.PROTECT, related_name="+")
    words = models.CharField(_("what is to be done"), max_length=REASON)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    dropped_at = models.DateTimeField(null=True, blank=True)
    dropped_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    planned_at = models.DateTimeField(null=True, blank=True)  # became an action of the plan

    class Meta:
        verbose_name = _("required action")
        verbose_name_plural = _("required actions")
        ordering = ["standard__order", "at"]
        constraints = [
            models.CheckConstraint(name="requiredaction_in_words", condition=~Q(words=""))
        ]

    def __str__(self) -> str:
        return self.words


class AgencyComment(models.Model):
    """What the agency says of the provisional outcome, within ten working days."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="comments")
    words = models.TextField(max_length=WORDS)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("comment of an agency")
        verbose_name_plural = _("comments of agencies")
        ordering = ["at"]
        constraints = [
            models.CheckConstraint(name="agencycomment_in_words", condition=~Q(words=""))
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}"


class AppealQuerySet(models.QuerySet["Appeal"]):
    def open(self) -> Self:
        """To be decided: of a form that was not reopened since."""
        return self.filter(
            decided_at__isnull=True,
            review__signoff__voided_at__isnull=True,
            review__assessment__status="moderated",
        )

    def for_chair(self, user: User) -> Self:
        """Those that the person decides or decided as the board's chair.

        Not of an agency that they belong to, and not of a form that they were ever given to
        moderate or in which they settled something (section 7.4; WF-12). The words are read by
        nobody else through here.
        """
        if not people.has_role(user, Role.BOARD_MEMBER):
            return self.none()
        chaired = BoardChair.objects.in_office().filter(person=user)
        mine = self.filter(
            review__assessment__board__in=chaired.values("board_id"),
            review__signoff__voided_at__isnull=True,
        )
        own = Agency.objects.belonging_to(user)
        interested = Interest.objects.standing().filter(person=user)
        return mine.exclude(
            Q(review__assessment__agency__in=own)
            | Q(review__assessment__agency__in=interested.values("agency_id"))
            | Q(review__assessment__in=_ever_moderated(user))
            | Q(review__in=Sampled.objects.filter(settled_by=user).values("review_id"))
        )


def _ever_moderated(user: User) -> Any:
    from selfassessment.models import Moderator  # it reads this room's tables when it is loaded

    return Moderator.objects.filter(person=user).values("assessment_id")


class Appeal(models.Model):
    """The agency's one appeal to the board's chair against a provisional outcome."""

    review = models.OneToOneField(Review, on_delete=models.PROTECT, related_name="appeal")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    due_on = models.DateField()
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = AppealQuerySet.as_manager()

    class Meta:
        verbose_name = _("appeal")
        verbose_name_plural = _("appeals")
        ordering = ["due_on", "pk"]
        constraints = [
            models.CheckConstraint(
                name="appeal_decided_by_somebody",
                condition=Q(decided_at=None, decided_by=None)
                | Q(decided_at__isnull=False, decided_by__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.review}"


class Appealed(models.Model):
    """One standard of an appeal: the agency's reasons, then the chair's decision with reasons."""

    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, related_name="standards")
    moderated = models.OneToOneField(Moderated, on_delete=models.PROTECT, related_name="appealed")
    words = models.TextField(max_length=WORDS)
    rating = models.CharField(max_length=14, choices=Rating, blank=True)  # as decided
    reasons = models.TextField(max_length=WORDS, blank=True)

    class Meta:
        verbose_name = _("standard of an appeal")
        verbose_name_plural = _("standards of an appeal")
        ordering = ["appeal", "moderated__standard__order"]
        constraints = [
            models.CheckConstraint(name="appealed_in_words", condition=~Q(words="")),
            models.CheckConstraint(
                name="appealed_decided_with_reasons",
                condition=Q(rating="", reasons="") | (Q(rating__in=Rating.values) & ~Q(reasons="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.moderated}"


class SharedPractice(models.Model):
    """That an agency agrees to show others how it does what it is rated Embedded in."""

    assessment = models.ForeignKey(
        "selfassessment.Assessment", on_delete=models.PROTECT, related_name="practice"
    )
    standard = models.ForeignKey(Standard, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("practice to share")
        verbose_name_plural = _("practices to share")
        ordering = ["assessment", "standard__order"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "standard"],
                condition=Q(withdrawn_at__isnull=True),
                name="sharedpractice_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.standard}"
