"""The ways in and out: allauth's steps on the portal's pages."""

from typing import Any

from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.stagekit import clear_login
from allauth.account.stages import LoginByCodeStage, LoginStage
from allauth.account.utils import get_next_redirect_url
from allauth.account.views import (
    ConfirmEmailVerificationCodeView,
    ConfirmLoginCodeView,
    LoginView,
    RequestLoginCodeView,
)
from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django.views.generic.edit import FormView

from accounts import again, agreeing, fresh, sessions
from accounts.adapter import MailNotSentError
from accounts.codes import CodeProcess
from accounts.forms import CodeAgainForm, CodeForm, PasswordForm, SignInForm
from accounts.http import SignedInRequest
from accounts.models import TermsAccepted


@login_not_required
def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Where every other log-in page leads, keeping the page that was wanted."""
    wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
    query = f"?{urlencode({REDIRECT_FIELD_NAME: wanted})}" if wanted else ""
    return redirect(f"{reverse('account_login')}{query}")


class SignInView(RequestLoginCodeView):
    """One box: an address. New and known addresses get the same page, mail and wait."""

    template_name = "account/login.html"

    def _redirect_to_pending_stage(
        self, request: HttpRequest, stage: LoginStage
    ) -> HttpResponse | None:
        """Coming back here means starting again, with another address perhaps."""
        clear_login(request)
        return None

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().render_to_response(context, **kwargs)
        # A browser holds form-action also against where a form's answer leads.
        origins = {o for each in settings.OIDC_PROVIDERS.values() for o in each.origins}
        response._csp_update = {"form-action": sorted(origins)}  # type: ignore[attr-defined]
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"providers": settings.OIDC_PROVIDERS.values()}

    def get_form_class(self) -> type[SignInForm]:
        return SignInForm

    def form_valid(self, form: SignInForm) -> HttpResponse:
        try:
            CodeProcess.start(self.request, form.cleaned_data["email"])
        except MailNotSentError:
            form.add_error("email", _("We cannot send mail at the moment. Try again soon."))
            answer: HttpResponse = self.form_invalid(form)
            return answer
        return redirect(self.get_success_url())


@method_decorator(
    login_stage_required(stage=LoginByCodeStage.key, redirect_urlname="account_login"),
    name="dispatch",
)
class ConfirmCodeView(ConfirmLoginCodeView):
    """The code from the mail; a new address becomes an account here."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.stage = request._login_stage  # type: ignore[attr-defined]
        self._process = CodeProcess(self.stage).abort_if_invalid()
        if self._process is None:
            messages.error(request, _("The code has run out. Ask for another one."))
            return redirect("account_login")
        return FormView.dispatch(self, request, *args, **kwargs)

    def get_form_class(self) -> Any:
        return super().get_form_class() if self._action == "resend" else CodeForm

    def _resend_form_valid(self, form: Any) -> HttpResponse:
        try:
            answer: HttpResponse = super()._resend_form_valid(form)
        except MailNotSentError:
            messages.error(self.request, _("We cannot send mail at the moment. Try again soon."))
            return redirect("account_confirm_login_code")
        messages.success(self.request, _("We have sent another code."))
        return answer


class PasswordSignInView(LoginView):
    """For those who have set a password; the way of the code stays beside it."""

    template_name = "account/login_password.html"

    def _redirect_to_pending_stage(
        self, request: HttpRequest, stage: LoginStage
    ) -> HttpResponse | None:
        clear_login(request)
        return None

    def get_form_class(self) -> type[PasswordForm]:
        return PasswordForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        sent = "password" in request.POST  # else sent on from the page that carries words
        form = None if sent else self.get_form_class()(request=request)
        answer: HttpResponse = (
            super().post(request, *args, **kwargs)
            if form is None
            else self.render_to_response(self.get_context_data(form=form))
        )
        return answer

    def form_valid(self, form: PasswordForm) -> HttpResponse:
        try:
            answer: HttpResponse = super().form_valid(form)
        except MailNotSentError:  # the address is not verified yet
            form.add_error(None, _("We cannot send mail at the moment. Try again soon."))
            answer = self.form_invalid(form)
        return answer


