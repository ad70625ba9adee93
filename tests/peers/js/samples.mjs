// One value for each row of the table of data types, by name. The Python peer's samples.py has the same names where it can.
import { fill } from "./notation.mjs";

const TYPED_ARRAYS = [Int8Array, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array];

// Each entry makes its value anew.
export const SAMPLES = {
  null: () => null,
  undefined: () => undefined,
  true: () => true,
  false: () => false,
  int_0: () => 0,
  int_127: () => 127,
  int_128: () => 128,
  int_65536: () => 65536,
  int_2p31: () => 2 ** 31,
  int_2p53m1: () => 2 ** 53 - 1,
  int_m1: () => -1,
  int_m33: () => -33,
  int_m2p31m1: () => -(2 ** 31) - 1,
  int_2p63: () => 2 ** 63,
  float_1_5: () => 1.5,
  float_0_1: () => 0.1,
  float_15: () => 15.0,
  float_m0: () => -0,
  float_1e300: () => 1e300,
  nan: () => NaN,
  inf: () => Infinity,
  neg_inf: () => -Infinity,
  text_empty: () => "",
  text: () => "h\u00e9llo \u4e16\u754c \u{1f600}",
  text_1000: () => "a\u00e9".repeat(500),
  bytes_empty: () => new Uint8Array(0),
  bytes: () => new Uint8Array([0, 1, 0xfe, 0xff]),
  bytes_400k: () => fill(400_000),
  memoryview: () => new Uint8Array([1, 2, 3]).buffer,
  data_view: () => new DataView(new Uint8Array([1, 2, 3]).buffer),
  list: () => [1, "a", null, true, 2.5, [], {}],
  dict: () => ({ a: 1, b: { c: [1, 2] }, "": null }),
  dict_method_names: () => ({ keys: 1, items: 2, pop: 3, toString: 4 }),
  set: () => new Set([1, 2, 3]),
  map: () => new Map([["b", 1], ["a", 2]]),
  map_int_keys: () => new Map([[1, "x"], [2, "y"]]),
  error: () => new TypeError("a value"),
  // how a JavaScript program without a tensor library sends an array
  ndarray_2d: () => ({
    _rtype: "ndarray", _rvalue: new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5).buffer), _rshape: [2, 3], _rdtype: "float32",
  }),
  unknown_rtype: () => ({ _rtype: "colour", r: 1, g: [2, new Uint8Array([3])] }),
  timestamp: () => new Date(1_577_836_800_123),
  regexp: () => /x/g,
  // refused by the encoder
  big_int: () => 5n,
  big_int_array: () => BigInt64Array.of(1n),
  symbol: () => Symbol("x"),
};
for (const type of TYPED_ARRAYS) SAMPLES[`typedarray_${type.name}`] = () => type.of(0, 1, 2);
