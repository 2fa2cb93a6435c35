"""WHAT WAS MISSED: a sample for people to look at, and what it says of all the other pictures."""
