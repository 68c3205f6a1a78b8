"""Taking a second factor away from somebody who has lost it."""

from allauth.mfa.models import Authenticator

from accounts.models import User


def forget(user: User) -> None:
    """Remove app and recovery codes; who needs a second factor must set one up to go on."""
    Authenticator.objects.filter(user=user).delete()
