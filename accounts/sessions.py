"""Sessions of a person, ended at once when their rights change."""

from allauth.usersessions.models import UserSession

from accounts.models import User


def end_all(user: User, *, but: str | None = None) -> int:
    """Sign the person out everywhere, save in the session with the key ``but``."""
    sessions = UserSession.objects.filter(user=user)
    if but:
        sessions = sessions.exclude(session_key=but)
    ended = list(sessions)
    for session in ended:
        session.end()
    return len(ended)
