// JavaScript values as JSON and back, without loss: the notation of tests/vectors/README.md, with the same additions as
// the Python peer's notation.py. Only here: `{"$undefined": true}`, and `typedarray` for typed arrays other than Uint8Array.

import { made } from "./objects.mjs";

const TYPED_ARRAYS = {
  int8: Int8Array, int16: Int16Array, int32: Int32Array, uint8: Uint8Array, uint16: Uint16Array,
  uint32: Uint32Array, float32: Float32Array, float64: Float64Array,
};
const DTYPES = new Map(Object.entries(TYPED_ARRAYS).map(([dtype, type]) => [type, dtype]));

/** Bytes that show a shift or a cut: byte i is (31 i + 7) mod 256. */
export function fill(length) {
  return Uint8Array.from({ length }, (_, i) => (31 * i + 7) % 256);
}

/** Bytes no part of which is like another: the numbers from 0 on, in 4 bytes each. */
export function count(length) {
  const numbers = new Uint32Array(length / 4).map((_, index) => index);
  return new Uint8Array(numbers.buffer);
}

/** Lists in lists, `levels` of them around an empty one. */
export function deep(levels) {
  let value = [];
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

/** The number of lists around the innermost one. */
export function depth(value) {
  let levels = 0;
  for (; value.length > 0; value = value[0]) levels++;
  return levels;
}

/** The notation of a JavaScript value. */
export function toJson(value) {
  if (value === undefined) return { $undefined: true };
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return numberToJson(value);
  if (typeof value === "function") return { $fn: value.__name__ ?? value.name ?? null };
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Uint8Array) return { $b: hex(value) };
  if (value instanceof ArrayBuffer) return tagged("memoryview", { $b: hex(new Uint8Array(value)) });
  if (DTYPES.has(value.constructor)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return { ...tagged("typedarray", { $b: hex(bytes) }), _rdtype: DTYPES.get(value.constructor) };
  }
  if (value instanceof Set) return tagged("set", [...value].map(toJson).sort(byJson));
  if (value instanceof Map) return tagged("orderedmap", pairs(value));
  if (value instanceof Error) return tagged("error", value.message);
  if (value instanceof Date) {
    const seconds = Math.floor(value.getTime() / 1000);
    return { $ts: [seconds, (value.getTime() - seconds * 1000) * 1e6] };
  }
  if (typeof value[Symbol.asyncIterator] === "function") return { $gen: true };
  if (Object.prototype.toString.call(value) === "[object Object]") {
    const entries = Object.entries(value);
    if (entries.some(([key]) => key.startsWith("$"))) return { $m: pairs(entries) };
    return Object.fromEntries(entries.map(([key, item]) => [key, toJson(item)]));
  }
  return { $repr: String(value) };
}

/** The JavaScript value of a notation. `record(name, args)` is told of calls to functions made by `$record`. */
export function fromJson(note, record) {
  if (Array.isArray(note)) return note.map((item) => fromJson(item, record));
  if (note === null || typeof note !== "object") return note;
  const [key, ...more] = Object.keys(note);
  if (more.length === 0 && Object.hasOwn(SPECIAL, key)) return SPECIAL[key](note[key], record);
  if (Object.hasOwn(TAGGED, note._rtype ?? "")) return TAGGED[note._rtype](note, record);
  return members(note, record);
}

const SPECIAL = {
  $i: (text) => BigInt(text),
  $f: (number) => (number === "nan" ? NaN : number === "inf" ? Infinity : number === "-inf" ? -Infinity : Number(number)),
  $b: unhex,
  $m: (items, record) => Object.fromEntries(items.map((pair) => fromJson(pair, record))),
  $ts: ([seconds, nanoseconds]) => new Date(seconds * 1000 + nanoseconds / 1e6),
  $undefined: () => undefined,
  $fill: fill,
  $count: count,
  $deep: deep,
  $raw: members,
  $record: (name, record) => (...args) => {
    record(name, args);
    return args.length ? args[0] : null;
  },
  $make: made,
};

const TAGGED = {
  memoryview: (note) => fromJson(note._rvalue).buffer,
  typedarray: (note) => new TYPED_ARRAYS[note._rdtype](fromJson(note._rvalue).buffer),
  set: (note, record) => new Set(fromJson(note._rvalue, record)),
  orderedmap: (note, record) => new Map(fromJson(note._rvalue, record)),
  error: (note) => new Error(note._rvalue),
};

function members(note, record) {
  return Object.fromEntries(Object.entries(note).map(([key, item]) => [key, fromJson(item, record)]));
}

/** Whole numbers as integers, as the client's encoder writes them; those beyond 2^53 it writes as floats. */
function numberToJson(value) {
  if (Number.isNaN(value)) return { $f: "nan" };
  if (!Number.isFinite(value)) return { $f: value > 0 ? "inf" : "-inf" };
  if (Object.is(value, -0)) return { $f: "-0" };
  return Number.isSafeInteger(value) ? value : { $f: value };
}

function pairs(entries) {
  return [...entries].map(([key, item]) => [toJson(key), toJson(item)]);
}

function tagged(rtype, value) {
  return { _rtype: rtype, _rvalue: value };
}

function byJson(a, b) {
  const [x, y] = [JSON.stringify(a), JSON.stringify(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function hex(bytes) {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** A buffer of its own: a Node Buffer would lie in a shared pool, and a view sends its whole buffer. */
function unhex(text) {
  return Uint8Array.from(Buffer.from(text, "hex"));
}
