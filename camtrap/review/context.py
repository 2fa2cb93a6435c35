"""What all answers of one server share: its season, index, audit and pictures, and who may ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from camtrap.review.audit import Audits
from camtrap.review.index import Index
from camtrap.review.pictures import Pictures
from camtrap.review.security import Policy
from camtrap.review.telling import Cards
from camtrap.review.writing import Refresh


@dataclass(frozen=True, slots=True)
class Review:
    """One season that is being reviewed.

    `refresh` writes what a run leaves in a season; `reviewer` and `language` are what a page begins
    with, until its user says otherwise.
    """

    season: Path
    index: Index
    audits: Audits
    pictures: Pictures
    policy: Policy
    refresh: Refresh
    reviewer: str = ""
    language: str = ""
    cards: Cards = field(default_factory=Cards)
