"""The yearly self-assessment of the demonstration: three cycles, some forty agencies.

Made by the owner of the tables straight into the rows, as its doors would leave them: walked one
by one they would take minutes at the first start. Everything is drawn from seeds and dated from
the day on which it is made.
"""

from demo.yearly.making import Made, make

__all__ = ["Made", "make"]
