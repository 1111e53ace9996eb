"""What a child can no longer do once it has set its limits; each program would end with code 0 without them."""

import subprocess
import sys

import pytest

from mmap_studio.storage.foreign.child import command, environment

LIMIT = "import os, socket\nfrom mmap_studio.storage.foreign.child import limit\n{}limit(1 << 30, 1)\n"
PROGRAMS = {
    "reads a file": ("open('there').read()", "Too many open files"),
    "makes a file": ("open('made', 'w')", "Too many open files"),
    "writes to what is open": ("os.write(3, b'x')", "File too large"),
    "opens a socket": ("socket.socket()", "Too many open files"),
    "opens a pipe": ("os.pipe()", "Too many open files"),
    "takes memory": ("bytearray(2 << 30)", "MemoryError"),
    "works for ever": ("while True: pass", ""),
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of Linux")
@pytest.mark.parametrize("kind", PROGRAMS)
def test_a_child_with_limits_can_do_no_harm(kind, tmp_path):
    line, error = PROGRAMS[kind]
    (tmp_path / "there").write_text("x")
    held = "held = os.open('held', os.O_WRONLY | os.O_CREAT); assert held == 3\n"
    program = LIMIT.format(held)
    about = {"env": environment(), "cwd": tmp_path, "capture_output": True, "text": True, "timeout": 60}
    assert subprocess.run([sys.executable, "-c", program], **about, check=False).returncode == 0
    done = subprocess.run([sys.executable, "-c", program + line], **about, check=False)
    assert done.returncode
    assert error in done.stderr
    assert not (tmp_path / "made").exists()
    assert (tmp_path / "held").read_bytes() == b""


@pytest.mark.parametrize(
    "module", ["storage.foreign.hdf5", "storage.foreign.torchscript", "session.doctor.child_checks"]
)
def test_nothing_of_the_working_folder_is_run(module, tmp_path):
    for name in ("json", "zipfile", "pickletools", "numpy", "h5py", "pydantic", "os"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'w').close()")
    subprocess.run(
        command(f"mmap_studio.{module}"), cwd=tmp_path, env=environment(), input=b"", capture_output=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert not (tmp_path / "ran").exists()
