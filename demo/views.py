"""Two pages of the demonstration: sign in as one of the cast, and read the mails."""

from functools import wraps

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.base.internal.flows import post_authentication
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from accounts.middleware import View
from accounts.models import User
from demo import cast, codes, loading, mails

NEWEST_MAILS = 40


def in_demonstration(view: View) -> View:
    """A page that is there for anyone, in a demonstration only."""

    @login_not_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not settings.PORTAL_DEMO:
            raise Http404
        return view(request, *args, **kwargs)  # type: ignore[return-value]

    return guarded


@in_demonstration
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """The cast, one click each, with the code that a second step would ask for now."""
    return render(
        request,
        "demo/people.html",
        {
            "groups": cast.told().by_group(),
            "made_at": loading.made_at(),
            "code": codes.now(),
            "lasts": codes.seconds_left(),
        },
    )


@in_demonstration
@require_POST
@sensitive_variables()
def sign_in(request: HttpRequest) -> HttpResponse:
    """Leave a session as after a full sign-in: a code from an e-mail, then one from the app."""
    person = cast.told().people.get(request.POST.get("person", ""))
    user = User.known_by(person.email) if person else None
    if user is None or not user.is_active:
        raise Http404
    logout(request)
    record_authentication(request, user, method="code", email=user.email)
    if authenticator := cast.authenticator_of(user):
        post_authentication(request, authenticator)
    get_adapter(request).login(request, user)
    return redirect(settings.LOGIN_REDIRECT_URL)


@in_demonstration
@require_safe
def mail(request: HttpRequest) -> HttpResponse:
    """What the portal has sent, newest first, as plain text."""
    sent = mails.sent()
    return render(
        request,
        "demo/mail.html",
        {
            "mails": sent[:NEWEST_MAILS],
            "more": max(0, len(sent) - NEWEST_MAILS),
            "now": timezone.now(),
        },
    )
