"""Names of nothing but Latin letters, digits, periods and spaces, as some programs want them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

_OTHERS = re.compile(r"[^A-Za-z0-9. ]+")


def plain_text(text: str) -> str:
    """`text` without accents, and with spaces for all that is no letter; may come out empty."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(_OTHERS.sub(" ", bare).split()).strip(" .")


def plain_names(names: Collection[str], instead: str = "leopard") -> dict[str, str]:
    """A plain name for each, no two the same even without capitals.

    What is written in another alphabet becomes `leopard 1`, `leopard 2` in the order of the names.
    """
    plain: dict[str, str] = {}
    taken: set[str] = set()
    # Those that can keep their names come first.
    for name in sorted(names, key=lambda name: (plain_text(name) != name, name)):
        wish = plain_text(name)
        told, number = wish or f"{instead} 1", 1
        while told.casefold() in taken:
            number += 1
            told = f"{wish or instead} {number}"
        taken.add(told.casefold())
        plain[name] = told
    return plain
