"""The weights of a TorchScript archive that somebody handed over, such as OpenAI's original CLIPs, as safetensors.

`torch.jit.load` compiles the program in an archive and runs parts of it, and its operators can write files. Here
nothing of it is run: the pickle that describes the modules is read as a list of opcodes (the standard library's
`pickletools`), of which those that torch writes make plain values and all others are refused; classes and functions
stay names. Which tensors of a module are its parameters and buffers is read in the text of its class. All of this in a
child process with limits of memory and time, which can open neither file nor socket.

`python -m mmap_studio.storage.foreign.torchscript SIZE` reads the archive on standard input, an open file of so many
bytes, and writes a line of JSON and safetensors to standard output.
"""

import math
import pickletools
import re
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mmap_studio.errors import CorruptError, StudioError
from mmap_studio.formatting import printable
from mmap_studio.storage.foreign.child import UnansweredError, answer, asked, command, leave, limit
from mmap_studio.storage.model_weights import LARGEST, is_torchscript
from mmap_studio.storage.opener import opened
from mmap_studio.storage.tensors import pack_tensors, tensor_header

MEMORY = 1 << 30
"""Bytes of address space that the child may take, beside four times the file."""
SECONDS = 300
"""How long it may take, and of how much processor time; 0.4 GB take about a second."""
MOST_ENTRIES = 200_000
"""Modules and what they hold, counted by their names; OpenAI's largest have some ten thousand."""
LONGEST_REFUSAL = 400
PROGRAM = 16 << 20
"""Bytes of a record that is packed, as programs are and weights are not; and of all that is read but weights."""
MOST_AXES = 16
DEEPEST = 50
"""Modules in modules."""
TYPES = {
    "torch.HalfStorage": "<f2", "torch.FloatStorage": "<f4", "torch.DoubleStorage": "<f8", "torch.LongStorage": "<i8",
    "torch.IntStorage": "<i4", "torch.ShortStorage": "<i2", "torch.CharStorage": "|i1", "torch.ByteStorage": "|u1",
    "torch.BoolStorage": "|b1", "torch.BFloat16Storage": "<u2",
}  # fmt: skip
NO_WEIGHTS = "attn_mask"
"""A buffer of text towers that follows from their sizes, and holds infinity."""
_CLASS = re.compile(
    r"^class (\w+)\(Module\):\n  __parameters__ = \[([^\]\n]*)\]\n(?:  __buffers__ = (\[[^\]\n]*\]))?", re.M
)
_QUOTED = re.compile(r'"([^"]+)"')


def weights_of(source: Path) -> bytes:
    """safetensors of an archive's parameters and buffers, in their own precision (bfloat16 as float32).

    CorruptError for another file, one that is damaged or hostile, or has weights that are not plain tensors;
    StorageError when it is missing or may not be read.
    """
    with opened(source, LARGEST) as (file, size):
        if not is_torchscript(source, file):
            raise CorruptError(
                f"{source} must be a TorchScript archive, but is another file; other checkpoints are read as they are."
            )
        file.seek(0)
        try:
            answered, body = asked(command(__name__, [str(size)]), file, SECONDS)
        except UnansweredError as error:
            raise _refusal(source, str(error)) from None
    if not isinstance(answered, Mapping) or "refused" in answered:
        raise _refusal(source, str(answered["refused"] if isinstance(answered, Mapping) else "nonsense"))
    return body


def _refusal(source: Path, found: str) -> CorruptError:
    found = printable(found)[:LONGEST_REFUSAL]
    return CorruptError(
        f"{source} must be a TorchScript archive with plain weights. Found {found}; get it again, or another "
        "checkpoint of the model."
    )


# -- the child -----------------------------------------------------------------------------------------------------


class RefusedError(Exception):
    """What was found in place of plain weights."""


@dataclass(frozen=True)
class ClassName:
    """Of a class or function, which is never looked up."""

    text: str


@dataclass
class Module:
    """A module by its class's name and what it holds: modules, tensors, and values that are of no interest."""

    kind: str
    held: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Storage:
    dtype: str
    key: str
    """Of the record with its numbers."""
    numbers: int

    @property
    def item(self) -> int:
        """Bytes of a number."""
        return np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Strided:
    """A tensor: where in a storage its numbers are."""

    storage: Storage
    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def numbers(self) -> int:
        return math.prod(self.shape)


