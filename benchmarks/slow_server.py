"""A server on loopback that answers every GET after so long: `python -m benchmarks.slow_server MILLISECONDS`.

It prints its port and serves until its input ends. It does nothing but wait, so that what is measured
beside it is the client.
"""

from __future__ import annotations

import asyncio
import json
import sys

BODY = json.dumps(
    {
        "total": 40,
        "things": [
            {"id": f"{n:08d}", "name": f"thing {n}", "links": [{"rel": "self", "href": f"/things/{n}"}]}
            for n in range(40)
        ],
    }
).encode()
_HEADS = f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\nX-Served: yes\r\n\r\n"
ANSWER = f"HTTP/1.1 200 OK\r\n{_HEADS}".encode() + BODY


class _Connection(asyncio.Protocol):
    """One kept connection: a request ends at its empty line, for it has no body."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.left = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        *whole, self.left = (self.left + data).split(b"\r\n\r\n")
        for _ in whole:
            asyncio.get_running_loop().call_later(self.delay, self._answer)

    def _answer(self) -> None:
        if isinstance(self.transport, asyncio.WriteTransport) and not self.transport.is_closing():
            self.transport.write(ANSWER)


async def main(delay: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(delay), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) / 1000))
