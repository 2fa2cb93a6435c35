"""Which event on a site an event of the season is, though events are grouped anew at any time."""

from __future__ import annotations

from collections.abc import Collection

from camtrap.ledger.pushed import Push, Pushed
from camtrap.outputs.exports.earthranger import Report

_MOST = 0.5
"""Under another label, an event is the same when so much of it is."""


def match(report: Report, sent: Pushed, taken: Collection[int]) -> Push | None:
    """The event on the site that a report is about, or None for a new one.

    `taken` are the numbers of those that other reports are about already: none gets two. First
    comes the key, that is the same first picture and label. Then a shared picture under the same
    label: the event grew or shrank. Then half of the pictures under another label: people, or
    another model, gave it another name.
    """
    known = sent.by_key(report.key)
    if known is not None and known.push_id not in taken and known.label == report.label:
        return known
    found = [
        (push.label == report.label, common, push)
        for push, common, total in sent.with_files(report.files)
        if push.push_id not in taken and (push.label == report.label or common >= _MOST * total)
    ]
    if not found:
        return None
    return max(found, key=lambda one: (one[0], one[1], -one[2].push_id))[2]
