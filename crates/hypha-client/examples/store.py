"""The Python half of store.rs: `python store.py http://127.0.0.1:9527`."""

import asyncio
import sys

from hypha_rpc import connect_to_server
from zarr.abc.store import RangeByteRequest, Store, SuffixByteRequest
from zarr.api import asynchronous as zarr


class RemoteStore(Store):
    """A zarr store that asks another client for each value."""

    supports_writes = False
    supports_deletes = False
    supports_listing = True

    def __init__(self, remote):
        super().__init__(read_only=True)
        self.remote = remote

    def __eq__(self, other):
        return self is other

    async def get(self, key, prototype, byte_range=None):
        value = await self.remote.get(key)
        return None if value is None else prototype.buffer.from_bytes(cut(value, byte_range))

    async def get_partial_values(self, prototype, key_ranges):
        return [await self.get(key, prototype, byte_range) for key, byte_range in key_ranges]

    async def exists(self, key):
        return await self.remote.contains(key)

    async def list(self):
        for key in await self.remote.keys():
            yield key

    async def list_prefix(self, prefix):
        async for key in self.list():
            if key.startswith(prefix):
                yield key

    async def list_dir(self, prefix):
        async for key in self.list_prefix(prefix):
            yield key.removeprefix(prefix).lstrip("/").split("/")[0]

    async def set(self, key, value):
        raise NotImplementedError("this store is read only")

    async def delete(self, key):
        raise NotImplementedError("this store is read only")


def cut(value, byte_range):
    if byte_range is None:
        return value
    if isinstance(byte_range, RangeByteRequest):
        return value[byte_range.start : byte_range.end]
    if isinstance(byte_range, SuffixByteRequest):
        return value[-byte_range.suffix :]
    return value[byte_range.offset :]


async def offer(server):
    """Register the service."""
    opened = {}

    async def open_store(store):
        opened["store"] = store
        opened["array"] = await zarr.open_array(store=RemoteStore(store), zarr_format=2, mode="r")
        return list(opened["array"].shape)

    async def mean(top, bottom, left, right):
        pixels = await opened["array"].getitem((slice(top, bottom), slice(left, right)))
        return float(pixels.mean())

    async def close():
        opened.pop("array")
        await opened.pop("store")._dispose()

    config = {"visibility": "public"}
    return await server.register_service(
        {"id": "viewer", "config": config, "open": open_store, "mean": mean, "close": close}
    )


async def main(url):
    async with connect_to_server({"server_url": url}) as server:
        print((await offer(server))["id"], flush=True)
        await server.serve()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