class ConfirmEmailView(ConfirmEmailVerificationCodeView):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return redirect(settings.LOGIN_REDIRECT_URL)
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return answer


class SetUpSecondFactorView(ActivateTOTPView):
    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        # The code just typed proves the factor: this session has passed it.
        record_authentication(
            self.request,
            self.request.user,
            method="mfa",
            type=Authenticator.Type.TOTP.value,
            reauthenticated=True,
        )
        return answer


@require_http_methods(["GET", "POST"])
def stay(request: SignedInRequest) -> HttpResponse:
    """How long the session lasts, which asking does not change; a post gives it its full time."""
    now = timezone.now()
    ends = sessions.ends(request.session, now=now)
    if request.method == "POST":
        ends = sessions.stay(request.session, now=now)
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"left": ends.left(now), "last": ends.is_last})
    return redirect("account_home")


stay.is_activity = False  # type: ignore[attr-defined]


@login_not_required
@require_POST
def go_on(request: HttpRequest) -> HttpResponse:
    """From the page that carries words, after signing in in another window: see KeptMiddleware."""
    return redirect(
        settings.LOGIN_REDIRECT_URL if request.user.is_authenticated else "account_login"
    )


def again_by_code(request: SignedInRequest) -> HttpResponse:
    """Confirm who is there by an e-mailed code; asked of who has no other way."""
    wanted = get_next_redirect_url(request) or reverse("account_home")
    now, form = timezone.now(), CodeAgainForm()
    if request.method == "POST" and "code" in request.POST:
        form = CodeAgainForm(request.POST)
        if form.is_valid():
            if again.takes(request.session, form.cleaned_data["code"], now=now):
                record_authentication(
                    request,
                    request.user,
                    method="code",
                    email=request.user.email,
                    reauthenticated=True,
                )
                return redirect(wanted)
            form.add_error("code", _("Check the code: it is not the one we sent."))
    elif request.method == "POST":
        key = f"{request.user.email}:again"
        if not ratelimit.consume(request, action="request_login_code", key=key):
            messages.error(request, _("Wait five minutes, then try again."))
        else:
            try:
                again.send(request.session, request.user, now=now)
            except MailNotSentError:
                messages.error(request, _("We cannot send mail at the moment. Try again soon."))
    context = {
        "form": form,
        "waiting": again.is_waiting(request.session, now=now),
        "wanted": wanted,
    }
    return render(request, "account/reauthenticate_code.html", context)


def terms(request: SignedInRequest) -> HttpResponse:
    """What everybody agrees to, once for each version."""
    wanted = get_next_redirect_url(request) or resolve_url(settings.LOGIN_REDIRECT_URL)
    newest = agreeing.current()
    if newest is None:
        raise Http404
    due = agreeing.DUE in request.session
    if request.method == "POST":
        if request.POST.get("version") != str(newest.version):  # published while it was read
            messages.info(request, _("There is a newer version. Read it, then agree to it."))
            return redirect(f"{request.path}?{urlencode({REDIRECT_FIELD_NAME: wanted})}")
        agreeing.accept(request.user, newest, now=timezone.now())
        request.session.pop(agreeing.DUE, None)
        return redirect(wanted)
    accepted = TermsAccepted.objects.filter(person=request.user, terms=newest).first()
    context = {"terms": newest, "due": due, "accepted": accepted, "wanted": wanted}
    return render(request, "account/terms.html", context)


class SessionsView(ListUserSessionsView):
    """Where I am signed in; each other place can be ended, or all of them."""

    def form_valid(self, form: Any) -> HttpResponse:
        chosen = self.request.POST.get("session", "")
        if chosen.isdecimal():
            for listed in UserSession.objects.filter(user=self.request.user, pk=int(chosen[:18])):
                if not listed.is_current():
                    sessions.end_one(listed)
        else:
            sessions.end_others(self.request, self.request.user)
        messages.success(self.request, _("Signed out there."))
        return redirect("usersessions_list")


def home(request: SignedInRequest) -> HttpResponse:
    """My account: how I sign in, and where I am signed in."""
    context = {
        "has_second_factor": bool(fresh.factors_of(request.user)),
        "has_password": request.user.has_usable_password(),
        "has_terms": agreeing.current() is not None,
    }
    return render(request, "account/home.html", context)
