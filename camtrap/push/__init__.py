"""What sends a season's events to another program's site, when a person asks for it."""
