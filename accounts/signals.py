"""What accounts tells the apps above it, which it cannot import."""

from django.dispatch import Signal

# Arguments: user (User), request (HttpRequest or None). A receiver answers True when this
# account can read other people's records, and so needs a second factor.
needs_second_factor = Signal()

# Arguments: user (User), request. Sent in the transaction that makes the account,
# its address being verified already.
account_made = Signal()
