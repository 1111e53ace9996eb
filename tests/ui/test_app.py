"""The start of the window: what is imported before it can be seen."""

import subprocess
import sys


def test_the_window_opens_without_what_it_does_not_need_yet():
    """Readers of data sets and CUDA's bindings took a fifth of the time to the first paint."""
    code = (
        "import sys\n"
        "from mmap_studio.ui.app import load_pyqtgraph\n"
        "load_pyqtgraph()\n"
        "import mmap_studio.ui.window.main_window\n"
        "late = ('torch', 'open_clip', 'sklearn', 'h5py', 'PIL', 'pyarrow', 'cuda', 'mmap_studio.data.survey')\n"
        "print([name for name in late if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
