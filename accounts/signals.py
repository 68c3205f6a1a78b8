"""What accounts asks of the apps above it, which it cannot import."""

from django.dispatch import Signal

# Arguments: user (User), request (HttpRequest or None). A receiver answers True when this
# account can read other people's records, and so needs a second factor.
needs_second_factor = Signal()

# Arguments: user (User), version (int). Sent in the transaction that keeps it.
terms_accepted = Signal()
