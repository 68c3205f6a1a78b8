"""The request that views behind sign-in receive."""

from django.http import HttpRequest

from accounts.models import User


class SignedInRequest(HttpRequest):
    """A request whose user is an account: LoginRequiredMiddleware saw to it."""

    user: User
