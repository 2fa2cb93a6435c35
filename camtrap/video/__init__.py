"""WHAT MOVES: clips of cameras that film, as a few of their frames. Needs the extra `video`."""
