"""Colours that stay apart for colour-blind eyes, for windows and for figures."""

import numpy as np

OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
"""Eight colours (Okabe and Ito 2008)."""
UNKNOWN = (200, 200, 200)
"""Of a number that is not finite."""


def diverging(values: np.ndarray) -> np.ndarray:
    """uint8 (..., 3): blue for -1, white for 0, vermilion for 1, in between mixed; grey where not finite."""
    ends = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (OKABE_ITO[0], OKABE_ITO[5])])
    share = np.clip(np.nan_to_num(values, nan=0.0), -1, 1)[..., None]
    colours = 255 + np.abs(share) * (np.where(share < 0, ends[0], ends[1]) - 255)
    found: np.ndarray = np.where(np.isfinite(values)[..., None], colours, UNKNOWN).round().astype(np.uint8)
    return found
