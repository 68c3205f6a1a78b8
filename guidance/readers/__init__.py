"""What readers do with the guidance: find it, follow it, and say where it is wrong."""
