"""What agencies tells the apps above it, in the transaction of the change.

A receiver that cannot find the work a new owner raises ``agencies.workflow.RefusedError``
with a sentence for the page, and the change does not happen.
"""

from django.dispatch import Signal

# Arguments: membership (Membership, its ends_on set), by (User or None).
membership_ended = Signal()

# Arguments: absence (Absence), by (User or None).
absence_set = Signal()

# Arguments: membership (Membership, now confirmed), by (User or None).
membership_confirmed = Signal()

# Arguments: person (User). A receiver returns how much open work of its app the person holds.
work_held = Signal()

# Arguments: person (User, with another name or telephone number than before).
details_changed = Signal()
