"""camtrap: triage of camera-trap cards, for a ranger's laptop, a script or a workstation.

In a notebook:

    import camtrap
    for prediction in camtrap.triage("E:/DCIM"):
        print(prediction.path, prediction.state, prediction.probabilities)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Prediction", "__version__", "load_model", "triage"]

if TYPE_CHECKING:
    from camtrap.api import load_model, triage
    from camtrap.records import Prediction


def __getattr__(name: str) -> Any:
    # Imported on first use: the command line's --help must not wait for torch.
    if name in ("load_model", "triage"):
        from camtrap import api

        return getattr(api, name)
    if name == "Prediction":
        from camtrap.records import Prediction

        return Prediction
    raise AttributeError(f"module 'camtrap' has no attribute '{name}'")
