"""Where the starter's runs are on this computer."""

import os
from pathlib import Path

STARTER = "starter"
HOME_VARIABLE = "MMAP_STUDIO_HOME"
"""Environment variable that names another folder for the starter's runs."""


def starter_home() -> Path:
    """Where the starter keeps its runs: the user's data folder, or what `HOME_VARIABLE` names."""
    import platformdirs

    home = os.environ.get(HOME_VARIABLE) or platformdirs.user_data_dir("mmap-studio", appauthor=False)
    return Path(home) / STARTER
