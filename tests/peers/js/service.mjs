// The services that a peer registers; the Python peer's service.py has the same ids, methods and events.
//
// The client files what it knows about a method under the function object, so no function may stand in two services:
// every service is made of fresh ones. Keyword arguments find their place by the parameter names in the source.
import { setTimeout as sleep } from "node:timers/promises";
import * as files from "./files.mjs";
import { deep, depth, fill } from "./notation.mjs";
import { Objects } from "./objects.mjs";
import { SAMPLES } from "./samples.mjs";

/** Builds the services of one connection. `emit(event, data)` reports what happens in them. */
export class Services {
  constructor(emit, mute, callService) {
    Object.assign(this, { emit, mute, callService, objects: new Objects(emit, callService), touched: 0 });
  }

  /** The service definitions, in the order of their registration. */
  all(authorizedWorkspaces, trustedKeys) {
    const context = () => (context) => context;
    const services = [
      { id: "interop", config: { visibility: "public" }, ...this.rich() },
      {
        id: "interop-context",
        config: { visibility: "public", require_context: true },
        context: context(),
        with_args: (a, b, context) => ({ a, b: b ?? 2, context }),
        nested: { context: context() },
      },
      {
        id: "interop-context-list",
        // the client compares the first part of the path only
        config: { visibility: "public", require_context: ["context", "nested"] },
        context: context(),
        plain: (...args) => ({ args, kwargs: {} }),
        nested: { context: context() },
      },
      {
        id: "interop-silent",
        config: { visibility: "public", require_context: true },
        silent: (context) => {
          this.mute(context.session);
          this.emit("started", "silent");
        },
      },
      this.guarded("interop-protected", { visibility: "protected" }),
      this.guarded("interop-unlisted", { visibility: "unlisted" }),
    ];
    if (authorizedWorkspaces) {
      const rule = { visibility: "protected", authorized_workspaces: authorizedWorkspaces };
      services.push(this.guarded("interop-authorized", rule));
    }
    if (trustedKeys) {
      const rule = { visibility: "public", trusted_keys: trustedKeys };
      services.push(this.guarded("interop-trusted", rule));
    }
    return services;
  }

  guarded(id, config) {
    return {
      id,
      config,
      touch: () => {
        this.touched++;
        this.emit("touched", id);
        return this.touched;
      },
      echo: (x) => x,
    };
  }

  rich() {
    return {
      name: "Interop",
      description: "Every kind of method and value",
      docs: "A service for tests",
      ...this.values(),
      ...this.failures(),
      ...this.timing(),
      ...this.objects.methods(),
      ...files.methods(this.callService),
      nested: { double: (x) => x * 2, deeper: { triple: (x) => x * 3 } },
      array: [(x) => x + 1, (x) => x + 2, { three: (x) => x + 3 }],
      constants: {
        answer: 42,
        ratio: 1.25,
        text: "hello",
        flag: true,
        nothing: null,
        bytes: new Uint8Array([1, 2]),
        list: [1, 2.5, "three"],
      },
    };
  }

  values() {
    return {
      echo: (x) => x,
      echo_async: async (x) => x,
      add: function (a, b) { return a + (b ?? 10); },
      collect: (...args) => ({ args, kwargs: {} }),
      describe,
      sample: (name) => SAMPLES[name](),
      sample_names: () => Object.keys(SAMPLES),
      size: (x) => x.byteLength ?? x.size ?? x.length,
      fill: (length) => fill(length),
      deep: (levels) => deep(levels),
      depth: (x) => depth(x),
      touches: () => this.touched,
    };
  }

  failures() {
    return {
      boom: (text) => { throw new RangeError(text ?? "sync boom"); },
      boom_async: async (text) => { throw new TypeError(text ?? "async boom"); },
      boom_text: () => { throw "just text"; },
      not_encodable: () => Symbol("x"),
    };
  }

  timing() {
    return {
      slow: async (seconds) => {
        this.emit("started", "slow");
        await sleep(seconds * 1000);
        return "slept";
      },
      hang: () => {
        this.emit("started", "hang");
        return new Promise(() => {});
      },
      block: (seconds) => {
        this.emit("started", "block");
        const until = Date.now() + seconds * 1000;
        while (Date.now() < until);
        return "blocked";
      },
    };
  }
}

/** What this language holds: the name of the type, and what belongs to it. */
function describe(x) {
  if (x === undefined || x === null) return { type: String(x) };
  const type = typeof x === "object" ? x.constructor.name : typeof x;
  const length = x.length ?? x.size ?? x.byteLength;
  return length === undefined ? { type } : { type, length };
}
