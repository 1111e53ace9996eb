"""TorchScript archives become safetensors in a child that runs nothing of them, whatever they hold."""

import copy
import pickle
import random
import subprocess
import sys
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

from mmap_studio.errors import CorruptError, StorageError
from mmap_studio.storage.foreign import torchscript
from mmap_studio.storage.foreign.torchscript import RefusedError, described, weights_of
from mmap_studio.storage.tensors import read_tensors
from tests.lazy import imported_later
from tests.storage.checks import mutated
from tests.torchscript import record, rewritten, saved

with imported_later():
    import torch

pytestmark = pytest.mark.filterwarnings("ignore")


def same(packed, state):
    found = read_tensors(packed)
    assert found.keys() == state.keys()
    for name, tensor in state.items():
        expected = tensor.float() if tensor.dtype == torch.bfloat16 else tensor
        assert found[name].dtype == expected.numpy().dtype, name
        np.testing.assert_array_equal(found[name], expected.numpy(), err_msg=name)


def test_the_state_dict_of_a_traced_clip_comes_back_in_its_precision(openai_archive, openai_clip):
    state = openai_clip.state_dict()
    assert {str(tensor.dtype) for tensor in state.values()} == {"torch.float16", "torch.float32", "torch.int64"}
    same(weights_of(openai_archive), state)
    assert set(torch.jit.load(openai_archive).state_dict()) - state.keys() == {"attn_mask"}


def scripted(tmp_path, **tensors):
    path = tmp_path / "m.pt"
    module = torch.nn.Sequential(OrderedDict(a=torch.nn.Linear(3, 2), b=torch.nn.Sequential(torch.nn.LayerNorm(2))))
    for name, tensor in tensors.items():
        module.register_buffer(name, tensor)
    path.write_bytes(saved(torch.jit.script(module)))
    return path, module.state_dict()


def test_every_type_and_every_way_to_lie_in_memory(tmp_path):
    whole = torch.arange(24).reshape(4, 6)
    kinds = (
        torch.float16,
        torch.float64,
        torch.bfloat16,
        torch.int32,
        torch.int16,
        torch.int8,
        torch.uint8,
        torch.bool,
    )
    tensors = {f"of_{str(kind).rpartition('.')[2]}": whole.to(kind) for kind in kinds}
    tensors |= {"turned": whole.T, "part": whole[1:3, ::2], "number": torch.tensor(2.5), "none": torch.ones(0, 3)}
    path, state = scripted(tmp_path, **tensors)
    same(weights_of(path), state)


def refused(path, *words):
    with pytest.raises(CorruptError) as caught:
        weights_of(path)
    text = str(caught.value)
    assert str(path) in text
    assert "\n" not in text
    for word in words:
        assert word in text, text


def test_other_files_are_no_archives(tmp_path):
    torch.save({"a": torch.ones(2)}, tmp_path / "w.pt")
    (tmp_path / "text.pt").write_text("<html>")
    refused(tmp_path / "w.pt", "must be a TorchScript archive, but is another file")
    refused(tmp_path / "text.pt", "must be a TorchScript archive, but is another file")
    with pytest.raises(StorageError, match="does not exist"):
        weights_of(tmp_path / "absent.pt")


def test_a_number_that_is_not_finite_is_refused(tmp_path):
    path, _ = scripted(tmp_path, odd=torch.tensor([1.0, float("nan")]))
    refused(path, "'odd'", "finite")


# -- hostile -------------------------------------------------------------------------------------------------------

EVIL = """
import sys, torch
from typing import Tuple

class Evil(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight, self.path = torch.nn.Parameter(torch.ones(2)), sys.argv[1]
    def forward(self, x):
        return x + self.weight
    @torch.jit.export
    def __getstate__(self) -> Tuple[torch.Tensor, bool, str]:
        return self.weight, self.training, self.path
    @torch.jit.export
    def __setstate__(self, state: Tuple[torch.Tensor, bool, str]) -> None:
        self.weight, self.training, self.path = state[0], state[1], state[2]
        torch.save(state[0], state[2])

torch.jit.script(Evil()).save(sys.argv[2])
"""


