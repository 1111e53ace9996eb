"""The real window, with short settings, that tells a file what it shows and where things are on the screen."""

import json
import sys
from pathlib import Path


def main(said: Path) -> int:
    from PySide6.QtCore import QTimer

    from mmap_studio.config import settings_from
    from mmap_studio.session.studio import Studio
    from mmap_studio.ui import theme
    from mmap_studio.ui.app import make_application
    from mmap_studio.ui.main_window import MainWindow

    app = make_application()
    theme.apply("light")
    window = MainWindow(Studio())
    window.move(0, 0)
    window.show()
    window.open("starter")
    short = settings_from({"train": {"epochs": 1, "batch_size": 32}, "affinity": {"epochs": 1, "every": 4}})
    if window.studio.project is not None and window.studio.project.settings.train.epochs != 1:
        window.studio.set_settings(short)
    runs = []
    window.studio.listen(lambda event: runs.append(1) if type(event).__name__ == "RunEnded" else None)

    def centre(widget) -> list[int]:
        place = widget.mapToGlobal(widget.rect().center())
        return [place.x(), place.y()]

    def say() -> None:
        views, studio = window.views, window.studio
        card = views.board._cards[studio.board.grouping.groups[0][0]]
        values = {
            "state": studio.state.value, "tasks_read": bool(studio.known.tasks),
            "frames": len(views.heatmap.replay.frames),
            "ended": bool(studio.known.ended), "runs": len(runs), "results": len(studio.known.results),
            "groups": studio.board.grouping.text(), "can_run": window.registry["run"].isEnabled(),
            "run_at": centre(window.header.buttons["run"]), "card_at": centre(card),
            "new_group_at": centre(views.board.body.strip),
        }  # fmt: skip
        fresh = said.with_suffix(".part")
        fresh.write_text(json.dumps(values))
        fresh.replace(said)

    timer = QTimer(window, interval=400)
    timer.timeout.connect(say)
    timer.start()
    return int(app.exec())


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    sys.exit(main(Path(sys.argv[1])))
