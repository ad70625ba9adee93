"""The Python half of labelled.rs: `python labelled.py http://127.0.0.1:9527`."""

import asyncio
import sys

import numpy as np
import xarray
from hypha_rpc import connect_to_server


def encode(array):
    return {
        "name": array.name,
        "dims": list(array.dims),
        "coords": {name: coord.values for name, coord in array.coords.items()},
        "data": array.values,
        "attrs": dict(array.attrs),
    }


def decode(fields):
    return xarray.DataArray(
        fields["data"],
        name=fields["name"],
        dims=fields["dims"],
        coords={name: ([name], labels) for name, labels in fields["coords"].items()},
        attrs=dict(fields["attrs"]),
    )


async def offer(server):
    """Register the codec and the service."""
    server.register_codec({"name": "xarray", "type": xarray.DataArray, "encoder": encode, "decoder": decode})

    def anomaly(array):
        """How far each value lies from the mean of its column."""
        with xarray.set_options(keep_attrs=True):
            return array - array.mean(array.dims[0])

    async def double_there(service_id):
        """Let the service of the other half work on an array that is made here."""
        made = xarray.DataArray(
            np.arange(6.0).reshape(3, 2),
            name="depth",
            dims=["station", "side"],
            coords={"station": [10, 20, 30], "side": ["left", "right"]},
            attrs={"units": "m"},
        )
        grids = await server.get_service(service_id)
        doubled = await grids.scale(made, 2.0)
        with xarray.set_options(keep_attrs=True):
            xarray.testing.assert_identical(doubled, made * 2)
        return doubled

    config = {"visibility": "public"}
    service = {"id": "climate", "config": config, "anomaly": anomaly, "double_there": double_there}
    return await server.register_service(service)


async def main(url):
    async with connect_to_server({"server_url": url}) as server:
        print((await offer(server))["id"], flush=True)
        await server.serve()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
