"""Reading images needs neither torch nor Qt."""

import subprocess
import sys
from pathlib import Path

import mmap_studio.data

MODULES = [f"mmap_studio.data.{path.stem}" for path in Path(mmap_studio.data.__path__[0]).glob("[a-z]*.py")]


def test_data_imports_neither_torch_nor_qt():
    code = f"import sys, {', '.join(MODULES)}; print({{'torch', 'torchvision', 'PySide6', 'h5py'}} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert found == "set()"
