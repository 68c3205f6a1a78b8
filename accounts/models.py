"""A person who signs in: one verified e-mail address, one account."""

from typing import Any, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts import terms

# What stands before a name and is no part of it: "DC Alice Moor" is Alice.
TITLES = {"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "rev", "revd", "sir", "dame"}
TITLES |= {"pc", "dc", "ps", "ds", "pi", "di", "sgt", "insp", "supt", "imam", "rabbi", "father"}


class UserManager(BaseUserManager["User"]):
    def create_user(
        self, email: str, name: str = "", password: str | None = None, **fields: Any
    ) -> "User":
        if not email:
            raise ValueError("An account is an e-mail address.")
        user = self.model(email=email.strip().lower(), name=name, **fields)
        user.set_password(password)  # None: signs in with e-mailed codes only
        user.save(using=self._db)
        return user

    def create_superuser(
        self, email: str, name: str = "", password: str | None = None, **fields: Any
    ) -> "User":
        return self.create_user(email, name, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())

    def active(self) -> models.QuerySet["User"]:
        return self.filter(is_active=True)


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account; what they may see and do comes from their memberships."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("full name"), max_length=120, blank=True)
    job_title = models.CharField(_("job title"), max_length=120, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_staff = models.BooleanField(_("works in the back office"), default=False)
    signed_out_at = models.DateTimeField(_("signed out everywhere"), null=True, editable=False)
    date_joined = models.DateTimeField(_("account made"), default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["name", "email"]
        constraints = [
            models.CheckConstraint(
                name="user_email_in_lower_case", condition=Q(email=Lower("email"))
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        super().clean()
        self.email = self.email.strip().lower()
        self.name = " ".join(self.name.split())

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must match: a new password or ``signed_out_at`` ends the older ones."""
        said = f"{self.password} {self.signed_out_at and self.signed_out_at.timestamp()}"
        return salted_hmac("accounts.User", said, secret=secret, algorithm="sha256").hexdigest()

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return self.first_name_only

    @property
    def first_name_only(self) -> str:
        """How the pages speak of the person after the first mention: "Alice" for DC Alice Moor."""
        words = str(self).split()
        names = [word for word in words if word.rstrip(".").lower() not in TITLES]
        return (names or words or [self.email])[0]

    @classmethod
    def known_by(cls, email: str) -> Self | None:
        """The account of an address, however it was typed."""
        return cls._default_manager.filter(email=email.strip().lower()).first()  # type: ignore[return-value]


class Terms(models.Model):
    """One version of the terms of use. Its words are never changed: another version follows."""

    version = models.PositiveSmallIntegerField(_("version"), unique=True, editable=False)
    words = models.TextField(_("what people agree to"), default=terms.FIRST)
    published_at = models.DateTimeField(_("published"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("terms of use")
        verbose_name_plural = _("terms of use")
        ordering = ["-version"]

    def __str__(self) -> str:
        return str(_("Version %(number)d") % {"number": self.version})

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            raise ValueError("A version of the terms that people have read stays as it is.")
        last = Terms.objects.aggregate(last=models.Max("version"))["last"] or 0
        self.version = last + 1
        super().save(*args, **kwargs)


class TermsAccepted(models.Model):
    """That a person agreed to a version, and when."""

    person = models.ForeignKey(User, verbose_name=_("person"), on_delete=models.PROTECT)
    terms = models.ForeignKey(Terms, verbose_name=_("version"), on_delete=models.PROTECT)
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("terms accepted")
        verbose_name_plural = _("terms accepted")
        constraints = [models.UniqueConstraint(fields=["person", "terms"], name="accepted_once")]

    def __str__(self) -> str:
        return f"{self.person}: {self.terms}"
