"""Functions, generators and interfaces: those that a peer makes, and what it does with those of others.

JavaScript's objects.mjs has the same.
"""

import asyncio


class Objects:
    """The methods of one connection that take functions and generators or give them.

    `tell(event, data)` reports what happens in them.
    """

    def __init__(self, tell, call_service):
        self.tell = tell
        self.call_service = call_service
        self.held = None

    def methods(self):
        return {**self.callbacks(), **self.generators(), **self.holding()}

    def callbacks(self):
        async def call_back(callback, count):
            return [await callback(index) for index in range(count)]

        def call_back_at_once(callback, count):
            """A sync function; what it returns is awaited by the client."""

            async def all_of_them():
                return await asyncio.gather(*(callback(index) for index in range(count)))

            return all_of_them()

        async def call_back_with(callback, args, kwargs):
            return await callback(*args, **kwargs)

        async def call_member(thing):
            return await thing["steps"][0]["report"](7)

        async def catch(callback):
            try:
                return {"returned": await callback()}
            except Exception as error:
                return {"raised": str(error)}

        async def nest(callback):
            async def inner(innermost):
                return await innermost(10)

            returned = await callback(inner)
            return await returned(5)

        async def forward(service_id, path, args):
            """Call another service as ourselves."""
            return await self.call_service(service_id, path, args)

        return {
            "call_back": call_back,
            "call_back_at_once": call_back_at_once,
            "call_back_with": call_back_with,
            "call_member": call_member,
            "catch": catch,
            "nest": nest,
            "forward": forward,
            "adder": lambda amount: lambda x: x + amount,
        }

    def generators(self):
        async def take(items, limit):
            return await taken(items, limit)

        def fail_after(n):
            for index in range(n):
                yield index
            raise RuntimeError("generator boom")

        async def repeat(text, n):
            for _ in range(n):
                yield text

        def rows(n):
            for row in range(n):
                yield counter("sync", row, self.closed)

        return {
            "count": lambda n: counter("sync", n, self.closed),
            "count_async": lambda n: counter("async", n, self.closed),
            "iterator": lambda n: counter("iterator", n, self.closed),
            "iterator_async": lambda n: counter("iterator_async", n, self.closed),
            "repeat": repeat,
            "fail_after": fail_after,
            "rows": rows,
            "take": take,
            "take_until_error": taken_until_error,
            "flatten": flattened,
        }

    def holding(self):
        def hold(thing):
            """Keep something beyond the call that it came with."""
            self.held = thing

        async def use_held(path, args):
            return await member(self.held, path)(*args)

        async def catch_held(path, args):
            try:
                return {"returned": await use_held(path, args)}
            except Exception as error:
                return {"raised": str(error)}

        def drop_held():
            self.held = None

        return {
            "hold": hold,
            "use_held": use_held,
            "catch_held": catch_held,
            "drop_held": drop_held,
            "open_store": store,
        }

    def closed(self, n):
        self.tell("generator_closed", n)


def counter(kind, n, closed):
    """0, 1, 2, ... up to n, as one of the four things that the client takes for a generator."""
    kinds = {"sync": count, "async": count_async, "iterator": Iterator, "iterator_async": AsyncIterator}
    return kinds[kind](n, closed)


def count(n, closed):
    try:
        yield from range(n)
    finally:
        closed(n)


async def count_async(n, closed):
    try:
        for index in range(n):
            yield index
    finally:
        closed(n)


class Iterator:
    def __init__(self, n, closed):
        self.n = n
        self.closed = closed
        self.next = 0

    def __iter__(self):
        return self

    def __next__(self):
        if self.next == self.n:
            self.close()
            raise StopIteration
        self.next += 1
        return self.next - 1

    def close(self):
        self.closed(self.n)


class AsyncIterator:
    def __init__(self, n, closed):
        self.items = Iterator(n, closed)

    def __aiter__(self):
        return self

    async def __anext__(self):
        try:
            return next(self.items)
        except StopIteration:
            raise StopAsyncIteration from None

    async def aclose(self):
        self.items.close()


def store(name):
    """An interface: its functions outlive the call that it travels in."""
    return {"_rintf": True, "name": name, "get": lambda key: f"{name}: {key}"}


async def taken(items, limit):
    """The first items. The generator is closed then, as a `with` block does it."""
    found = []
    try:
        while len(found) < limit:
            found.append(await anext(items))
    except StopAsyncIteration:
        pass
    finally:
        await items.aclose()
    return found


async def taken_until_error(items):
    found = []
    try:
        async for item in items:
            found.append(item)
    except Exception as error:
        return {"items": found, "raised": str(error)}
    return {"items": found, "raised": None}


async def flattened(rows):
    return [[item async for item in row] async for row in rows]


def member(thing, path):
    """What a dotted path leads to; the thing itself if it is empty."""
    for part in filter(None, path.split(".")):
        thing = thing[part]
    return thing


def made(what, told):
    """A function, generator or interface for an argument. `told(name, args)` is told what happens to it."""
    [(kind, given)] = what.items()
    return MADE[kind](given, told)


def raising(text, _told):
    async def callback(*_args):
        raise ValueError(text)

    return callback


def awaiting(name, told):
    async def callback(*args):
        await asyncio.sleep(0)
        told(name, args)
        return args[0] if args else None

    return callback


def nesting(ten, _told):
    async def outer(inner):
        echoed = await inner(lambda x: x)
        return lambda x: ten * echoed + x

    return outer


def generator(options, told):
    return counter(options["kind"], options["count"], lambda n: told("generator_closed", [n]))


def failing(count, _told):
    def items():
        yield from range(count)
        raise RuntimeError("generator boom")

    return items()


def grid(count, told):
    return (generator({"kind": "sync", "count": row}, told) for row in range(count))


MADE = {
    "raising": raising,
    "awaiting": awaiting,
    "nesting": nesting,
    "generator": generator,
    "failing": failing,
    "grid": grid,
    "store": lambda name, _told: store(name),
}
