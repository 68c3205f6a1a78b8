"""Tells the database who is asking, so that its own row rules can be switched on."""

from django.db import connection

from accounts.models import User


def asking(user: User | None) -> None:
    """Name the person behind this transaction; ``None`` is the portal itself or a visitor.

    Holds until the transaction ends, so call it inside one.
    """
    person = str(user.pk) if user is not None else ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('portal.person', %s, true)", [person])
