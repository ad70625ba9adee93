"""Methods that take, give and send files; JavaScript's files.mjs has the same."""

import io

CONTENT = bytes(index % 251 for index in range(600_000))


def methods(call_service):
    async def read_file(file):
        """Read a file in parts, and say what was found."""
        head = await file.read(4)
        await file.seek(500_000)
        part = await file.read(100)
        rest = await file.read()
        end = await file.read(1)
        return {
            "name": file.name,
            "size": file.size,
            "head": bytes(head),
            "part": bytes(part),
            "rest": len(rest),
            "end": len(end),
        }

    def open_file():
        file = io.BytesIO(CONTENT)
        file.name = "python.bin"
        return file

    async def send_file(service_id, path):
        """Call a method with a file of ours."""
        return await call_service(service_id, path, [open_file()])

    async def fetch_file(service_id, path):
        """Get a file from a method, and read it after the call."""
        return await read_file(await call_service(service_id, path, []))

    return {
        "read_file": read_file,
        "open_file": open_file,
        "send_file": send_file,
        "fetch_file": fetch_file,
    }
