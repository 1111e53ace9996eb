"""What is wrong in a project.toml is said in one sentence, with the file, the key and what to do."""

import pytest

from mmap_studio.errors import InputError, StudioError
from mmap_studio.session.project.project_file import TaskEntry, read_project_file, write_project_file

GOOD = 'format = 1\nname = "mine"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("format = 1\n", "Setting 'name' must be there, but is missing; add it."),
        (f'{GOOD}[settings]\npreset = "heavy"\n', "Setting 'preset' cannot be used: input should be 'auto', 'light'"),
        (f'{GOOD}[split]\nkind = "sharp"\n', "Setting 'split.kind' cannot be used: input should be 'auto'"),
        (f"{GOOD}[settings.prompt]\ntokens = 8\nsource_rows = 3\n", "Got source_rows 3 and tokens 8 instead."),
        (f"{GOOD}tasks = 3\n", "Setting 'tasks' cannot be used"),
        (f"{GOOD}[[tasks]]\nfolder = 'a'\n", "Setting 'tasks.0.name' must be there"),
        ("x = [", "must be a TOML file, but is not"),
        ("format = 2\n", "must have format 1, but has format 2; open it with a newer"),
        ("format = 0\n", "must say format = 1, but says 0; correct the line"),
        ("format = -3\n", "must say format = 1, but says -3; correct the line"),
        ("format = 'one'\n", "must say format = 1, but says 'one'; correct the line"),
        ("format = true\n", "must say format = 1, but says True; correct the line"),
        ("format = 1.0\n", "must say format = 1, but says 1.0; correct the line"),
    ],
)
def test_a_sentence_names_the_file_and_the_key(tmp_path, text, says):
    path = tmp_path / "project.toml"
    path.write_text(text)
    with pytest.raises(StudioError) as refused:
        read_project_file(path)
    said = str(refused.value)
    assert said.startswith(str(path))
    assert says in said
    assert len(said) < len(str(path)) + 250
    assert ".;" not in said


def test_a_byte_order_mark_as_windows_editors_write_it_is_read_over(tmp_path):
    path = tmp_path / "project.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert read_project_file(path).name == "mine"


def test_where_a_project_was_made_is_written_if_it_is_known(tmp_path):
    old = read_project_file(write(tmp_path, GOOD))
    assert "made_in" not in write_project_file(old)
    new = old.model_copy(update={"made_in": "/home/me/mine"})
    assert read_project_file(write(tmp_path, write_project_file(new))) == new


def write(folder, text):
    (folder / "project.toml").write_text(text)
    return folder / "project.toml"


def test_a_sound_file_is_read(tmp_path):
    path = tmp_path / "project.toml"
    path.write_text(f'{GOOD}[[tasks]]\nname = "art"\nfolder = "a"\n')
    assert read_project_file(path).tasks == (TaskEntry(name="art", folder="a"),)
    with pytest.raises(InputError, match="make one with `mmap-studio new"):
        read_project_file(tmp_path / "gone.toml")
