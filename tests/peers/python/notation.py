"""Python values as JSON and back, without loss.

The notation is the one of tests/vectors/README.md: `{"$i": "9223372036854775808"}` an integer beyond 2^53, `{"$f": 1.5}` a
float (`"nan"`, `"inf"`, `"-inf"`, `"-0"`), `{"$b": "00ff"}` bytes, `{"$m": [[k, v], ...]}` a map whose keys are not plain
strings, `{"$ts": [seconds, nanoseconds]}` a timestamp, `{"$x": [type, "00"]}` another extension. A value of a type that has
a tag on the wire is written as its tagged map: `{"_rtype": "ndarray", ...}`. Sets are sorted by the JSON of their items.

Beyond the vectors, going out: `{"$fn": name}` a function, `{"$gen": true}` a generator, `{"$repr": text}` anything else.
Coming in: `{"$fill": n}` n bytes of `fill`, `{"$count": n}` n bytes of `count`, `{"$deep": n}` n nested lists,
`{"$raw": map}` a map with its `_rtype` untouched, `{"$record": name}` a function that reports each call as an event and
returns its first argument, `{"$make": what}` what `made` of objects.py makes.
"""

import inspect
import json
import math
from collections import OrderedDict

import msgpack
import numpy as np
from pydantic import BaseModel

from objects import made

SAFE_INTEGER = 2**53


def fill(length):
    """Bytes that show a shift or a cut: byte i is (31 i + 7) mod 256."""
    period = bytes((31 * i + 7) % 256 for i in range(256))
    return (period * (length // 256 + 1))[:length]


def count(length):
    """Bytes no part of which is like another: the numbers from 0 on, in 4 bytes each."""
    return np.arange(length // 4, dtype="<u4").tobytes()


def same(one, other):
    """Whether two values, which may be large, are the same to the last byte."""
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    return one == other


def deep(levels):
    """Lists in lists, `levels` of them around an empty one."""
    value = []
    for _ in range(levels):
        value = [value]
    return value


def depth(value):
    """The number of lists around the innermost one."""
    levels = 0
    while value:
        value = value[0]
        levels += 1
    return levels


def to_json(value):
    """The notation of a Python value."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.generic):
        return ndarray_to_json(np.asarray(value))
    if isinstance(value, int):
        return value if abs(value) <= SAFE_INTEGER else {"$i": str(value)}
    if isinstance(value, float):
        return {"$f": float_to_json(value)}
    if isinstance(value, bytes):
        return {"$b": value.hex()}
    if isinstance(value, memoryview):
        return tagged("memoryview", {"$b": value.tobytes().hex()})
    if isinstance(value, np.ndarray):
        return ndarray_to_json(value)
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, set):
        return tagged("set", sorted(map(to_json, value), key=json.dumps))
    if isinstance(value, OrderedDict):
        return tagged("orderedmap", pairs(value))
    if isinstance(value, dict):
        return map_to_json(value)
    if isinstance(value, BaseException):
        return tagged("error", str(value))
    if isinstance(value, msgpack.Timestamp):
        return {"$ts": [value.seconds, value.nanoseconds]}
    if isinstance(value, msgpack.ExtType):
        return {"$x": [value.code, value.data.hex()]}
    if isinstance(value, BaseModel):
        return tagged("pydantic_model", to_json(value.model_dump()))
    if inspect.isasyncgen(value) or inspect.isgenerator(value):
        return {"$gen": True}
    if callable(value):
        return {"$fn": getattr(value, "__name__", None)}
    return {"$repr": repr(value)}


def from_json(note, record=None):
    """The Python value of a notation. `record(name, args)` is told of calls to functions made by `$record`."""
    if isinstance(note, list):
        return [from_json(item, record) for item in note]
    if not isinstance(note, dict):
        return note
    if len(note) == 1:
        [(key, inner)] = note.items()
        if key in SPECIAL:
            return SPECIAL[key](inner, record)
    if note.get("_rtype") in TAGGED:
        return TAGGED[note["_rtype"]](note, record)
    return {key: from_json(item, record) for key, item in note.items()}


def float_to_json(value):
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0 and math.copysign(1, value) < 0:
        return "-0"
    return value


def ndarray_to_json(array):
    return {
        "_rtype": "ndarray",
        "_rvalue": {"$b": array.tobytes().hex()},
        "_rshape": list(array.shape),
        "_rdtype": str(array.dtype),
    }


def map_to_json(value):
    if all(isinstance(key, str) and not key.startswith("$") for key in value):
        return {key: to_json(item) for key, item in dict.items(value)}
    return {"$m": pairs(value)}


def pairs(value):
    return [[to_json(key), to_json(item)] for key, item in dict.items(value)]


def tagged(rtype, value):
    return {"_rtype": rtype, "_rvalue": value}


def recorder(name, record):
    def recorded(*args):
        record(name, args)
        return args[0] if args else None

    return recorded


def ndarray_from_json(note, record):
    data = from_json(note["_rvalue"], record)
    return np.frombuffer(data, dtype=note["_rdtype"]).reshape(note["_rshape"])


SPECIAL = {
    "$i": lambda text, _: int(text),
    "$f": lambda number, _: float(number),
    "$b": lambda text, _: bytes.fromhex(text),
    "$m": lambda items, r: {from_json(k, r): from_json(v, r) for k, v in items},
    "$ts": lambda parts, _: msgpack.Timestamp(*parts),
    "$x": lambda parts, _: msgpack.ExtType(parts[0], bytes.fromhex(parts[1])),
    "$fill": lambda length, _: fill(length),
    "$count": lambda length, _: count(length),
    "$deep": lambda levels, _: deep(levels),
    "$raw": lambda note, r: {key: from_json(item, r) for key, item in note.items()},
    "$record": recorder,
    "$make": made,
}

TAGGED = {
    "memoryview": lambda note, r: memoryview(from_json(note["_rvalue"], r)),
    "set": lambda note, r: set(from_json(note["_rvalue"], r)),
    "orderedmap": lambda note, r: OrderedDict(
        (from_json(k, r), from_json(v, r)) for k, v in note["_rvalue"]
    ),
    "error": lambda note, _: Exception(note["_rvalue"]),
    "ndarray": ndarray_from_json,
}
