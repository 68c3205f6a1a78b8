"""What an agency will do: with an owner and a day, carried on until it is done and verified."""
