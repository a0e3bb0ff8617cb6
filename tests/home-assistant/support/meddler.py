"""A man in the middle: carries MQTT 3.1.1 between Home Assistant and Jamey, and lays a document of its own in the place of one of Jamey's."""

import asyncio
import json


class Meddler:
    """What `change(document)` makes of the retained document at `topic` is what Home Assistant gets. All else goes through as it came."""

    def __init__(self, jamey, topic, change):
        self.jamey, self.topic, self.change = jamey, topic, change
        self.changed = 0

    async def start(self):
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self._tasks = []

    def close(self):
        self._server.close()
        for task in self._tasks:
            task.cancel()

    async def _connected(self, reader, writer):
        from_jamey, to_jamey = await asyncio.open_connection("127.0.0.1", self.jamey.port)
        self._tasks += [asyncio.create_task(self._plain(reader, to_jamey)), asyncio.create_task(self._meddling(from_jamey, writer))]

    async def _plain(self, reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def _meddling(self, reader, writer):
        try:
            while True:
                head = await reader.readexactly(1)
                length = shift = 0
                while True:
                    byte = (await reader.readexactly(1))[0]
                    length |= (byte & 127) << shift
                    shift += 7
                    if not byte & 128:
                        break
                body = self._published(head[0], await reader.readexactly(length))
                writer.write(head + varint(len(body)) + body)
                await writer.drain()
        except asyncio.IncompleteReadError:
            writer.close()

    def _published(self, head, body):
        if head >> 4 != 3:
            return body
        end = 2 + int.from_bytes(body[:2])
        if body[2:end].decode() != self.topic:
            return body
        # A packet identifier stands there from QoS 1 on.
        start = end + (2 if head & 6 else 0)
        if start == len(body):
            return body
        self.changed += 1
        return body[:start] + json.dumps(self.change(json.loads(body[start:]))).encode()


def varint(number):
    out = bytearray()
    while True:
        number, byte = divmod(number, 128)
        out.append(byte | (128 if number else 0))
        if not number:
            return bytes(out)
