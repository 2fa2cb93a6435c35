"""IS THE CLOCK RIGHT: the times of one camera's pictures are looked through for what cannot be.

Nothing is corrected here. What is found goes to people with its evidence, and a proposal that
they may copy into `clock_offsets.csv`. `docs/clock.md` has the rules and their thresholds.
"""