@pytest.mark.slow
def test_a_program_that_writes_a_file_when_it_is_loaded_is_not_run(tmp_path):
    canary, path = tmp_path / "canary", tmp_path / "evil.pt"
    (tmp_path / "evil.py").write_text(EVIL)
    subprocess.run([sys.executable, "-W", "ignore", tmp_path / "evil.py", canary, path], check=True)
    assert not canary.exists()
    refused(path, "__torch__", "Evil, which makes its weights by a program of its own")
    assert not canary.exists()
    load = "import sys, torch; torch.jit.load(sys.argv[1])"
    subprocess.run([sys.executable, "-W", "ignore", "-c", load, path], check=True)
    assert canary.exists()  # what torch does with it


class Calling:
    """Pickled as a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def calls(folder):
    import os
    import socket

    canary = str(folder / "canary")
    return {
        "writes a file": (Calling(open, canary, "w"), f"a call of {open.__module__}.open"),  # _io from Python 3.12 on
        "runs a command": (Calling(os.system, f"touch {canary}"), "a call of posix.system"),
        "forks": (Calling(os.fork), "a call of posix.fork"),
        "opens a socket": (Calling(socket.create_connection, ("127.0.0.1", 9)), "a call of socket.create_connection"),
        "evaluates": (Calling(eval, f"open({canary!r}, 'w')"), "a call of __builtin__.eval"),
    }


@pytest.mark.parametrize("kind", ["writes a file", "runs a command", "forks", "opens a socket", "evaluates"])
@pytest.mark.parametrize("protocol", [2, 4])
def test_a_call_in_the_description_is_not_made(openai_archive, tmp_path, kind, protocol):
    call, found = calls(tmp_path)[kind]
    path = rewritten(openai_archive, tmp_path / "evil.pt", {"data.pkl": pickle.dumps({"weight": call}, protocol)})
    refused(path, found if protocol == 2 else "the opcode")
    assert not (tmp_path / "canary").exists()


def tensor(key="0", numbers=4, start=0, shape=(4,), strides=(1,), kind="torch FloatStorage"):
    """The opcodes of a tensor, as torch writes them."""

    def tuple_of(*items):
        return b"(" + b"".join(items) + b"t"

    def number(value):
        return b"\x8a\x08" + value.to_bytes(8, "little", signed=True)

    def text(value):
        return b"X" + len(value).to_bytes(4, "little") + value.encode()

    module, _, name = kind.partition(" ")
    stored = tuple_of(text("storage"), f"c{module}\n{name}\n".encode(), text(key), text("cpu"), number(numbers))
    sizes = tuple_of(*map(number, shape)), tuple_of(*map(number, strides))
    ordered = b"ccollections\nOrderedDict\n)R"
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n" + tuple_of(stored + b"Q", number(start), *sizes, b"\x89", ordered) + b"R"
    )


def module(state):
    """The opcodes of a module with these tensors, of a class without a program."""
    entries = b"".join(b"X" + len(name).to_bytes(4, "little") + name.encode() + code for name, code in state.items())
    return b"\x80\x02c__torch__.M\nM\n)\x81}(" + entries + b"ub."


def test_a_description_by_hand_is_read(openai_archive, tmp_path):
    numbers = np.arange(4, dtype="<f4")
    code = module({"a": tensor(), "b": tensor(start=1, shape=(2,), strides=(2,))})
    path = rewritten(openai_archive, tmp_path / "made.pt", {"data.pkl": code, "data/0": numbers.tobytes()})
    found = read_tensors(weights_of(path))
    np.testing.assert_array_equal(found["a"], numbers)
    np.testing.assert_array_equal(found["b"], numbers[[1, 3]])


PROGRAM = """class M(Module):
  __parameters__ = ["a", ]
  __buffers__ = ["c", ]
  a : Tensor
  b : Tensor
