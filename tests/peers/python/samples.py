"""One value for each row of the table of data types, by name. JavaScript's samples.mjs has the same names where it can."""

from collections import OrderedDict
from datetime import datetime

import msgpack
import numpy as np
from pydantic import BaseModel

from notation import fill


class Reading(BaseModel):
    """A model that travels with its schema."""

    label: str
    value: float


DTYPES = (
    "bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 "
    "float16 float32 float64 complex64 complex128 >i4 <U2 datetime64[D]"
).split()

# Each entry makes its value anew.
SAMPLES = {
    "null": lambda: None,
    "true": lambda: True,
    "false": lambda: False,
    "int_0": lambda: 0,
    "int_127": lambda: 127,
    "int_128": lambda: 128,
    "int_65536": lambda: 65536,
    "int_2p31": lambda: 2**31,
    "int_2p53m1": lambda: 2**53 - 1,
    "int_m1": lambda: -1,
    "int_m33": lambda: -33,
    "int_m2p31m1": lambda: -(2**31) - 1,
    "int_2p53p1": lambda: 2**53 + 1,
    "int_2p63": lambda: 2**63,
    "int_2p64m1": lambda: 2**64 - 1,
    "int_m2p63": lambda: -(2**63),
    "float_1_5": lambda: 1.5,
    "float_0_1": lambda: 0.1,
    "float_15": lambda: 15.0,
    "float_m0": lambda: -0.0,
    "float_1e300": lambda: 1e300,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "neg_inf": lambda: float("-inf"),
    "text_empty": lambda: "",
    "text": lambda: "h\u00e9llo \u4e16\u754c \U0001f600",
    "text_1000": lambda: "a\u00e9" * 500,
    "bytes_empty": lambda: b"",
    "bytes": lambda: b"\x00\x01\xfe\xff",
    "bytes_400k": lambda: fill(400_000),
    "memoryview": lambda: memoryview(b"\x01\x02\x03"),
    "list": lambda: [1, "a", None, True, 2.5, [], {}],
    "tuple": lambda: (1, (2, 3)),
    "dict": lambda: {"a": 1, "b": {"c": [1, 2]}, "": None},
    "dict_method_names": lambda: {"keys": 1, "items": 2, "pop": 3, "toString": 4},
    "set": lambda: {1, 2, 3},
    "ordered_dict": lambda: OrderedDict([("b", 1), ("a", 2)]),
    "error": lambda: ValueError("a value"),
    "ndarray_2d": lambda: np.arange(6, dtype="float32").reshape(2, 3),
    "ndarray_empty": lambda: np.zeros((0, 3), dtype="int16"),
    "ndarray_400k": lambda: np.frombuffer(fill(400_000), dtype="uint8"),
    "ndarray_in_dict": lambda: {"image": np.arange(4, dtype="uint8")},
    "numpy_scalar": lambda: np.int32(7),
    "pydantic_model": lambda: Reading(label="t", value=1.5),
    "unknown_rtype": lambda: {"_rtype": "colour", "r": 1, "g": [2, b"\x03"]},
    "timestamp": lambda: msgpack.Timestamp(1_577_836_800, 123_000_000),
    # refused by the encoder
    "int_2p64": lambda: 2**64,
    "bytearray": lambda: bytearray(b"x"),
    "frozenset": lambda: frozenset([1]),
    "datetime": lambda: datetime(2020, 1, 1),
    "complex": lambda: 1 + 2j,
    "ndarray_object": lambda: np.array([object()], dtype=object),
    # refused by the receiver
    "int_keys": lambda: {1: "a"},
}
for dtype in DTYPES:
    SAMPLES[f"ndarray_{dtype}"] = lambda dtype=dtype: np.array([0, 1, 1]).astype(dtype)
