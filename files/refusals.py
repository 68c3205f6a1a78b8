"""Why a file is not taken, in words for the person who chose it."""


class RefusedFileError(Exception):
    """A file that is not kept; its text is a sentence, or one without its subject, the name."""
