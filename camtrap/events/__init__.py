"""WHAT IT MEANS: frames grouped into events."""
