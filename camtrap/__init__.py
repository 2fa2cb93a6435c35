"""camtrap: triage of camera-trap cards, for a ranger's laptop, a script or a workstation."""

__version__ = "0.1.0"
