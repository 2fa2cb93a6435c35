"""The season in other tools' formats, one module a format; see `docs/formats.md`."""
