"""Passkeys: added, named, removed and used on the portal's pages. Each is a second factor too."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    LoginWebAuthnView,
    ReauthenticateWebAuthnView,
    RemoveWebAuthnView,
)
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class ReadableMixin(forms.Form):
    """What a browser sends in the name of a passkey may be anything at all."""

    def clean(self) -> dict[str, Any]:
        credential = self.cleaned_data.get("credential")
        if credential is not None and not isinstance(credential, (dict, Authenticator)):
            raise get_mfa_adapter().validation_error("incorrect_code")
        try:
            return super().clean() or self.cleaned_data
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise get_mfa_adapter().validation_error("incorrect_code") from error

    def clean_credential(self) -> Any:
        try:
            sent = super().clean_credential()  # type: ignore[misc]
        except forms.ValidationError:
            raise
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise get_mfa_adapter().validation_error("incorrect_code") from error
        return sent


class AddForm(ReadableMixin, AddWebAuthnForm):
    name = forms.CharField(
        label=gettext_lazy("What do you call this device?"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("So that you know it again: “work laptop”, say."),
    )
    passwordless = None

    def clean_credential(self) -> Any:
        return self.cleaned_data["credential"]


class EditForm(EditWebAuthnForm):
    name = forms.CharField(
        label=gettext_lazy("What do you call this device?"),
        max_length=60,
        error_messages={"required": gettext_lazy("Write a name for the device")},
    )


class SignInForm(ReadableMixin, LoginWebAuthnForm):
    pass


class SecondStepForm(ReadableMixin, AuthenticateWebAuthnForm):
    pass


class AgainForm(ReadableMixin, ReauthenticateWebAuthnForm):
    pass


class AddView(AddWebAuthnView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["form"] = kwargs.get("form") or self.get_form()
        # With the person's finger, face or PIN, so that it signs in by itself.
        options = auth.begin_registration(self.request.user, passwordless=True)
        host = self.request.get_host().partition(":")[0]
        context |= {
            "js_data": {"creation_options": options},
            "has_name": not host.replace(".", "").isdecimal(),
        }
        return context

    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        # It was just used: this session has passed the second factor.
        kind = Authenticator.Type.WEBAUTHN.value
        record_authentication(
            self.request, self.request.user, method="mfa", type=kind, reauthenticated=True
        )
        return answer


class RemoveView(RemoveWebAuthnView):
    def form_valid(self, form: Any) -> HttpResponse:
        if not get_mfa_adapter().can_delete_authenticator(self.get_object()):
            messages.error(
                self.request, get_mfa_adapter().error_messages["cannot_delete_authenticator"]
            )
            return redirect("mfa_list_webauthn")
        answer: HttpResponse = super().form_valid(form)
        return answer


class SignInView(LoginWebAuthnView):
    def form_valid(self, form: Any) -> HttpResponse:
        if not form.cleaned_data["credential"].user.is_active:
            return self.form_invalid(form)
        answer: HttpResponse = super().form_valid(form)
        return answer

    def form_invalid(self, form: Any) -> HttpResponse:
        return _not_taken(self.request, "account_login")


class AgainView(ReauthenticateWebAuthnView):
    def form_invalid(self, form: Any) -> HttpResponse:
        return _not_taken(self.request, "mfa_reauthenticate_webauthn")


def _not_taken(request: HttpRequest, page: str) -> HttpResponse:
    note = _("That passkey was not taken. Try again, or use another way.")
    get_adapter().add_message(request, messages.ERROR, message=note)
    return redirect(page)
