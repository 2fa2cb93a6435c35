"""Animals painted by code, for pictures that belong to nobody: the sample card, flights whose truth
is known, and what a detector learns of animals from above."""
