"""The tables of the scratch file in which a season's events are made, and how they are finished."""

from __future__ import annotations

from datetime import datetime

from camtrap.outputs import looks
from camtrap.records import State

LAST, FIRST = datetime.max.isoformat(), datetime.min.isoformat()
"""Where events without a time are put. ISO times without a zone sort as text as they do in time."""

# `shown` is what one burst shows of one label; a frame is in no more than one of them.
CREATE = f"""
{looks.CREATE}
CREATE TABLE shown (
    shown_id INTEGER PRIMARY KEY, deployment TEXT, station TEXT, label TEXT, start TEXT,
    "end" TEXT, confidence REAL, image_count INTEGER, box_count INTEGER, best INTEGER,
    needs_review INTEGER
);
CREATE TABLE member (file_id INTEGER PRIMARY KEY, shown_id INTEGER);
CREATE TABLE part (shown_id INTEGER PRIMARY KEY, event_id INTEGER);
CREATE TABLE suppressed (file_id INTEGER PRIMARY KEY, cluster TEXT);
CREATE TABLE grouped (
    event_id INTEGER PRIMARY KEY, deployment TEXT, station TEXT, label TEXT, start TEXT,
    "end" TEXT, image_count INTEGER, count_min INTEGER, first INTEGER, best INTEGER,
    confidence REAL, shown INTEGER, needs_review INTEGER, reviewed INTEGER
);
CREATE TABLE event (
    event_id INTEGER PRIMARY KEY, place INTEGER, name TEXT, deployment TEXT, label TEXT,
    start TEXT, "end" TEXT, image_count INTEGER, count_min INTEGER, best INTEGER, confidence REAL,
    shown INTEGER, station TEXT, dated INTEGER, shown_confidence REAL, leopard REAL,
    needs_review INTEGER, reviewed INTEGER
);
"""

_INDEX = (
    "CREATE INDEX member_by_shown ON member (shown_id)",
    "CREATE INDEX part_by_event ON part (event_id)",
)

_DOUBT = """
UPDATE grouped SET needs_review = (
    SELECT max(shown.needs_review) FROM part JOIN shown USING (shown_id)
    WHERE part.event_id = grouped.event_id
)
"""

# Of a doubtful event, the frame most like a leopard is the one that a person has to see.
_SHOW = f"""
UPDATE grouped SET shown = (
    SELECT file_id FROM part JOIN member USING (shown_id) JOIN look USING (file_id)
    JOIN grouped AS same USING (event_id) WHERE part.event_id = grouped.event_id
    ORDER BY look.leopard DESC, file_id != same.best, look.place LIMIT 1
) WHERE label = '{State.UNSURE}'
"""

# The newest word of a person that gave the event its label.
_REVIEWED = """
UPDATE grouped SET reviewed = said.file_id, needs_review = needs_review AND label = 'unsure'
FROM (
    SELECT event_id, file_id, row_number() OVER
        (PARTITION BY event_id ORDER BY reviewed_at DESC, file_id DESC) AS newest
    FROM look JOIN member USING (file_id) JOIN shown USING (shown_id) JOIN part USING (shown_id)
    WHERE reviewed_at IS NOT NULL AND look.label = shown.label
) AS said
WHERE said.event_id = grouped.event_id AND newest = 1
"""

# Events are numbered within their deployment, in the order of their first frames.
_NAME = f"""
INSERT INTO event SELECT event_id,
    row_number() OVER (ORDER BY deployment, coalesce(start, '{LAST}'), label, first),
    deployment || printf('_e%04d', row_number() OVER
        (PARTITION BY deployment ORDER BY coalesce(start, '{LAST}'), label, first)),
    deployment, label, start, "end", image_count, count_min, best, confidence,
    shown, station, dated, shown_confidence, leopard, needs_review, reviewed
FROM grouped JOIN (
    SELECT file_id AS shown, dated, confidence AS shown_confidence, leopard FROM look
) USING (shown)
"""

FINISH = (*_INDEX, _DOUBT, _SHOW, _REVIEWED, _NAME)
"""What is done once all events are there."""
