// A real JavaScript client, driven by JSON lines as the Python peer is: see peer.py for the protocol.
// The folder that holds node_modules is the only argument.
import { createRequire } from "node:module";
import path from "node:path";
import readline from "node:readline";
import { depth, fromJson, toJson } from "./notation.mjs";
import { flattened, member, taken, takenUntilError } from "./objects.mjs";
import { Services } from "./service.mjs";
import { service as station } from "./station.mjs";

const require = createRequire(path.join(process.argv[2], "index.js"));
globalThis.WebSocket = require("ws");
globalThis.self = globalThis; // the encryption library looks for its random source there
const { decodeMulti } = require("@msgpack/msgpack");
// the client prints announcements
for (const level of ["log", "info", "warn", "error", "debug"]) {
  console[level] = (...args) => process.stderr.write(`[${level}] ${args.join(" ")}\n`);
}
process.on("unhandledRejection", (reason) => console.error("unhandled rejection:", reason));
const { hyphaWebsocketClient } = require("hypha-rpc");

/** One connection to the server, and what hangs on it. */
class Connection {
  constructor(server) {
    this.server = server;
    this.proxies = new Map();
    this.muted = new Set();
    this.sent = 0;
    this.services = new Services(emit, (session) => this.muted.add(session), (...call) => this.call(...call));
    this.emitMessage = server.rpc._emit_message;
    server.rpc._emit_message = (frame) => this.send(frame);
  }

  /** Counts what goes out, and drops answers to the sessions that are muted. */
  async send(frame) {
    if (this.muted.size > 0) {
      const [header] = decodeMulti(frame);
      if (this.muted.has((header.method ?? "").split(".")[0])) return;
    }
    this.sent++;
    await this.emitMessage(frame);
  }

  async proxy(id, config, fresh = false) {
    if (fresh || !this.proxies.has(id)) {
      this.proxies.set(id, await this.server.getService(...(config ? [id, config] : [id])));
    }
    return this.proxies.get(id);
  }

  async call(id, method, args, kwargs, config) {
    let target = await this.proxy(id, config);
    for (const part of method.split(".")) target = target[part];
    return await target(...withKwargs(args, kwargs));
  }
}

const connections = new Map();

