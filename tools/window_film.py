"""The moving image of the README: the window during a run of the starter, drawn without a display.

    python -m tools.window_film docs/window.gif

The run is a real one, so it takes as long as the starter takes (minutes) unless the cache has it.
"""

import io
import os
import sys
import tempfile
import time
from pathlib import Path

SIZE = (1200, 750)
SHOWN = 960
"""Width of the film in pixels."""
EVERY_S, FRAME_MS, LAST_MS = 1.5, 250, 4000
COLOURS, MOST = 64, 60
"""Of the film: colours, and frames, evenly chosen."""


def main(out: Path) -> None:
    """Run the starter in a window and write what it showed as a GIF."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QSettings
    from PySide6.QtWidgets import QApplication

    from mmap_studio.session.studio.studio import Studio
    from mmap_studio.ui.app import make_application
    from mmap_studio.ui.kit import theme
    from mmap_studio.ui.kit.preferences import Preferences
    from mmap_studio.ui.window.main_window import MainWindow

    app = make_application()
    with tempfile.TemporaryDirectory() as folder:
        window = MainWindow(
            Studio(), Preferences(QSettings(str(Path(folder) / "window.ini"), QSettings.Format.IniFormat))
        )
        theme.choose("light")
        theme.apply("light")
        window.resize(*SIZE)
        window.show()
        window.open("starter")
        frames: list[bytes] = []
        _watch(app, window, frames, lambda: not window.studio.job.busy)
        window.registry["run"].trigger()
        _watch(app, window, frames, lambda: not window.studio.job.busy)
        window.close()
        QApplication.processEvents()
    out.write_bytes(film(frames))
    print(f"{out}: {len(frames)} frames, {out.stat().st_size / 1e6:.1f} MB")


def _watch(app, window, frames, ended) -> None:  # type: ignore[no-untyped-def]
    """Keep a frame every `EVERY_S` seconds in which something has changed, until `ended()` has held for a second."""
    due, since = 0.0, None
    while since is None or time.monotonic() - since < 1:
        app.processEvents()
        time.sleep(0.01)
        now = time.monotonic()
        since = (since or now) if ended() else None
        if now >= due:
            due = now + EVERY_S
            frame = _grab(window)
            if not frames or frame != frames[-1]:
                frames.append(frame)


def _grab(window) -> bytes:  # type: ignore[no-untyped-def]
    from PySide6.QtCore import QBuffer, QIODevice

    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    window.grab().save(buffer, "PNG")
    return bytes(buffer.data().data())


def film(frames: list[bytes]) -> bytes:
    """A GIF of the frames (PNG), one palette for all of them."""
    from PIL import Image

    step = max(1, -(-len(frames) // MOST))
    kept = frames[:-1:step] + frames[-1:]
    images = [Image.open(io.BytesIO(frame)).convert("RGB") for frame in kept]
    height = round(images[0].height * SHOWN / images[0].width)
    images = [image.resize((SHOWN, height), Image.Resampling.LANCZOS) for image in images]
    palette = images[-1].quantize(COLOURS, dither=Image.Dither.NONE)
    drawn = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    out = io.BytesIO()
    times = [FRAME_MS] * (len(drawn) - 1) + [LAST_MS]
    drawn[0].save(out, "GIF", save_all=True, append_images=drawn[1:], duration=times, loop=0, optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
