// Functions, generators and interfaces: those that a peer makes, and what it does with those of others; the Python peer's
// objects.py has the same.

/** The methods of one connection that take functions and generators or give them. `tell(event, data)` reports. */
export class Objects {
  constructor(tell, callService) {
    Object.assign(this, { tell, callService, held: null });
  }

  methods() {
    return { ...this.callbacks(), ...this.generators(), ...this.holding() };
  }

  callbacks() {
    return {
      call_back: async (callback, count) => {
        const results = [];
        for (let i = 0; i < count; i++) results.push(await callback(i));
        return results;
      },
      call_back_at_once: (callback, count) => Promise.all(Array.from({ length: count }, (_, i) => callback(i))),
      call_back_with: async (callback, args, kwargs) => callback(...args, { ...kwargs, _rkwargs: true }),
      call_member: async (thing) => thing.steps[0].report(7),
      catch: async (callback) => outcome(() => callback()),
      nest: async (callback) => {
        const returned = await callback(async (innermost) => innermost(10));
        return returned(5);
      },
      /** Call another service as ourselves. */
      forward: async (serviceId, path, args) => this.callService(serviceId, path, args),
      adder: (amount) => (x) => x + amount,
    };
  }

  generators() {
    const closed = (n) => this.tell("generator_closed", n);
    return {
      count: (n) => counter("sync", n, closed),
      count_async: (n) => counter("async", n, closed),
      iterator: (n) => counter("iterator", n, closed),
      iterator_async: (n) => counter("iterator_async", n, closed),
      repeat: async function* (text, n) {
        for (let i = 0; i < n; i++) yield text;
      },
      fail_after: (n) => failing(n),
      rows: (n) => (function* () {
        for (let row = 0; row < n; row++) yield counter("sync", row, closed);
      })(),
      take: async (items, limit) => taken(items, limit),
      take_until_error: async (items) => takenUntilError(items),
      flatten: async (rows) => flattened(rows),
    };
  }

  holding() {
    const useHeld = async (path, args) => member(this.held, path)(...args);
    return {
      /** Keep something beyond the call that it came with. */
      hold: (thing) => {
        this.held = thing;
      },
      use_held: useHeld,
      catch_held: async (path, args) => outcome(() => useHeld(path, args)),
      drop_held: () => {
        this.held = null;
      },
      open_store: (name) => store(name),
    };
  }
}

/** 0, 1, 2, ... up to n, as one of the four things that the client takes for a generator. */
function counter(kind, n, closed) {
  return { sync: count, async: countAsync, iterator, iterator_async: iteratorAsync }[kind](n, closed);
}

function* count(n, closed) {
  try {
    for (let i = 0; i < n; i++) yield i;
  } finally {
    closed(n);
  }
}

async function* countAsync(n, closed) {
  yield* count(n, closed);
}

function iterator(n, closed) {
  let next = 0;
  const end = () => {
    closed(n);
    return { done: true };
  };
  return {
    [Symbol.iterator]() {
      return this;
    },
    next: () => (next < n ? { value: next++, done: false } : end()),
    return: end,
  };
}

function iteratorAsync(n, closed) {
  const items = iterator(n, closed);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: async () => items.next(),
    return: async () => items.return(),
  };
}

async function* failing(n) {
  for (let i = 0; i < n; i++) yield i;
  throw new Error("generator boom");
}

/** An interface: its functions outlive the call that it travels in. */
function store(name) {
  return { _rintf: true, name, get: (key) => `${name}: ${key}` };
}

/** The first items. The generator is closed then. */
export async function taken(items, limit) {
  const found = [];
  try {
    while (found.length < limit) {
      const { value, done } = await items.next();
      if (done) break;
      found.push(value);
    }
  } finally {
    await items.return();
  }
  return found;
}

export async function takenUntilError(items) {
  const found = [];
  try {
    for await (const item of items) found.push(item);
  } catch (error) {
    return { items: found, raised: String(error) };
  }
  return { items: found, raised: null };
}

export async function flattened(rows) {
  const all = [];
  for await (const row of rows) {
    const items = [];
    for await (const item of row) items.push(item);
    all.push(items);
  }
  return all;
}

/** What a dotted path leads to; the thing itself if it is empty. */
export function member(thing, path) {
  return path.split(".").filter(Boolean).reduce((inner, part) => inner[part], thing);
}

async function outcome(call) {
  try {
    return { returned: await call() };
  } catch (error) {
    return { raised: String(error) };
  }
}

/** A function, generator or interface for an argument. `told(name, args)` is told what happens to it. */
export function made(what, told) {
  const [[kind, given]] = Object.entries(what);
  return MADE[kind](given, told);
}

const generator = ({ kind, count: n }, told) => counter(kind, n, () => told("generator_closed", [n]));

const MADE = {
  raising: (text) => async () => {
    throw new RangeError(text);
  },
  awaiting: (name, told) => async (...args) => {
    await null;
    told(name, args);
    return args.length ? args[0] : null;
  },
  nesting: (ten) => async (inner) => {
    const echoed = await inner((x) => x);
    return (x) => ten * echoed + x;
  },
  generator,
  failing,
  grid: (n, told) => (function* () {
    for (let row = 0; row < n; row++) yield generator({ kind: "sync", count: row }, told);
  })(),
  store,
};
