"""A real Python client, driven by JSON lines: `{"id", "cmd", "args"}` on stdin, `{"id", "ok", "result" | "error"}` on stdout.

Values travel in the notation of notation.py. Commands run side by side. A line without `id` on stdout is an event:
`{"event": name, "data": ...}`. The end of stdin ends the process.
"""

import asyncio
import importlib.util
import json
import os
import sys
import threading
from pathlib import Path

import msgpack
from hypha_rpc import connect_to_server

import notation
import objects
import station
from service import Services


EXAMPLES = Path(__file__).parents[3] / "crates/hypha-client/examples"


class Connection:
    """One connection to the server, and what hangs on it."""

    def __init__(self, server, emit):
        self.server = server
        self.proxies = {}
        self.muted = set()
        self.sent = 0
        self.services = Services(emit, self.muted.add, self.call)
        self.held = None
        self.emit_message = server.rpc._emit_message
        server.rpc._emit_message = self.send

    async def send(self, frame):
        """Counts what goes out, and drops answers to the sessions that are muted."""
        if self.muted:
            method = next(iter(unpacker(frame))).get("method") or ""
            if method.split(".")[0] in self.muted:
                return
        self.sent += 1
        await self.emit_message(frame)

    async def proxy(self, service_id, config=None, fresh=False):
        if fresh or service_id not in self.proxies:
            arguments = [service_id] if config is None else [service_id, config]
            self.proxies[service_id] = await self.server.get_service(*arguments)
        return self.proxies[service_id]

    async def call(self, service_id, path, args, kwargs=None, config=None):
        target = await self.proxy(service_id, config)
        for part in path.split("."):
            target = target[int(part)] if isinstance(target, list) else target[part]
        return await target(*args, **(kwargs or {}))


