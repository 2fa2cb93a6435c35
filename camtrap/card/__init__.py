"""WHAT IS ON THE CARD: files, EXIF, maker notes, times."""
