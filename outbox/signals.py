"""What the worker tells the apps above it."""

from django.dispatch import Signal

# Arguments: now (datetime, aware). Sent every minute. Each receiver runs in a transaction of its
# own, in which the database knows that the portal itself is asking; a fault in one is noted and
# the others run all the same; one that goes through many things is marked ``in_parts`` and opens
# a transaction for each. What is due is in rows: a minute may be missed or come twice.
housekeeping = Signal()
