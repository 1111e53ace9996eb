"""The domain that a task of a project is about, found again by its folder, layout and part."""

from pathlib import Path, PurePosixPath

from mmap_studio.data.domains import Domain, Survey
from mmap_studio.data.folders import survey_folders
from mmap_studio.data.layouts import AUTO, TREES, check_layout, parted
from mmap_studio.data.survey import Tick, survey
from mmap_studio.errors import DataError
from mmap_studio.formatting import shown, some


class DomainFinder:
    """Finds domains; a folder that several tasks share is surveyed once.

    tick : called with the number of images found so far; what it raises ends the survey
    """

    def __init__(self, tick: Tick | None = None) -> None:
        self._tick = tick
        self._surveys: dict[tuple[Path, str, bool], Survey] = {}

    def find(
        self, folder: Path, layout: str = AUTO, part: str = "", task: str = "", follow: bool = False
    ) -> tuple[Domain, list[str]]:
        """The domain, and what a user should know about it.

        part : which of the domains of the folder, where it holds several   task : its name, for sentences
        follow : links are followed out of the folder

        InputError for a layout that is none; DataError where no or more than one domain can be meant.
        """
        name, which, _ = parted(check_layout(layout))
        if name == "one-task" or (not part and name in (AUTO, *TREES)):
            return self._only(folder, layout, follow)
        if (folder, layout, follow) not in self._surveys:
            self._surveys[folder, layout, follow] = survey(folder, layout, self._tick, follow)
        found = self._surveys[folder, layout, follow]
        names = [domain.name for domain in found.domains]
        # what lists call nothing is called as its folder, and that may be called otherwise now
        alone = len(names) == 1 and (part in ("", PurePosixPath(which).stem) or names[0] == folder.name)
        for domain in found.domains:
            if domain.name == part or alone:
                return domain, [text for text in found.notices if f"Task {domain.name!r}" in text]
        holds = some(names, 8)
        if not part:
            raise DataError(
                f"Task {shown(task)} needs a `part` in project.toml: {shown(folder)} holds {holds}; write the one that "
                "is meant."
            )
        raise DataError(
            f"Task {shown(task)} must find its domain {shown(part)} in {shown(folder)}, but that holds {holds}; write "
            "one of them as its `part` in project.toml, or make the task anew."
        )

    def _only(self, folder: Path, layout: str, follow: bool) -> tuple[Domain, list[str]]:
        """The one domain of a folder tree; lists and tables in it are not read."""
        found = survey_folders(folder, layout, self._tick, follow)
        if len(found.domains) != 1:
            names = some([domain.name for domain in found.domains], 4)
            raise DataError(
                f"Folder {shown(folder)} must be one domain (class folders with images), but holds several ({names}); "
                "add each of them as a task, or use `mmap-studio new` on the folder."
            )
        own = [text for text in found.notices if "holds classes, not domains" not in text]
        return found.domains[0], [*own, *found.skipped_notices]
