"""What audit asks the apps above it, which it cannot import."""

from django.dispatch import Signal

# Arguments: user (User). A receiver answers with the keys of the agencies whose log
# the person may read, or "*" for the whole log.
may_read = Signal()

# Arguments: keys (set[str]). A receiver answers with a dictionary: key of an agency, its name.
agency_names = Signal()
