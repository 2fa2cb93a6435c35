"""How good a model is on pictures whose truth is known: from answers to figures, and to pages.

`season` and `pictures` give what was said of every labelled picture as one `Judged` record;
`figures`, `events`, `slices` and `mistakes` count, `evaluate` gathers; `report` and `page` tell it.
"""
