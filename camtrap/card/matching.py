"""Which deployment a file is of: by its folders, its camera's serial number or its label."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from camtrap.card.deployments import Deployment


class Matcher:
    """Finds the deployment of a file among those of a season."""

    def __init__(self, deployments: Sequence[Deployment] = ()) -> None:
        self._deployments = tuple(deployments)

    def deployment_of(
        self,
        card: str,
        relative_path: str,
        serial: str,
        user_label: str,
        taken_at: datetime | None,
    ) -> Deployment | None:
        """The deployment, or None where nothing tells it or two are as likely.

        `card` is the card's name and `relative_path` the path on it (POSIX); `taken_at` is what the
        camera wrote, and decides only between deployments that all else allows.
        """
        return None
