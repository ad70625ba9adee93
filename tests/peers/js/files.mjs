// Methods that take, give and send files; Python's files.py has the same.

const CONTENT = Uint8Array.from({ length: 600_000 }, (_, index) => index % 251);

/** A blob as the file object that it is for everybody else. */
function reader(blob) {
  let position = 0;
  return {
    name: blob.name,
    size: blob.size,
    read: async (length) => {
      const end = length === undefined ? blob.size : position + length;
      const part = new Uint8Array(await blob.slice(position, end).arrayBuffer());
      position += part.byteLength;
      return part;
    },
    seek: async (to) => { position = to; },
  };
}

export function methods(callService) {
  const readFile = async (given) => {
    const file = given instanceof Blob ? reader(given) : given;
    const head = await file.read(4);
    await file.seek(500_000);
    const part = await file.read(100);
    const rest = await file.read();
    const end = await file.read(1);
    return {
      kind: given instanceof Blob ? "blob" : "file",
      name: file.name,
      size: file.size,
      head,
      part,
      rest: rest.length,
      end: end.length,
    };
  };
  const openFile = () => new File([CONTENT], "js.bin", { type: "application/octet-stream" });
  return {
    read_file: (file) => readFile(file),
    open_file: () => openFile(),
    send_file: async (serviceId, path) => callService(serviceId, path, [openFile()]),
    fetch_file: async (serviceId, path) => readFile(await callService(serviceId, path, [])),
  };
}