def main(size: int) -> None:
    """Read the archive on standard input, in the child."""
    from safetensors.numpy import save  # noqa: F401  before the limits

    "".encode("cp437")  # so are names in zips, and codecs are imported when they are used

    limit(MEMORY + 4 * size, SECONDS)
    try:
        packed = _packed(_weights(sys.stdin.buffer, size))
    except (RefusedError, StudioError) as error:
        answer({"refused": str(error)[:LONGEST_REFUSAL]})
    except MemoryError:
        answer({"refused": "an archive that asks for more memory than it has weights"})
    except Exception as error:  # what a hostile file raises is the file's choice
        found = f"{type(error).__name__}: {error}"[: LONGEST_REFUSAL // 2]
        answer({"refused": f"a description of modules that is not torch's ({found})"})
    else:
        answer({})
        sys.stdout.buffer.write(packed)


def _packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    packed = pack_tensors(arrays)
    try:
        tensor_header(packed)
    except CorruptError:
        raise RefusedError("names and shapes that safetensors has no room for") from None
    return packed


def _weights(file: Any, size: int) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(file) as archive:
        if any(one.compress_type != zipfile.ZIP_STORED and one.file_size > PROGRAM for one in archive.infolist()):
            raise RefusedError("records that are packed and larger than any program")
        top = min(name for name in archive.namelist() if name.endswith("/data.pkl")).rpartition("/")[0]
        texts = _Texts(archive, top)
        if texts.read("byteorder") not in (b"", b"little"):
            raise RefusedError("numbers in another byte order")
        root = described(texts.read("data.pkl"))
        if not isinstance(root, Module):
            raise RefusedError("no module")
        found = dict(_tensors(root, _Declared(texts)))
        if not found:
            raise RefusedError("no weights")
        held: dict[Storage, list[str]] = {}
        for name, one in found.items():
            held.setdefault(one.storage, []).append(name)
        claimed = sum(one.numbers * one.storage.item for one in found.values())
        claimed = max(claimed, sum(storage.numbers * storage.item for storage in held))
        if claimed > size:
            raise RefusedError(f"tensors of {claimed:,} bytes in a file of {size:,}")
        arrays: dict[str, np.ndarray] = {}
        for storage, names in held.items():  # each is read once, however many tensors are in it
            data = _numbers(archive, top, storage, names[0])
            arrays |= {name: _array(data, name, found[name]) for name in names}
        return arrays


class _Texts:
    """What an archive has beside weights: its description and its programs, `PROGRAM` bytes of them at most."""

    def __init__(self, archive: zipfile.ZipFile, top: str) -> None:
        self._archive, self._top, self._left = archive, top, PROGRAM

    def read(self, name: str) -> bytes:
        """Empty where there is none."""
        record = self._archive.NameToInfo.get(f"{self._top}/{name}")
        if record is None:
            return b""
        self._left -= record.file_size
        if self._left < 0:
            raise RefusedError(f"a description and programs of more than {PROGRAM:,} bytes")
        return self._archive.read(record)


class _Declared:
    """The parameters and buffers of classes, by the text of their programs."""

    def __init__(self, texts: _Texts) -> None:
        self._texts, self._read = texts, {""}
        self._classes: dict[str, frozenset[str] | None] = {}

    def of(self, kind: str) -> frozenset[str] | None:
        """Names; None where the program says nothing, as those before torch 1.5 of buffers."""
        place = kind.rpartition(".")[0]
        if place not in self._read:
            self._read.add(place)
            text = self._texts.read(f"code/{place.replace('.', '/')}.py").decode()
            for name, parameters, buffers in _CLASS.findall(text):
                declared = frozenset(_QUOTED.findall(parameters + buffers)) if buffers else None
                self._classes[f"{place}.{name}"] = declared
        return self._classes.get(kind)


def _tensors(root: Module, declared: _Declared) -> Iterator[tuple[str, Strided]]:
    """Parameters and buffers by their names in the state dict; RefusedError for modules without end."""
    waiting, seen = [("", root)], 0
    while waiting:
        prefix, module = waiting.pop()
        own, seen = declared.of(module.kind), seen + 1 + len(module.held)
        if seen > MOST_ENTRIES or prefix.count(".") > DEEPEST:
            raise RefusedError("modules within modules without end")
        for name, value in module.held.items():
            if isinstance(value, Module):
                waiting.append((f"{prefix}{name}.", value))
            elif isinstance(value, Strided) and (own is None or name in own) and name != NO_WEIGHTS:
                yield f"{prefix}{name}", value


def _numbers(archive: zipfile.ZipFile, top: str, storage: Storage, name: str) -> np.ndarray:
    """All numbers of a storage, which a tensor of this name is in."""
    record = archive.getinfo(f"{top}/data/{storage.key}")
    if record.file_size != storage.numbers * storage.item:
        raise RefusedError(f"{name!r}, whose numbers are not there")
    return np.frombuffer(archive.read(record), storage.dtype)


def _array(numbers: np.ndarray, name: str, tensor: Strided) -> np.ndarray:
    storage = tensor.storage
    last = tensor.start + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.strides, strict=True))
    if tensor.numbers and last >= storage.numbers:
        raise RefusedError(f"{name!r}, whose numbers are not there")
    numbers, steps = numbers[tensor.start :], tuple(step * storage.item for step in tensor.strides)
    array = np.lib.stride_tricks.as_strided(numbers, tensor.shape if tensor.numbers else (0,) * len(steps), steps)
    array = np.array(array).reshape(tensor.shape)  # its own memory
    return (array.astype("<u4") << 16).view("<f4") if storage.dtype == TYPES["torch.BFloat16Storage"] else array


# -- opcodes -------------------------------------------------------------------------------------------------------

