"""WHAT WE KNOW: the SQLite file in which every file of a card has exactly one state."""
