"""What others said of the season's files: models and people whose tables are read into it."""