class Peer:
    """The commands. Each takes the `args` of its line; `conn` names the connection, `main` if absent."""

    def __init__(self, out):
        self.out = out
        self.lock = threading.Lock()
        self.connections = {}

    def emit(self, event, data=None):
        self.write({"event": event, "data": notation.to_json(data)})

    def write(self, line):
        with self.lock:
            self.out.write(json.dumps(line) + "\n")
            self.out.flush()

    async def handle(self, line):
        request = json.loads(line)
        try:
            args = request.get("args") or {}
            result = await getattr(self, "do_" + request["cmd"])(**args)
            self.write({"id": request["id"], "ok": True, "result": result})
        except Exception as error:
            told = {"type": type(error).__name__, "message": str(error)}
            self.write({"id": request["id"], "ok": False, "error": told})

    def revive(self, note):
        return notation.from_json(note, lambda name, args: self.emit("called", {"name": name, "args": args}))

    async def do_connect(self, conn="main", **options):
        server = await connect_to_server(options)
        self.connections[conn] = Connection(server, self.emit)
        config = server.config
        return {"workspace": config["workspace"], "client_id": config["client_id"], "user": config["user"]["id"]}

    async def do_public_key(self, conn="main"):
        return self.connections[conn].server.rpc.get_public_key()

    async def do_register(self, conn="main", authorized_workspaces=None, trusted_keys=None, only=None):
        connection = self.connections[conn]
        ids = {}
        for definition in connection.services.all(authorized_workspaces, trusted_keys):
            if only is None or definition["id"] in only:
                info = await connection.server.register_service(definition)
                ids[definition["id"]] = info["id"]
        return ids

    async def do_register_typed(self, conn="main"):
        """Register the service with pydantic types."""
        from typed import SERVICE

        return (await self.connections[conn].server.register_service(SERVICE))["id"]

    async def do_register_of_type(self, type, methods, conn="main"):
        """Register a service with these methods, if it has what services of its type have."""
        service = {"id": "of-type", "type": type, **{name: lambda x: x for name in methods}}
        return (await self.connections[conn].server.register_service(service, {"check_type": True}))["id"]

    async def do_register_station(self, conn="main"):
        """Register the service of the typed client."""
        return (await self.connections[conn].server.register_service(station.service()))["id"]

    async def do_export(self, conn="main"):
        """Export an application of one method."""
        await self.connections[conn].server.export({"echo": lambda x: x})

    async def do_example(self, name, conn="main"):
        """Run the Python half of an example: what it offers is found under the id that this gives."""
        specification = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
        example = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(example)
        return (await example.offer(self.connections[conn].server))["id"]

    async def do_unregister(self, service, conn="main"):
        await self.connections[conn].server.unregister_service(service)

    async def do_get_service(self, service, conn="main", config=None):
        return notation.to_json(await self.connections[conn].proxy(service, config, fresh=True))

    async def do_call(self, service, method, args=(), kwargs=None, conn="main", config=None, reduce=None):
        connection = self.connections[conn]
        args, kwargs = self.revive(list(args)), self.revive(kwargs or {})
        result = await connection.call(service, method, args, kwargs, config)
        if reduce == "held":
            connection.held, result = result, None
        return await reduced(result, reduce, args)

    async def do_use_held(self, path="", args=(), conn="main"):
        """Call a function in the result of a call that was reduced to `held`."""
        return notation.to_json(await objects.member(self.connections[conn].held, path)(*self.revive(list(args))))

    async def do_pass_on(self, service, method, function, args, conn="main"):
        """Call a method with a function of another service as its first argument."""
        connection = self.connections[conn]
        function = objects.member(await connection.proxy(function["service"]), function["method"])
        return notation.to_json(await connection.call(service, method, [function, *args]))

    async def do_metadata(self, service, method, conn="main"):
        """What a function of a service says of itself."""
        function = (await self.connections[conn].proxy(service))[method]
        told = {"name": function.__name__, "doc": function.__doc__, "schema": function.__schema__}
        return notation.to_json(told)

    async def do_manager(self, method, args=(), kwargs=None, conn="main"):
        function = self.connections[conn].server[method]
        return notation.to_json(await function(*self.revive(list(args)), **self.revive(kwargs or {})))

    async def do_ping(self, client, timeout=5, conn="main"):
        await self.connections[conn].server.rpc.ping(client, timeout)

    async def do_listen(self, name, conn="main"):
        """Report every event of this name as it comes: `heard` with the fields of its message."""
        self.connections[conn].server.rpc.on(name, self.heard)

    def heard(self, message):
        fields = {key: value for key, value in message.items() if key != "ctx"}
        self.emit("heard", fields)

    async def do_emit(self, message, extra=None, conn="main"):
        """Send an event, a message as it is written, with a second segment if there is one."""
        sending = self.connections[conn].server.rpc.emit(self.revive(message), extra and self.revive(extra))
        if sending is not None:
            await sending

    async def do_send_raw(self, hex, conn="main"):
        """Send a frame of the test's own making over the authenticated connection."""
        await self.connections[conn].emit_message(bytes.fromhex(hex))

    async def do_state(self, conn="main"):
        connection = self.connections[conn]
        kept = {"services", "message_cache"}
        sessions = [key for key in connection.server.rpc._object_store if key not in kept]
        return {"sessions": len(sessions), "frames_sent": connection.sent}

    async def do_disconnect(self, conn="main"):
        await self.connections.pop(conn).server.disconnect()

    async def do_exit(self, code=0):
        """End at once, without a word to the server."""
        os._exit(code)


def unpacker(frame):
    segments = msgpack.Unpacker(max_buffer_size=0)
    segments.feed(frame)
    return segments


async def reduced(result, how, args):
    """The result, or what is asked of one that JSON should not carry."""
    if how == "size":
        return len(result)
    if how == "depth":
        return notation.depth(result)
    if how == "same":
        return notation.same(result, args[0])
    if how == "items":
        return [notation.to_json(item) async for item in result]
    if how == "first two":
        return notation.to_json(await objects.taken(result, 2))
    if how == "items until error":
        return notation.to_json(await objects.taken_until_error(result))
    if how == "rows":
        return notation.to_json(await objects.flattened(result))
    return notation.to_json(result)


async def main():
    out, sys.stdout = sys.stdout, sys.stderr  # the client prints announcements
    peer = Peer(out)
    loop = asyncio.get_running_loop()
    tasks = set()

    def start(line):
        task = loop.create_task(peer.handle(line))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def read():
        for line in sys.stdin:
            loop.call_soon_threadsafe(start, line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    await asyncio.Event().wait()


asyncio.run(main())