const commands = {
  async connect({ conn = "main", ...options }) {
    const server = await hyphaWebsocketClient.connectToServer(options);
    connections.set(conn, new Connection(server));
    const { workspace, client_id, user } = server.config;
    return { workspace, client_id, user: user.id };
  },
  async public_key({ conn = "main" }) {
    const { rpc } = connections.get(conn).server;
    await rpc._encryption_ready;
    return rpc.getPublicKey();
  },
  async register({ conn = "main", authorized_workspaces, trusted_keys, only }) {
    const { server, services } = connections.get(conn);
    const ids = {};
    for (const definition of services.all(authorized_workspaces, trusted_keys)) {
      if (only && !only.includes(definition.id)) continue;
      const info = await server.registerService(definition);
      ids[definition.id] = info.id;
    }
    return ids;
  },
  /** Register the service of the typed client. */
  async register_station({ conn = "main" }) {
    return (await connections.get(conn).server.registerService(station())).id;
  },
  /** Export an application of one method. */
  async export({ conn = "main" }) {
    await connections.get(conn).server.export({ echo: (x) => x });
    return null;
  },
  /** Run the JavaScript half of an example: what it offers is found under the id that this gives. */
  async example({ conn = "main", name }) {
    const example = await import(new URL(`../../../crates/hypha-client/examples/${name}.mjs`, import.meta.url));
    return (await example.offer(connections.get(conn).server)).id;
  },
  async unregister({ conn = "main", service }) {
    await connections.get(conn).server.unregisterService(service);
    return null;
  },
  async get_service({ conn = "main", service, config }) {
    return toJson(await connections.get(conn).proxy(service, config, true));
  },
  async call({ conn = "main", service, method, args = [], kwargs, config, reduce }) {
    const connection = connections.get(conn);
    const sent = revive(args);
    const result = await connection.call(service, method, sent, kwargs && revive(kwargs), config);
    if (reduce !== "held") return reduced(result, reduce, sent);
    connection.held = result;
    return null;
  },
  /** Call a function in the result of a call that was reduced to `held`. */
  async use_held({ conn = "main", path = "", args = [] }) {
    return toJson(await member(connections.get(conn).held, path)(...revive(args)));
  },
  /** Call a method with a function of another service as its first argument. */
  async pass_on({ conn = "main", service, method, function: { service: maker, method: name }, args }) {
    const connection = connections.get(conn);
    const passed = member(await connection.proxy(maker), name);
    return toJson(await connection.call(service, method, [passed, ...args]));
  },
  /** What a function of a service says of itself. */
  async metadata({ conn = "main", service, method }) {
    const { __name__: name, __doc__: doc, __schema__: schema } = (await connections.get(conn).proxy(service))[method];
    return toJson({ name, doc, schema });
  },
  async manager({ conn = "main", method, args = [], kwargs }) {
    const camel = method.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
    const { server } = connections.get(conn);
    return toJson(await server[camel](...withKwargs(revive(args), kwargs && revive(kwargs))));
  },
  async ping({ conn = "main", client, timeout = 5 }) {
    await connections.get(conn).server.rpc.ping(client, timeout);
    return null;
  },
  /** Report every event of this name as it comes: `heard` with the fields of its message. */
  async listen({ conn = "main", name }) {
    connections.get(conn).server.rpc.on(name, ({ ctx, ...fields }) => emit("heard", fields));
    return null;
  },
  /** Send an event, a message as it is written, with a second segment if there is one. */
  async emit({ conn = "main", message, extra }) {
    await connections.get(conn).server.rpc.emit(revive(message), extra && revive(extra));
    return null;
  },
  /** Send a frame of the test's own making over the authenticated connection. */
  async send_raw({ conn = "main", hex }) {
    await connections.get(conn).emitMessage(Uint8Array.from(Buffer.from(hex, "hex")));
    return null;
  },
  async state({ conn = "main" }) {
    const { server, sent } = connections.get(conn);
    const kept = new Set(["services", "message_cache"]);
    const sessions = Object.keys(server.rpc._object_store).filter((key) => !kept.has(key));
    return { sessions: sessions.length, frames_sent: sent };
  },
  async disconnect({ conn = "main" }) {
    await connections.get(conn).server.disconnect();
    connections.delete(conn);
    return null;
  },
  /** End at once, without a word to the server. */
  exit({ code = 0 }) {
    process.exit(code);
  },
};

const lines = readline.createInterface({ input: process.stdin });
lines.on("line", async (line) => {
  const { id, cmd, args } = JSON.parse(line);
  try {
    write({ id, ok: true, result: await commands[cmd](args ?? {}) });
  } catch (error) {
    const isError = error instanceof Error;
    const told = { type: isError ? error.name : typeof error, message: String(isError ? error.message : error) };
    write({ id, ok: false, error: told });
  }
});
lines.on("close", () => process.exit(0));

function write(line) {
  process.stdout.write(JSON.stringify(line) + "\n");
}

function emit(event, data = null) {
  write({ event, data: toJson(data) });
}

function revive(note) {
  return fromJson(note, (name, args) => emit("called", { name, args }));
}

/** The client takes keyword arguments as a last object that is marked so. */
function withKwargs(args, kwargs) {
  return kwargs && Object.keys(kwargs).length > 0 ? [...args, { ...kwargs, _rkwargs: true }] : args;
}

/** The result, or what is asked of one that JSON should not carry. */
async function reduced(result, how, args) {
  if (how === "size") return result.length;
  if (how === "depth") return depth(result);
  if (how === "same") return Buffer.compare(result, args[0]) === 0;
  if (how === "items") {
    const items = [];
    for await (const item of result) items.push(toJson(item));
    return items;
  }
  if (how === "first two") return toJson(await taken(result, 2));
  if (how === "items until error") return toJson(await takenUntilError(result));
  if (how === "rows") return toJson(await flattened(result));
  return toJson(result);
}