"""


def test_what_the_program_calls_neither_parameter_nor_buffer_is_left_out(openai_archive, tmp_path):
    code = module({name: tensor() for name in "abc"}).replace(b"__torch__.M\nM", b"__torch__.my\nM")
    data = {"data.pkl": code, "data/0": bytes(16), "code/__torch__/my.py": PROGRAM.encode()}
    path = rewritten(openai_archive, tmp_path / "made.pt", data, zipfile.ZIP_STORED)
    assert read_tensors(weights_of(path)).keys() == {"a", "c"}
    old = PROGRAM.replace('  __buffers__ = ["c", ]\n', "")
    path = rewritten(openai_archive, tmp_path / "old.pt", data | {"code/__torch__/my.py": old.encode()})
    assert read_tensors(weights_of(path)).keys() == {"a", "b", "c"}


def endless(deep=60):
    """A module that holds the next one twice, and so on: 2^60 names."""
    if deep == 0:
        return b"c__torch__.M\nM\n)\x81}b"
    place = bytes([deep])
    first, second = (b"X\x01\x00\x00\x00" + name for name in (b"a", b"b"))
    return b"c__torch__.M\nM\n)\x81}(" + first + endless(deep - 1) + b"q" + place + second + b"h" + place + b"ub"


def nested_key():
    """A table whose key would be hashed for ever."""
    return b"\x80\x02})" + b"q\x00h\x00h\x00\x86" * 60 + b"Ns."


def doubled(times=60):
    """A tuple of two, each of two, and so on: 2^60 words in its text."""
    return b")" + b"q\x00h\x00\x86" * times


def entries(count, code):
    """A module with one thing under so many names."""
    first, *names = [b"X\x05\x00\x00\x00" + f"{number:05}".encode() for number in range(count)]
    held = first + code + b"q\x07" + b"".join(name + b"h\x07" for name in names)
    return b"c__torch__.M\nM\n)\x81}(" + held + b"ub"


HOSTILE = {
    "a size whose text has no end": (
        module({"a": tensor()}).replace(b"\x8a\x08" + bytes(8), doubled(), 1),
        "a size must be",
    ),
    "a kind whose text has no end": (
        module({"a": tensor()}).replace(b"ctorch\nFloatStorage\n", doubled(), 1).replace(b"storage", b"strange"),
        "a kind that is not known",
    ),
    "one tensor under names without end": (
        b"\x80\x02" + entries(99_999, b"c__torch__.M\nM\n)\x81}(" + b"X\x01\x00\x00\x00a" + tensor() + b"ub") + b".",
        "within modules without end",
    ),
    "a name of two megabytes": (module({"n" * (2 << 20): tensor()}), "safetensors has no room for"),
    "the name of what is about the file": (module({"__metadata__": tensor()}), "safetensors has no room for"),
    "a name of a hundred thousand letters for what is not there": (
        module({"n" * 100_000: tensor(numbers=3, shape=(3,))}),
        "'nnn",
    ),
    "a size of two thousand digits": (
        module({"a": tensor()}).replace(b"\x8a\x08" + bytes(8), b"\x8a\xff" + b"\x7f" * 255, 1),
        "a size must be",
    ),
    "an empty tensor with more axes than memory has": (
        module({"a": tensor(shape=(1 << 47, 1 << 47, 0), strides=(0, 0, 0))}),
        "not torch's",
    ),
    "numbers that are not there": (module({"a": tensor(numbers=1 << 40, shape=(1 << 40,))}), "in a file of"),
    "a storage that is too short": (module({"a": tensor(numbers=3, shape=(4,))}), "whose numbers are not there"),
    "numbers beyond the storage": (module({"a": tensor(start=2)}), "whose numbers are not there"),
    "strides beyond the storage": (module({"a": tensor(strides=(9,))}), "whose numbers are not there"),
    "one number a million times": (module({"a": tensor(shape=(1 << 40,), strides=(0,))}), "in a file of"),
    "a negative start": (module({"a": tensor(start=-1)}), "a size must be"),
    "a record outside": (module({"a": tensor(key="../../../etc/passwd")}), "a kind that is not known"),
    "another kind": (module({"a": tensor(kind="torch QInt8Storage")}), "torch.QInt8Storage"),
    "no module": (b"\x80\x02N.", "no module"),
    "no weights": (b"\x80\x02c__torch__.M\nM\n)\x81}b.", "no weights"),
    "nothing": (b"", "not torch's"),
    "cut off": (module({"a": tensor()})[:40], "not torch's"),
    "memory of two thousand million places": (b"\x80\x02Nr\xff\xff\xff\x7f0.", "the opcode POP"),
    "a text of a petabyte": (b"\x80\x04\x8d" + (1 << 50).to_bytes(8, "little") + b"a.", "not torch's"),
    "modules without end": (b"\x80\x02" + endless() + b".", "modules within modules without end"),
    "a key that is hashed for ever": (nested_key(), "keys that are no names"),
    "more axes than any": (module({"a": tensor(shape=(1,) * 20, strides=(1,) * 20)}), "more axes than any"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_description_is_refused_by_what_was_found(openai_archive, tmp_path, kind):
    code, found = HOSTILE[kind]
    data = {"data.pkl": code, "data/0": np.arange(4, dtype="<f4").tobytes()}
    refused(rewritten(openai_archive, tmp_path / "evil.pt", data), found)


def test_a_record_is_read_once_however_many_tensors_are_in_it(openai_archive, tmp_path, monkeypatch):
    """Otherwise ten thousand tensors in one record of 4 MB are 40 GB."""
    monkeypatch.setattr(torchscript, "SECONDS", 20)
    several = {f"{number:04}": tensor(numbers=1 << 20, start=number, shape=(), strides=()) for number in range(10_000)}
    data = {"data.pkl": module(several), "data/0": np.arange(1 << 20, dtype="<f4").tobytes()}
    found = read_tensors(weights_of(rewritten(openai_archive, tmp_path / "m.pt", data)))
    assert [found["0000"], found["9999"]] == [0, 9999]


def test_records_that_share_bytes_are_not_read_for_each_of_their_names(openai_archive, tmp_path):
    """A zip's directory may name the same bytes many times."""
    count, numbers = 200, 1 << 20
    code = module({str(n): tensor(key=str(n), numbers=numbers, shape=(1,)) for n in range(count)})
    path = rewritten(openai_archive, tmp_path / "one.pt", {"data.pkl": code, "data/0": bytes(4 * numbers)})
    with zipfile.ZipFile(path, "a") as archive:
        top = archive.namelist()[0].split("/")[0]
        one = archive.getinfo(f"{top}/data/0")
        for number in range(1, count):
            again = copy.copy(one)
            again.filename = again.orig_filename = f"{top}/data/{number}"
            archive.filelist.append(again)
        archive._didModify = True
    refused(path, "tensors of", "in a file of")


