"""Sprite sheets: many small images of one size in one lossless image file."""

from pathlib import Path

import numpy as np
from PIL import Image


def write_sheet(images: np.ndarray, path: Path, columns: int) -> None:
    """Write (N, S, S, 3) uint8 as one grid, row by row, white where cells are left over; the suffix is the format."""
    count, size = images.shape[:2]
    rows = -(-count // columns)
    cells = np.full((rows * columns, size, size, 3), 255, np.uint8)
    cells[:count] = images
    grid = cells.reshape(rows, columns, size, size, 3).swapaxes(1, 2)  # (rows, S, columns, S, 3)
    Image.fromarray(grid.reshape(rows * size, columns * size, 3)).save(path, lossless=True, quality=100, method=6)


def read_sheet(path: Path, count: int, size: int) -> np.ndarray:
    """Read the first `count` cells of a sheet: (count, size, size, 3) uint8."""
    grid = np.asarray(Image.open(path).convert("RGB"))
    rows, columns = grid.shape[0] // size, grid.shape[1] // size
    cells = grid.reshape(rows, size, columns, size, 3).swapaxes(1, 2)  # (rows, columns, S, S, 3)
    return cells.reshape(rows * columns, size, size, 3)[:count]


def coarsen(images: np.ndarray, bits: int = 6) -> np.ndarray:
    """Round colours to `bits` a channel, white and black kept: what no eye sees takes most of a sheet's bytes."""
    top = 2**bits - 1
    return np.rint(np.rint(images / 255 * top) * 255 / top).astype(np.uint8)
