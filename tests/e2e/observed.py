"""`python -m tests.e2e.observed SAID [PROJECT]`: the real `mmap-studio [PROJECT]`, and a timer in it that only looks.

Ten times a second it writes into the file SAID, as JSON, what the window shows and where things are on the screen.
What a user does comes from outside, through the X server; nothing here presses, opens or changes anything.
"""

import json
import sys
from pathlib import Path
from typing import Any

from mmap_studio.session.events import GroupReady, PhaseStarted, RunEnded

PERIOD = 100
"""Milliseconds between two looks."""


def main() -> None:
    """Start the studio's own entry point with an observer in its application."""
    said = Path(sys.argv.pop(1))
    from mmap_studio.ui import app

    make, observers = app.make_application, []

    def observed() -> Any:
        made = make()
        observers.append(Observer(made, said))
        return made

    app.make_application = observed
    from mmap_studio.__main__ import main as studio

    studio()


class Observer:
    """Finds the main window when there is one, and says what it shows."""

    def __init__(self, app: Any, said: Path) -> None:
        from PySide6.QtCore import QTimer

        self.app, self.said, self.window = app, said, None
        self.runs, self.trained = 0, []
        self.timer = QTimer(app, interval=PERIOD)
        self.timer.timeout.connect(self.look)
        self.timer.start()

    def look(self) -> None:
        """One look."""
        from mmap_studio.ui.window.main_window import MainWindow

        if self.window is None:
            self.window = next((w for w in self.app.topLevelWidgets() if isinstance(w, MainWindow)), None)
            if self.window is None:
                return
            self.window.studio.listen(self.hear)
        fresh = self.said.with_suffix(".part")
        fresh.write_text(json.dumps(self.values()))
        fresh.replace(self.said)

    def hear(self, event: Any) -> None:
        """Count the runs, and note which groups the last one trained."""
        if isinstance(event, PhaseStarted) and event.phase == "backbone":
            self.trained = []
        self.runs += isinstance(event, RunEnded)
        if isinstance(event, GroupReady) and not event.cached:
            self.trained.append(sorted(event.group.members))

    def values(self) -> dict[str, Any]:
        """What is seen now."""
        window, studio = self.window, self.window.studio
        active, focus = self.app.activeWindow(), self.app.focusWidget()
        return {
            "state": studio.jobs.state.value,
            "opening": studio.jobs.opening,
            "project": studio.project.name if studio.project else "",
            "tasks": [task.name for task in studio.known.tasks],
            "groups": [list(group) for group in studio.board.grouping],
            "marks": [studio.board.trained(i) for i in range(len(studio.board.grouping))],
            "undo": studio.board.history.undo_label,
            "frames": len(window.views.heatmap.replay.frames),
            "methods": list(studio.known.results),
            "runs": self.runs,
            "trained": self.trained,
            "enabled": [key for key, action in window.registry.by_key.items() if action.isEnabled()],
            "active": active.windowTitle() if active else "",
            "focus": name_of(focus) if focus else "",
            "background": window.palette().window().color().lightness(),
            "compared": self.compared(),
            "places": self.places() | self.boxes() | self.entries() | self.tabs(),
        }

    def compared(self) -> dict[str, Any]:
        """What the Compare view is asked for, and how far it is."""
        comparisons, view = self.window.studio.comparisons, self.window.views.compare
        plan, ledger = comparisons.plan, comparisons.ledger
        return {
            "asked": list(ledger.names(plan)) if ledger.methods else [],
            "shots": [one.label for one in plan.amounts],
            "seeds": list(plan.seeds),
            "surveyed": bool(ledger.methods) and not comparisons.doing and ledger.is_surveyed(plan),
            "busy": comparisons.busy,
            "made": sum(cell in ledger.trials for cell in ledger.cells(plan)) if ledger.methods else 0,
            "trials": len(ledger.cells(plan)) if ledger.methods else 0,
            "rows": [name for name, _ in self.rows()],
            "row": next((name for name, row in self.rows() if row is view.plan.methods.currentItem()), ""),
            "answer": view.headline.text(),
            "curves": len(self.window.views.curves.losses.of(self.window.views.curves.stage.currentText())),
        }

    def rows(self) -> list[tuple[str, Any]]:
        """Of the tree of methods, from above: families by their title, methods by their name in the catalogue."""
        tree, found = self.window.views.compare.plan.methods, []
        for head in map(tree.topLevelItem, range(tree.topLevelItemCount())):
            inside = [(name, row) for name, row in tree._rows.items() if row.parent() is head]
            found += [(head.text(0), head), *inside]
        return found

    def boxes(self) -> dict[str, list[int]]:
        """Of the methods that can be ticked and are in sight: their boxes, by name in the catalogue."""
        tree = self.window.views.compare.plan.methods
        found, view = {}, tree.viewport()
        for name, row in tree._rows.items() if tree.isVisible() else ():
            place = tree.visualItemRect(row)
            if place.isValid() and view.rect().contains(place) and not tree.visibleRegion().isEmpty():
                found[f"box of {name}"] = self.on_screen(view, place.left() + 10, place.center().y())
        return found

    def entries(self) -> dict[str, list[int]]:
        """Of menus that are open."""
        from PySide6.QtWidgets import QMenu

        menus = [one for one in self.app.topLevelWidgets() if isinstance(one, QMenu) and one.isVisible()]
        places = [(menu, action, menu.actionGeometry(action).center()) for menu in menus for action in menu.actions()]
        return {f"entry {a.text().replace('&', '')}": self.on_screen(menu, at.x(), at.y()) for menu, a, at in places}

    def tabs(self) -> dict[str, list[int]]:
        """Of views that stand behind each other."""
        from PySide6.QtWidgets import QTabBar

        bars = [one for one in self.window.findChildren(QTabBar) if one.isVisible()]
        places = [(bar, number, bar.tabRect(number).center()) for bar in bars for number in range(bar.count())]
        return {f"tab {bar.tabText(n).replace('&', '')}": self.on_screen(bar, at.x(), at.y()) for bar, n, at in places}

    def on_screen(self, widget: Any, x: int, y: int) -> list[int]:
        """A place of a widget in pixels of the screen."""
        from PySide6.QtCore import QPoint

        place, ratio = widget.mapToGlobal(QPoint(x, y)), widget.devicePixelRatioF()
        return [round(place.x() * ratio), round(place.y() * ratio)]

    def places(self) -> dict[str, list[int]]:
        """Centre of every visible widget on the screen, in its pixels, by name; of two, the active window's."""
        from PySide6.QtWidgets import QWidget

        found: dict[str, list[int]] = {}
        active = self.app.activeWindow()
        for top in sorted(self.app.topLevelWidgets(), key=lambda top: top is active):
            for widget in [top, *top.findChildren(QWidget)] if top.isVisible() else []:
                name = name_of(widget)
                if name and widget.isVisible() and not widget.visibleRegion().isEmpty():
                    centre = widget.rect().center()
                    found[name] = self.on_screen(widget, centre.x(), centre.y())
        return found


def name_of(widget: Any) -> str:
    """Accessible name, or text."""
    return (widget.accessibleName() or getattr(widget, "text", str)()).replace("&", "")


if __name__ == "__main__":
    main()
