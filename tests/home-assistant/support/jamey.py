"""The real binary on a folder and a port of its own, started, killed and started again."""

import asyncio
import itertools
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import time

from . import PATIENCE, until

# The password of each user; they meet on loopback only.
PASSWORD = "for-tests-only"
USERS = {
    "home_assistant": ("home_assistant", "discovery", "operator", "approver"),
    "node_red": ("home_assistant",),
    "zigbee2mqtt": ("zigbee2mqtt",),
    "anna": ("admin", "approver"),
}


CLAIMED = []


def free_port():
    """A port that nobody has now, and no other test takes while this one runs: who claims one holds it for datagrams. It lies below those that the system hands out."""
    for number in itertools.count(len(CLAIMED)):
        port = 10_000 + (os.getpid() * 64 + number) % 20_000
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", port))
            with socket.socket() as sock:
                sock.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        CLAIMED.append(claim)
        return port


class Jamey:
    """A house. Its port stays the same over restarts, as Home Assistant expects."""

    def __init__(self, config="", users=None, enforce=True, binary=None):
        self.binary = binary or os.environ["JAMEY_BIN"]
        self._folder = tempfile.TemporaryDirectory(prefix="jamey-")
        self.folder = pathlib.Path(self._folder.name)
        (self.folder / "data").mkdir()
        self.write_config(config)
        self.enforce = enforce
        self.port = free_port()
        self.process = None
        self.said = []
        for name, roles in {**USERS, **(users or {})}.items():
            self.command("user", "add", name, *(word for role in roles for word in ("--role", role)), said=PASSWORD + "\n")

    def write_config(self, text):
        self.config = text
        (self.folder / "jamey.toml").write_text(text)

    def command(self, *words, said=None):
        """What `jamey …` answers on this house."""
        done = subprocess.run(
            [self.binary, *words, "--config", "jamey.toml", "--data", "data"],
            cwd=self.folder, env=environment(), input=said, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )
        assert done.returncode == 0, f"jamey {' '.join(words)}: {done.stderr or done.stdout}"
        return done.stdout

    async def answered(self, *words):
        """The same as JSON, while Home Assistant goes on."""
        return json.loads(await asyncio.to_thread(self.command, *words, "--json"))

    async def start(self):
        words = ["run", "--config", "jamey.toml", "--data", "data", "--mqtt", f"127.0.0.1:{self.port}", "--http", "127.0.0.1:0"]
        if self.enforce:
            words += ["--guard", "enforce"]
        self.process = subprocess.Popen(
            [self.binary, *words], cwd=self.folder, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        ready = threading.Event()
        threading.Thread(target=self._hear, args=(self.process.stdout, ready), daemon=True).start()
        threading.Thread(target=self._hear, args=(self.process.stderr, None), daemon=True).start()
        await until(lambda: f"Jamey says that it is ready; it said: {self.tail()}", lambda: ready.is_set() or self.process.poll() is not None)
        assert self.process.poll() is None, f"Jamey does not start: {self.tail()}"

    def _hear(self, stream, ready):
        for line in stream:
            self.said.append(line.rstrip())
            if ready and line.startswith("ready "):
                ready.set()

    def tail(self):
        return "\n".join(self.said[-30:])

    async def _end(self, how):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            await asyncio.to_thread(self.process.wait, PATIENCE)

    async def kill(self):
        await self._end(signal.SIGKILL)

    async def stop(self):
        await self._end(signal.SIGTERM)

    async def close(self):
        await self.kill()
        panics = [line for line in self.said if "panicked" in line]
        self._folder.cleanup()
        assert not panics, panics


def environment():
    """Without what would lay itself over the house's config, or make it start with another library."""
    own = {key: value for key, value in os.environ.items() if not key.startswith(("JAMEY__", "PYTHON"))}
    # At noon, whenever this runs: at night an unlock is denied and not held.
    return own | {"JAMEY__TIMEZONE": f"Etc/GMT{int(time.time()) // 3600 % 24 - 12:+d}"}
