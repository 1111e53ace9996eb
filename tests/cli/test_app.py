"""What must be quick is: nothing heavy is imported for help, for the package, or to say that there is no display."""

import subprocess
import sys

from tests.cli.conftest import ROOT, finished

# typer itself loads pydantic where it is installed
HEAVY = ("torch", "open_clip", "sklearn", "h5py", "PySide6", "numpy")


def modules(code):
    """Top-level modules that are loaded after `code`."""
    code = f"import sys\n{code}\nprint(' '.join({{m.split('.')[0] for m in sys.modules}}), file=sys.stderr)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stderr.split()


def test_help_imports_nothing_heavy():
    code = "from mmap_studio.cli.app import app\ntry: app(['run', '--help'])\nexcept SystemExit: pass"
    assert not set(HEAVY) & set(modules(code))


def test_the_package_imports_neither_torch_nor_qt():
    assert not {"torch", "PySide6"} & set(modules("import mmap_studio"))


def test_help_names_every_command(mmap):
    text = mmap("--help").stdout
    named = "run affinity compare results runs new export predict score relocate inspect cache info backbones"
    for name in [*named.split(), "download", "doctor"]:
        assert f"\n  {name} " in text
    commands = text.partition("Commands:")[2]
    assert "..." not in commands, "a line of help does not fit"


def test_version(mmap):
    import mmap_studio

    assert mmap("--version").stdout.strip() == f"mmap-studio {mmap_studio.__version__}"


def test_without_a_display_the_window_names_the_other_way(place):
    code, out, err = finished()
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert "no" in err
    assert "display" in err
    assert "`mmap-studio run PROJECT`" in err


def test_main_py_is_the_command():
    run = subprocess.run([sys.executable, "main.py", "--version"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.startswith("mmap-studio ")


def test_list_of_backbones_loads_no_torch(mmap):
    code = "from mmap_studio.session.backbones.architectures import architectures\nassert len(architectures()) > 20"
    assert not {"torch", "open_clip"} & set(modules(code))
