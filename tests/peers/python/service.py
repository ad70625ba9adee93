"""The services that a peer registers: one rich public service, and the same few methods under each rule of access.

JavaScript's service.mjs has the same ids, methods and events. The references file what they know about a method under the
function object, so no function may stand in two services: every service is made of fresh ones.
"""

import asyncio
import time

import numpy as np

import files
from notation import deep, depth, fill
from objects import Objects
from samples import SAMPLES


class Services:
    """Builds the services of one connection. `emit(event, data)` reports what happens in them."""

    def __init__(self, emit, mute, call_service):
        self.emit = emit
        self.mute = mute
        self.call_service = call_service
        self.objects = Objects(emit, call_service)
        self.touched = 0

    def all(self, authorized_workspaces=None, trusted_keys=None):
        """The service definitions, in the order of their registration."""
        services = [
            {"id": "interop", "config": {"visibility": "public"}, **self.rich()},
            {
                "id": "interop-context",
                "config": {"visibility": "public", "require_context": True},
                "context": lambda context=None: context,
                "with_args": lambda a, b=2, context=None: {"a": a, "b": b, "context": context},
                "nested": {"context": lambda context=None: context},
            },
            {
                "id": "interop-context-list",
                "config": {
                    "visibility": "public",
                    "require_context": ["context", "nested.context"],
                },
                "context": lambda context=None: context,
                "plain": lambda *args, **kwargs: {"args": list(args), "kwargs": kwargs},
                "nested": {"context": lambda context=None: context},
            },
            {
                "id": "interop-silent",
                "config": {"visibility": "public", "require_context": True},
                "silent": self.silent(),
            },
            {
                "id": "interop-executor",
                "config": {"visibility": "public", "run_in_executor": True},
                "block": self.block(),
            },
            self.guarded("interop-protected", {"visibility": "protected"}),
            self.guarded("interop-unlisted", {"visibility": "unlisted"}),
        ]
        if authorized_workspaces:
            rule = {"visibility": "protected", "authorized_workspaces": authorized_workspaces}
            services.append(self.guarded("interop-authorized", rule))
        if trusted_keys:
            rule = {"visibility": "public", "trusted_keys": trusted_keys}
            services.append(self.guarded("interop-trusted", rule))
        return services

    def guarded(self, service_id, config):
        def touch(*_arguments):
            """Count the calls that got through, whatever they carry."""
            self.touched += 1
            self.emit("touched", service_id)
            return self.touched

        return {"id": service_id, "config": config, "touch": touch, "echo": lambda x: x}

    def rich(self):
        return {
            "name": "Interop",
            "description": "Every kind of method and value",
            "docs": "A service for tests",
            **self.values(),
            **self.failures(),
            **self.timing(),
            **self.objects.methods(),
            **files.methods(self.call_service),
            "nested": {
                "double": lambda x: x * 2,
                "deeper": {"triple": lambda x: x * 3},
            },
            "array": [lambda x: x + 1, lambda x: x + 2, {"three": lambda x: x + 3}],
            "constants": {
                "answer": 42,
                "ratio": 1.25,
                "text": "hello",
                "flag": True,
                "nothing": None,
                "bytes": b"\x01\x02",
                "list": [1, 2.5, "three"],
            },
        }

    def values(self):
        def echo(x):
            """Give back what came."""
            return x

        async def echo_async(x):
            return x

        def add(a, b=10):
            """Add two numbers.

            Args:
                a: the first
                b: the second
            """
            return a + b

        async def size_async(x):
            return size(x)

        def collect(*args, **kwargs):
            return {"args": list(args), "kwargs": kwargs}

        return {
            "echo": echo,
            "echo_async": echo_async,
            "add": add,
            "collect": collect,
            "describe": lambda x: describe(x),
            "sample": lambda name: SAMPLES[name](),
            "sample_names": lambda: list(SAMPLES),
            "size": lambda x: size(x),
            "size_async": size_async,
            "fill": lambda length: fill(length),
            "deep": lambda levels: deep(levels),
            "depth": lambda x: depth(x),
            "touches": lambda: self.touched,
        }

    def failures(self):
        def boom(text="sync boom"):
            raise ValueError(text)

        async def boom_async(text="async boom"):
            raise TypeError(text)

        def not_encodable():
            return object()

        return {"boom": boom, "boom_async": boom_async, "not_encodable": not_encodable}

    def timing(self):
        async def slow(seconds):
            """Answer late; heartbeats keep the caller waiting."""
            self.emit("started", "slow")
            await asyncio.sleep(seconds)
            return "slept"

        async def hang():
            """Never answer, and keep sending heartbeats."""
            self.emit("started", "hang")
            await asyncio.Event().wait()

        return {"slow": slow, "hang": hang, "block": self.block()}

    def silent(self):
        def silent(context):
            """Run, but let no answer out."""
            self.mute(context["session"])
            self.emit("started", "silent")

        return silent

    def block(self):
        def block(seconds):
            """Hold the thread."""
            self.emit("started", "block")
            time.sleep(seconds)
            return "blocked"

        return block


def describe(x):
    """What this language holds: the name of the type, and what belongs to it."""
    told = {"type": type(x).__name__}
    if isinstance(x, np.ndarray):
        told.update(dtype=str(x.dtype), shape=list(x.shape))
    if isinstance(x, (str, bytes, list, dict, set)):
        told["length"] = len(x)
    return told


def size(x):
    """Bytes in an array or a view, else items."""
    return x.nbytes if isinstance(x, (np.ndarray, memoryview)) else len(x)
