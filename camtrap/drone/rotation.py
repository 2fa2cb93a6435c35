"""How a camera is turned: yaw, pitch and roll, and the three directions that they make.

The frame is north, east, down. A camera's own axes are forward (where it looks), right and down
(as its picture lies). Angles turn about down, then right, then forward: ZYX, as in aviation and in
DJI's manuals (J. Diebel, Representing Attitude, Stanford 2006, its sequence 1-2-3).
"""

from __future__ import annotations

import math

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]
"""Three columns: where a camera's forward, right and down point, as north, east, down."""

_NEARLY_VERTICAL = 1e-9


def rotation(yaw: float, pitch: float, roll: float) -> Matrix:
    """The directions of a camera's axes from its angles in degrees.

    Yaw is clockwise from north, pitch upward from the horizon, roll with the right side down.
    """
    sin_yaw, cos_yaw = _sine_and_cosine(yaw)
    sin_pitch, cos_pitch = _sine_and_cosine(pitch)
    sin_roll, cos_roll = _sine_and_cosine(roll)
    forward = (cos_pitch * cos_yaw, cos_pitch * sin_yaw, -sin_pitch)
    right = (
        sin_roll * sin_pitch * cos_yaw - cos_roll * sin_yaw,
        sin_roll * sin_pitch * sin_yaw + cos_roll * cos_yaw,
        sin_roll * cos_pitch,
    )
    down = (
        cos_roll * sin_pitch * cos_yaw + sin_roll * sin_yaw,
        cos_roll * sin_pitch * sin_yaw - sin_roll * cos_yaw,
        cos_roll * cos_pitch,
    )
    return forward, right, down


def angles_of(matrix: Matrix) -> Vector:
    """Yaw, pitch and roll in degrees of three directions; straight up or down, roll is 0."""
    forward, right, down = matrix
    pitch = math.degrees(math.atan2(-forward[2], math.hypot(forward[0], forward[1])))
    if math.hypot(forward[0], forward[1]) < _NEARLY_VERTICAL:
        # All that is left is a turn about the vertical, which the right side tells.
        return math.degrees(math.atan2(-right[0], right[1])), pitch, 0.0
    yaw = math.degrees(math.atan2(forward[1], forward[0]))
    return yaw, pitch, math.degrees(math.atan2(right[2], down[2]))


def multiplied(outer: Matrix, inner: Matrix) -> Matrix:
    """The directions of a camera that is turned by `inner` on something turned by `outer`."""
    first, second, third = (applied(outer, column) for column in inner)
    return first, second, third


def applied(matrix: Matrix, vector: Vector) -> Vector:
    """A vector given along a camera's axes, as north, east, down."""
    (a, b, c), (x, y, z) = matrix, vector
    return (
        a[0] * x + b[0] * y + c[0] * z,
        a[1] * x + b[1] * y + c[1] * z,
        a[2] * x + b[2] * y + c[2] * z,
    )


def _sine_and_cosine(degrees: float) -> tuple[float, float]:
    radians = math.radians(degrees)
    return math.sin(radians), math.cos(radians)