_VALUES = {"BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"}
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False, "EMPTY_TUPLE": tuple, "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
}  # fmt: skip
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_HARMLESS = re.compile(r"collections\.OrderedDict|torch\.device|torch\.jit\._pickle\.\w+")
"""What torch calls beside the tensors; its values are of no interest."""


def described(pickled: bytes) -> Any:
    """What a pickle describes, made of values, names, `Module`, `Storage` and `Strided` alone.

    RefusedError for a call of anything but what makes tensors, and for opcodes that torch's own archives do not have.
    """
    reader = _Reader()
    for opcode, value, _ in pickletools.genops(pickled):
        reader.take(opcode.name, value)
    (found,) = reader.stack
    return found


class _Reader:
    """The stack, marks and memory of a pickle that is read and not executed."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self._marks: list[int] = []
        self._memory: dict[int, Any] = {}

    def take(self, name: str, value: Any) -> None:
        """One opcode."""
        if name in _VALUES:
            self.stack.append(value)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name]())
        elif name in _TUPLES:
            self.stack.append(tuple(self._last(_TUPLES[name])))
        elif method := _OPCODES.get(name):
            method(self, value)
        elif name not in ("PROTO", "STOP"):
            raise RefusedError(f"the opcode {name} in its description")

    def _last(self, count: int) -> list[Any]:
        found = self.stack[len(self.stack) - count :]
        if len(found) != count:
            raise IndexError("the stack is empty")
        del self.stack[len(self.stack) - count :]
        return found

    def _marked(self) -> list[Any]:
        return self._last(len(self.stack) - self._marks.pop())

    def _mark(self, _: object) -> None:
        self._marks.append(len(self.stack))

    def _name(self, value: str) -> None:
        self.stack.append(ClassName(value.replace(" ", ".")))

    def _tuple(self, _: object) -> None:
        self.stack.append(tuple(self._marked()))

    def _put(self, place: int) -> None:
        self._memory[place] = self.stack[-1]

    def _get(self, place: int) -> None:
        self.stack.append(self._memory[place])

    def _set_items(self, _: object) -> None:
        items = self._marked()
        for key, value in zip(items[::2], items[1::2], strict=True):
            self._store(key, value)

    def _set_item(self, _: object) -> None:
        self._store(*self._last(2))

    def _store(self, key: Any, value: Any) -> None:
        if not isinstance(self.stack[-1], dict) or not isinstance(key, str | int | float):  # hashing others may not end
            raise RefusedError("a table with keys that are no names")
        self.stack[-1][key] = value

    def _append(self, _: object) -> None:
        (value,) = self._last(1)
        self._list().append(value)

    def _extend(self, _: object) -> None:
        values = self._marked()
        self._list().extend(values)

    def _list(self) -> list[Any]:
        if not isinstance(self.stack[-1], list):
            raise TypeError("no list to add to")
        return self.stack[-1]

    def _object(self, _: object) -> None:
        kind, _arguments = self._last(2)
        self.stack.append(Module(kind.text))

    def _build(self, _: object) -> None:
        module, held = self._last(2)
        if not isinstance(module, Module) or not isinstance(held, dict):
            kind = getattr(module, "kind", "nothing")
            raise RefusedError(f"{kind}, which makes its weights by a program of its own")
        module.held = held
        self.stack.append(module)

    def _stored(self, _: object) -> None:
        ((word, kind, key, _device, numbers),) = self._last(1)
        if word != "storage" or kind.text not in TYPES or not re.fullmatch(r"[\w.]+", key):
            raise RefusedError(f"numbers of a kind that is not known ({getattr(kind, 'text', 'no name')})")
        self.stack.append(Storage(TYPES[kind.text], key, _whole(numbers)))

    def _call(self, _: object) -> None:
        function, arguments = self._last(2)
        if function.text == "torch._utils._rebuild_tensor_v2":
            storage, start, shape, strides, *_more = arguments
            if not isinstance(storage, Storage) or not len(shape) == len(strides) <= MOST_AXES:
                raise TypeError("a tensor without numbers, or with more axes than any")
            sizes, steps = tuple(map(_whole, shape)), tuple(map(_whole, strides))
            self.stack.append(Strided(storage, _whole(start), sizes, steps))
        elif _HARMLESS.fullmatch(function.text):
            self.stack.append(None)
        else:
            raise RefusedError(f"a call of {function.text}, which is not run")


def _whole(number: Any) -> int:
    if type(number) is not int or not 0 <= number < 1 << 48:
        raise ValueError("a size must be a whole number from 0 to 2^48")
    return number


_OPCODES: dict[str, Callable[[_Reader, Any], None]] = {
    "GLOBAL": _Reader._name, "MARK": _Reader._mark, "TUPLE": _Reader._tuple, "BINPUT": _Reader._put,
    "LONG_BINPUT": _Reader._put, "BINGET": _Reader._get, "LONG_BINGET": _Reader._get, "SETITEM": _Reader._set_item,
    "SETITEMS": _Reader._set_items, "APPEND": _Reader._append, "APPENDS": _Reader._extend, "NEWOBJ": _Reader._object,
    "BUILD": _Reader._build, "BINPERSID": _Reader._stored, "REDUCE": _Reader._call,
}  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]))
    leave()
