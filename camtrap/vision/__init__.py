"""WHAT IS IN THE PICTURE: networks, checkpoints, the predictor and its calibrated rule."""
