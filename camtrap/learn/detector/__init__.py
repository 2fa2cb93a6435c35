"""The detector taught further: one look at one size that sees what two looks of the first saw."""
