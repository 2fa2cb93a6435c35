"""Our own exceptions: each message is a sentence a ranger understands, and names the next step."""


class CamtrapError(Exception):
    """Base of all errors that camtrap raises on purpose; the command line prints it and exits 1."""


class CardError(CamtrapError):
    """A card cannot be listed at all."""


class SeasonError(CamtrapError):
    """A season folder or its ledger cannot be used."""


class ModelError(CamtrapError):
    """A model folder is missing, incomplete, changed, or does not fit this version."""


class ConfigError(CamtrapError):
    """A settings file or an option holds a value that cannot be used."""


class DataError(CamtrapError):
    """A training or evaluation data set cannot be used."""


class UnreadablePicture(CamtrapError):  # noqa: N818 - the state it leads to, not a failure of ours
    """A picture whose bytes cannot be read or decoded; the file's state becomes `unreadable`."""


class TruncatedPicture(UnreadablePicture):
    """A picture whose data ends early; the file's state becomes `truncated`, never a label."""


class NotesError(CamtrapError):
    """A table that people wrote (`stations.csv`, `clock_offsets.csv`) cannot be used as it is."""


class PushError(CamtrapError):
    """Something could not be sent to another program's site; what was sent before is kept."""
