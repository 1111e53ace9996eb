"""`new`: a project from a folder, archive or table: what was recognised, a question on a terminal, then the project."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmap_studio.cli import new_options, options, split_options
from mmap_studio.cli.hub_data import local_data
from mmap_studio.cli.new_options import texts_of
from mmap_studio.cli.new_report import counting, document, recognised, report_text
from mmap_studio.cli.split_options import split_of
from mmap_studio.cli.terminal.output import is_terminal, say, tell, tell_json
from mmap_studio.errors import InputError
from mmap_studio.formatting import counted

if TYPE_CHECKING:
    from mmap_studio.session.ingest.report import ImportReport


def new(
    folder: Annotated[Path, typer.Argument(parser=options.path_of, metavar="FOLDER", help="Where the project goes.")],
    data: new_options.Data,
    name: Annotated[str | None, typer.Option(help="What the project is called; else as its folder.")] = None,
    layout: new_options.Layout = "auto",
    label_column: new_options.LabelColumn = "",
    follow_links: new_options.FollowLinks = False,
    yes: new_options.Yes = False,
    backbone: new_options.Backbone = "starter",
    split: split_options.Split = "auto",
    shots: split_options.Shots = None,
    share: split_options.Share = None,
    fractions: split_options.Fractions = None,
    rest: split_options.Rest = None,
    split_seed: split_options.SplitSeed = None,
    identity: split_options.Identity = None,
    template: new_options.Template = None,
    ensemble: new_options.Ensemble = None,
    classes: new_options.Classes = None,
    merge: new_options.Merge = None,
    leave_out: new_options.LeaveOut = None,
    preset: options.Preset = None,
    changes: options.Changes = None,
    json: options.Json = False,
) -> None:
    """Make a project from folders, lists, tables or archives."""
    from mmap_studio.cli.settings import new_settings
    from mmap_studio.session.backbones.name_lengths import too_long
    from mmap_studio.session.backbones.resolve import absolute, portable
    from mmap_studio.session.ingest.report import import_report
    from mmap_studio.session.ingest.text_options import check_template
    from mmap_studio.session.project.project import Project

    settings = new_settings(preset, changes or ())
    how = split_of(split, shots, share, fractions, rest, split_seed, identity)
    backbone = portable(absolute(backbone), folder)
    for text in (*(template or ()), *(ensemble or ())):
        check_template(text)  # a task's name may stand in front
    path = local_data(str(data), ask=not (yes or json) and is_terminal())
    with counting(path) as tick:
        report = import_report([path], how, {path: layout}, tick=tick, follow=follow_links, column=label_column)
    there = {task.name: task.domain.classes for task in report.tasks}
    texts = texts_of(there, template or (), ensemble or (), classes or (), merge or (), leave_out or ())
    if not (yes or json) and layout == "auto":
        _confirm(report)
    report = report.with_texts(texts)
    read = [(task.name, task.class_texts, task.entry.template) for task in report.tasks]
    if problems := [*report.problems, *too_long(backbone, read, settings.prompt.inserted, folder)]:
        more = f" {counted(len(problems) - 1, 'other class name has', 'other class names have')} to be put right, too."
        raise InputError(f"{problems[0]}{more if problems[1:] else ''}")
    project = Project.new(folder, report.entries, name, backbone, how, settings)
    if json:
        tell_json(document(report, project))
    else:
        tell(report_text(report, project))


def _confirm(report: "ImportReport") -> None:
    """On a terminal, ask; a script goes on as if it had said yes. InputError when the answer is no."""
    if not is_terminal():
        return
    say(recognised(report))
    layouts = report.readings[0].others
    others = f"--layout, such as {', '.join(layouts)}" if layouts else "--layout NAME"
    if not typer.confirm("Is this right?", default=True, err=True):
        raise InputError(f"Nothing was made; say what the layout is with {others}, or point --data at another folder.")
