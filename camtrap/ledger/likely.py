"""The files of a season that most likely show a leopard, without a walk over all others."""

from __future__ import annotations

from camtrap.ledger.store import Ledger

# Both go by the index over states, so that a card of a million empty pictures is not read.
_SURE = """
SELECT file_id FROM file WHERE state = 'leopard' ORDER BY confidence DESC, file_id LIMIT ?
"""
_DOUBTFUL = """
SELECT file_id FROM file
WHERE state = 'unsure' AND json_extract(probabilities, '$.leopard') >= ?
ORDER BY json_extract(probabilities, '$.leopard') DESC, file_id LIMIT ?
"""
_COUNT = """
SELECT count(*) FROM file WHERE state = 'leopard'
    OR (state = 'unsure' AND json_extract(probabilities, '$.leopard') >= ?)
"""


def likely_leopards(ledger: Ledger, doubt: float, limit: int) -> list[int]:
    """Numbers of files: the surest leopards first, then doubtful ones from the chance `doubt` on.

    At most `limit` of each of the two.
    """
    sure = ledger.db.execute(_SURE, (limit,)).fetchall()
    doubtful = ledger.db.execute(_DOUBTFUL, (doubt, limit)).fetchall()
    return [row[0] for row in (*sure, *doubtful)]


def count_likely_leopards(ledger: Ledger, doubt: float) -> int:
    """How many files `likely_leopards` would give without a limit."""
    count: int = ledger.db.execute(_COUNT, (doubt,)).fetchone()[0]
    return count
