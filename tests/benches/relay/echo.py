"""A Python provider of `echo` and `size`, and a caller that measures them as the Rust one does (measure.rs)."""

import asyncio
import json
import sys
import time

from hypha_rpc import connect_to_server

METHOD_TIMEOUT = 60


def say(line):
    print(line, flush=True)


async def lines():
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        yield line.strip()


async def provide(url):
    server = await connect_to_server({"server_url": url, "client_id": "bench-provider", "method_timeout": METHOD_TIMEOUT})
    service = await server.register_service(
        {
            "id": "bench",
            "config": {"visibility": "public"},
            "echo": lambda x: x,
            "size": lambda data: len(data),
        }
    )
    say(service["id"])
    async for _ in lines():
        pass


async def call(url, service_id):
    server = await connect_to_server({"server_url": url, "method_timeout": METHOD_TIMEOUT})
    service = await server.get_service(service_id)
    assert await service.echo(7) == 7
    say("ready")
    async for command in lines():
        say(json.dumps(await carry_out(service, command.split(" "))))


async def carry_out(service, command):
    name, *numbers = command
    if name == "upload":
        size = int(numbers[0])
        begun = time.perf_counter()
        assert await service.size(bytes(size)) == size
        return {"rate": size / (1 << 20) / (time.perf_counter() - begun)}
    at_once = int(numbers[0]) if name == "many" else 1
    begun = time.perf_counter()
    end = begun + float(numbers[-1])
    calls = 0

    async def caller():
        nonlocal calls
        while time.perf_counter() < end:
            assert await service.echo(7) == 7
            calls += 1

    await asyncio.gather(*(caller() for _ in range(at_once)))
    return {"rate": calls / (time.perf_counter() - begun), "calls": calls}


if __name__ == "__main__":
    role, *arguments = sys.argv[1:]
    asyncio.run({"provider": provide, "caller": call}[role](*arguments))
