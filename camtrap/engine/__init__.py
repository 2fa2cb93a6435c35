"""MAKING IT RUN: the loop over a card on one machine, and its progress display."""
