"""An HDF5 file for other programs: datasets under their own names, and words as attributes. Made in memory."""

import io
from collections.abc import Mapping

import numpy as np


def pack_plain(arrays: Mapping[str, np.ndarray], words: Mapping[str, str | list[str]]) -> bytes:
    """The bytes of an HDF5 file. `hdf5.pack` is for what the studio reads back: this one checks nothing."""
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array)
        for name, value in words.items():
            file.attrs[name] = value
    return buffer.getvalue()
