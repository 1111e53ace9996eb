"""The public names: all that their signatures mention is public too; the example in the docstring runs as written."""

import inspect
import re
import textwrap
import typing
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import mmap_studio
from mmap_studio.storage.store import MemoryStore
from tests import projects

NAMES = [name for name in mmap_studio.__all__ if name != "__version__"]


@pytest.fixture(scope="module")
def internal():
    """Types of fields that only the studio fills in and reads: where trials are made, and what a report is about."""
    from mmap_studio.session.compare.remaining import Ahead
    from mmap_studio.session.compare.trial_maker import Place
    from mmap_studio.session.engines.engine import Engine
    from mmap_studio.session.sweep.space import Space

    return {"Ahead": Ahead, "Engine": Engine, "Place": Place, "Space": Space}


@pytest.fixture(scope="module")
def public():
    """What the names stand for; importing it takes seconds."""
    return {name: getattr(mmap_studio, name) for name in NAMES}


def annotated(public: object) -> Iterator[object]:
    """A function, or a class with its fields and its public methods and properties."""
    yield public
    for name, member in vars(public).items() if inspect.isclass(public) else ():
        function = getattr(member, "__func__", getattr(member, "fget", member))
        if inspect.isfunction(function) and (name == "__init__" or not name.startswith("_")):
            yield function


def types_in(hint: object) -> Iterator[type]:
    """The classes that an annotation mentions, however deep."""
    inner = typing.get_args(hint)
    for one in inner:
        yield from (t for part in one for t in types_in(part)) if isinstance(one, list) else types_in(one)
    if isinstance(hint, type) and not inner:
        yield hint


@pytest.mark.parametrize("name", NAMES)
def test_every_type_that_a_public_name_mentions_is_public(name, public, internal):
    if not isinstance(public[name], type | Callable):
        return
    names = public | internal | {"np": np, "Path": Path}  # what the module imports for annotations only
    for one in annotated(public[name]):
        for where, hint in typing.get_type_hints(one, localns=names).items():
            for mentioned in types_in(hint):
                ours = mentioned.__module__.startswith("mmap_studio")
                known = mentioned in (*public.values(), *internal.values())
                assert not ours or known, f"{name}: {where} is a {mentioned.__qualname__}, which is not exported"


def test_what_type_checkers_see_is_what_is_imported():
    assert sorted(NAMES) == sorted(mmap_studio._MODULE_OF)


def test_the_example_of_the_package_runs_as_it_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MMAP_STUDIO_CACHE", str(tmp_path / "cache"))
    folder = projects.make(tmp_path).folder
    (example,) = re.findall(r"\n\n((?:    .*\n|\n)+)", mmap_studio.__doc__ or "")
    exec(textwrap.dedent(example).replace('"starter"', repr(str(folder))), {})
    *events, classes = capsys.readouterr().out.splitlines()
    assert events[-1] == "RunEnded"
    assert classes == "art ('alarm clock', 'fox', 'red car')"


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"groups": "nonsense"}, "must be one of 'art', 'clip art', 'real'. Got 'nonsense'"),
        ({"groups": "art+real"}, "'clip art'"),
        ({"groups": "7"}, "from 1 to 3, the number of tasks. Got 7"),
        ({"controls": ("prayer",)}, "must be one of linear_probe"),
    ],
)
def test_options_that_cannot_be_meant_are_refused_before_anything_is_written(tmp_path, options, wanted):
    project = projects.make(tmp_path).with_backbone("no backbone has this name")
    with pytest.raises(mmap_studio.InputError, match=re.escape(wanted)):
        next(mmap_studio.run(project, mmap_studio.RunOptions(**options), MemoryStore()))
    assert not project.runs.exists()


def test_a_prompt_folder_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(mmap_studio.CorruptError, match="nowhere must be a prompt folder, but is not there"):
        mmap_studio.PromptedClassifier.load(tmp_path / "nowhere")
    with pytest.raises(mmap_studio.CorruptError, match=r"Found no mmap\.json in it"):
        mmap_studio.PromptedClassifier.load(tmp_path)
