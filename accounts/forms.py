"""What is asked on the way in."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import (
    ChangePasswordForm,
    ConfirmEmailVerificationCodeForm,
    ConfirmLoginCodeForm,
    LoginForm,
    ReauthenticateForm,
    SetPasswordForm,
)
from allauth.core import context, ratelimit
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ReauthenticateFactorForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _


def email_field(**kwargs: Any) -> forms.EmailField:
    return forms.EmailField(
        label=_("Work e-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
        error_messages={
            "required": _("Write your work e-mail address"),
            "invalid": _("Write the e-mail address in full, like name@example.org"),
            "max_length": _("Write the e-mail address in full, like name@example.org"),
        },
        **kwargs,
    )


def code_field(label: Any, **kwargs: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "class": "govuk-input--width-10",
            }
        ),
        error_messages={
            "required": _("Write the code"),
            "max_length": _("Check the code: it is not as long as this."),
        },
        **kwargs,
    )


def password_field(label: Any, *, autocomplete: str, **kwargs: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
        error_messages={
            "required": _("Write your password"),
            "max_length": _("Make the password shorter, at most 128 characters."),
        },
        **kwargs,
    )


class SignInForm(forms.Form):
    email = email_field(help_text=_("We use it to know which agency you belong to"))

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        # By address and source together: a stranger elsewhere cannot use up the owner's codes.
        key = f"{email}:{get_adapter().get_client_ip(context.request)}"
        if not ratelimit.consume(context.request, action="request_login_code", key=key):
            raise get_adapter().validation_error("too_many_login_attempts")
        return email


class CodeAgainForm(forms.Form):
    code = code_field(_("Code from the e-mail"))


class CodeForm(ConfirmLoginCodeForm):
    code = code_field(_("Code from the e-mail"))


class EmailCodeForm(ConfirmEmailVerificationCodeForm):
    code = code_field(_("Code from the e-mail"))


class PasswordForm(LoginForm):
    password = password_field(_("Password"), autocomplete="current-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = email_field()

    def _setup_password_field(self) -> None:
        """Keep the field: allauth drops it where new accounts are asked for no password."""


class PasswordAgainForm(ReauthenticateForm):
    password = password_field(_("Password"), autocomplete="current-password")


class NewPasswordForm(SetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_plainly(self)


class OtherPasswordForm(ChangePasswordForm):
    oldpassword = password_field(_("Password you use now"), autocomplete="current-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_plainly(self)


def _say_plainly(form: forms.Form) -> None:
    first, again = form.fields["password1"], form.fields["password2"]
    first.label, again.label = _("New password"), _("New password again")
    first.help_text = _("At least 12 characters. Three words that you can picture are good.")
    for field in (first, again):
        field.error_messages["required"] = _("Write the new password")
        field.widget.attrs.pop("placeholder", None)


class OnceOnlyMixin:
    """A code of the second factor is taken once, also when it is sent twice at the same moment."""

    user: Any
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        # The second of two senders waits here until the first has been answered.
        list(Authenticator.objects.select_for_update().filter(user=self.user))
        code = str(normalize_user_code(super().clean_code()))  # type: ignore[misc]
        steps = 2 * mfa_settings.TOTP_TOLERANCE + 1
        key = f"accounts.second-factor.used:{self.user.pk}:{code}"
        if not cache.add(key, True, timeout=mfa_settings.TOTP_PERIOD * steps):
            raise get_mfa_adapter().validation_error("incorrect_code")
        return code


class SecondFactorForm(OnceOnlyMixin, AuthenticateForm):
    code = code_field(_("Code from your app, or a recovery code"))


class SecondFactorAgainForm(OnceOnlyMixin, ReauthenticateFactorForm):
    code = code_field(_("Code from your app, or a recovery code"))


class SetUpSecondFactorForm(ActivateTOTPForm):
    code = code_field(_("Code that the app shows now"))