def test_programs_that_unpack_to_more_than_any_are_not_read(openai_archive, tmp_path):
    names = [f"__torch__.p{number}" for number in range(8)]
    held = {name[-2:]: b"c" + name.encode() + b"\nM\n)\x81}b" for name in names}
    code = {f"code/{name.replace('.', '/')}.py": bytes(torchscript.PROGRAM // 4) for name in names}
    path = rewritten(openai_archive, tmp_path / "p.pt", {"data.pkl": module(held), **code}, zipfile.ZIP_DEFLATED)
    refused(path, "programs of more than")


def test_a_description_that_is_longer_than_any_is_not_read(openai_archive, tmp_path):
    path = rewritten(openai_archive, tmp_path / "d.pt", {"data.pkl": b"N" * (torchscript.PROGRAM + 1)})
    refused(path, "a description and programs of more than")


def test_a_bomb_is_not_unpacked(openai_archive, tmp_path):
    bomb = {"data.pkl": bytes(torchscript.PROGRAM + 1)}
    path = rewritten(openai_archive, tmp_path / "bomb.pt", bomb, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < openai_archive.stat().st_size + torchscript.PROGRAM // 50
    refused(path, "records that are packed and larger than any program")


def test_a_truncated_archive_is_refused(openai_archive, tmp_path):
    path = tmp_path / "cut.pt"
    path.write_bytes(openai_archive.read_bytes()[:-4000])
    refused(path, "another file")


def test_a_damaged_number_is_found_by_the_checksum_of_its_record(openai_archive, tmp_path):
    data, path = bytearray(openai_archive.read_bytes()), tmp_path / "damaged.pt"
    place = bytes(data).index(record(openai_archive, "data/0"))
    data[place + 8] ^= 1
    path.write_bytes(data)
    refused(path, "CRC")


def test_mutants_of_a_description_are_read_or_refused(openai_archive):
    """In this process: nothing that they say is run."""
    rng, whole, read = random.Random(1), record(openai_archive, "data.pkl"), 0
    for _ in range(400):
        try:
            described(mutated(whole, rng))
            read += 1
        except (RefusedError, ValueError, LookupError, TypeError, AttributeError):
            pass
    assert 0 < read < 400


ENDS = {
    "import os; os.abort()": "a file that ends its reader (code -6)",
    "import time; time.sleep(60)": "a file that takes more than 1 s to read",
    "print('[]')": "Found nonsense",
    "print('x')": "a file that confuses its reader",
    "import json; print(json.dumps({'refused': 'bad' + chr(27)}))": "Found bad\\x1b",
}


@pytest.mark.parametrize("program", ENDS)
def test_whatever_becomes_of_the_child_is_a_sentence(openai_archive, program, monkeypatch):
    if "sleep" in program:
        monkeypatch.setattr(torchscript, "SECONDS", 1)
    monkeypatch.setattr(torchscript, "command", lambda *_: [sys.executable, "-c", program])
    refused(openai_archive, ENDS[program])
