"""What the board sees across agencies: who takes part, where they stand, what changes."""
