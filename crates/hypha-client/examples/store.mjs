// The JavaScript half of store.rs: `node store.mjs http://127.0.0.1:9527`, where hypha-rpc and ws are installed.

/** An array of zarr format 2 behind a store that is asked for each value; as much of it as this needs. */
class RemoteArray {
  static async open(store) {
    const array = new RemoteArray();
    const about = JSON.parse(new TextDecoder().decode(await store.get(".zarray")));
    if (about.dtype !== "<u2" || about.compressor !== null) throw new Error("only plain 16 bit pixels");
    return Object.assign(array, { store, shape: about.shape, chunks: about.chunks });
  }

  /** The pixels of a rectangle, row by row. Each piece that it touches is read once. */
  async read(top, bottom, left, right) {
    const [height, width] = this.chunks;
    const pixels = [];
    for (let row = Math.floor(top / height); row * height < bottom; row++) {
      for (let column = Math.floor(left / width); column * width < right; column++) {
        const bytes = await this.store.get(`${row}.${column}`);
        const piece = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        for (let y = Math.max(top, row * height); y < Math.min(bottom, (row + 1) * height); y++) {
          for (let x = Math.max(left, column * width); x < Math.min(right, (column + 1) * width); x++) {
            pixels.push(piece.getUint16(2 * ((y - row * height) * width + (x - column * width)), true));
          }
        }
      }
    }
    return pixels;
  }
}

/** Registers the service. */
export async function offer(server) {
  let array = null;
  return server.registerService({
    id: "viewer",
    config: { visibility: "public" },
    open: async (store) => {
      array = await RemoteArray.open(store);
      return array.shape;
    },
    mean: async (top, bottom, left, right) => {
      const pixels = await array.read(top, bottom, left, right);
      return pixels.reduce((sum, pixel) => sum + pixel, 0) / pixels.length;
    },
    close: async () => {
      await array.store._dispose();
      array = null;
    },
  });
}

if (process.argv[1] === import.meta.filename) {
  const { WebSocket } = await import("ws");
  globalThis.WebSocket = WebSocket;
  const { hyphaWebsocketClient } = await import("hypha-rpc");
  const server = await hyphaWebsocketClient.connectToServer({ server_url: process.argv[2] });
  console.log((await offer(server)).id);
}
