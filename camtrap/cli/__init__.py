"""THE FRONT DOOR: one module a command; options and messages only."""
