"""Pieces that no random change makes: deeper than Python can follow, longer than anybody writes."""

from __future__ import annotations

_DEEP = (b"[" * 1500 + b"]" * 1500, b'{"a":' * 1500 + b"1" + b"}" * 1500)
_NUMBER = b"9" * 5000
_TEXTS = tuple(b'"' + piece * 50_000 + b'"' for piece in (b"(", b"a ", b"aA", b";", b"/", b"1"))
"""What takes long where time grows with the square of a text's length."""

IN_JSON = (*_DEEP, _NUMBER, *_TEXTS)
IN_SHORT_JSON = (*_DEEP, b"9" * 400)
"""For what is never long; the number is more than a float can hold."""

IN_TABLES = (*_TEXTS, _NUMBER, b'"' * 5000)
IN_TOML = (b"[" * 1500 + b"]" * 1500, b"{a=" * 1500 + b"1" + b"}" * 1500, _NUMBER)
IN_XML = tuple(
    b'"true">' + b"<%b key='a'>" % tag * 1500 + b"</%b>" % tag * 1500
    for tag in (b"children", b"category")
)
