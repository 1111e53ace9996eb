"""The camera of the map: from the plane to the screen and back, without Qt."""

from dataclasses import dataclass, replace

import numpy as np

MARGIN = 0.06
"""Share of the view that is left free around the points."""


@dataclass(frozen=True)
class Camera:
    """Centre of the part of the plane that is seen, and pixels per unit; y grows upwards in the plane."""

    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0

    @classmethod
    def fit(cls, points: np.ndarray, width: float, height: float) -> "Camera":
        """The camera that sees all points (N, 2) without NaN in a view of this many pixels."""
        placed = points[np.isfinite(points).all(1)]
        if not len(placed) or width <= 0 or height <= 0:
            return cls()
        low, high = placed.min(0), placed.max(0)
        span = np.maximum(high - low, 1e-6)
        scale = min(width * (1 - 2 * MARGIN) / span[0], height * (1 - 2 * MARGIN) / span[1])
        middle = (low + high) / 2
        return cls(float(middle[0]), float(middle[1]), float(scale))

    def to_screen(self, points: np.ndarray, width: float, height: float) -> np.ndarray:
        """float64 (N, 2): pixels from the upper left corner."""
        screen = np.empty((len(points), 2))
        screen[:, 0] = (points[:, 0] - self.x) * self.scale + width / 2
        screen[:, 1] = (self.y - points[:, 1]) * self.scale + height / 2
        return screen

    def moved(self, across: float, down: float) -> "Camera":
        return replace(self, x=self.x - across / self.scale, y=self.y + down / self.scale)

    def zoomed(self, factor: float, across: float, down: float) -> "Camera":
        """The camera zoomed by a factor around a place, given in pixels from the centre of the view."""
        at_x, at_y = self.x + across / self.scale, self.y - down / self.scale
        scale = self.scale * factor
        return Camera(at_x - across / scale, at_y + down / scale, scale)


def nearest_point(screen: np.ndarray, x: float, y: float, within: float) -> int:
    """Index of the point (N, 2) nearest to a place on the screen; -1 if none is within `within` pixels."""
    if not len(screen):
        return -1
    far = (screen[:, 0] - x) ** 2 + (screen[:, 1] - y) ** 2
    far[~np.isfinite(far)] = np.inf
    best = int(far.argmin())
    return best if far[best] <= within**2 else -1
