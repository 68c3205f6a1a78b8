"""What audit asks the apps above it, which it cannot import."""

from django.dispatch import Signal

# Arguments: user (User). A receiver answers with the keys of the agencies whose log
# the person may read, or "*" for the whole log.
may_read = Signal()

# Arguments: keys (set[str]). A receiver answers with a dictionary: key of an agency, its name.
agency_names = Signal()

# Arguments: user (User). A receiver answers with the ids of cases, as a queryset of one column,
# of which the person must find no trace, not even that somebody opened them (AC-06).
hidden_cases = Signal()
