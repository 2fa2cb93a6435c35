"""The pages of the review: what is in their files, and what a real browser makes of them."""
