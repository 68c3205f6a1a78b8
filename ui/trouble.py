"""What an app says when it cannot go on for a reason that is not the person's."""


class NotSetUpError(Exception):
    """Something that an administrator has yet to set up is needed; the page says whom to ring."""
