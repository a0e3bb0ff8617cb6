"""The real binary on a folder of its own, with the demo's house played in it and people who may ask."""

import contextlib
import json
import os
import pathlib
import queue
import re
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

PATIENCE = 60
PASSWORD = "for-tests-only"
# One who may everything, one who may read, a device.
USERS = {"anna": ("admin", "approver", "operator"), "rita": ("reader",), "lamp": ("device",)}
CONFIG = """
[http]
# How fast may be asked, and what wrong keys cost, have tests of their own (tests/http_security.rs).
requests_per_second = 0
[limits]
failed_logins = 1000
"""


class House:
    def __init__(self, config=CONFIG):
        self._folder = tempfile.TemporaryDirectory(prefix="jamey-")
        self.folder = pathlib.Path(self._folder.name)
        (self.folder / "jamey.toml").write_text(config)
        self.said, self.process, self.tokens, self.password = [], None, {}, PASSWORD

    def command(self, *words, said=None, data=True):
        """What `jamey …` answers on this house."""
        place = ["--config", "jamey.toml", "--data", "data"] if data else []
        done = subprocess.run(
            [os.environ["JAMEY_BIN"], *words, *place],
            cwd=self.folder, env=environment(), input=said, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )
        assert done.returncode == 0, f"jamey {' '.join(words)}: {done.stderr or done.stdout}"
        return done.stdout

    def start(self):
        # What was kept by a first run is what the second one, with its people, shows: without users the demo is played by its own clients.
        self._run()
        self.command("demo", "--mqtt", self.mqtt)
        self.stop()
        for name, roles in USERS.items():
            self.command("user", "add", name, *(word for role in roles for word in ("--role", role)), said=PASSWORD + "\n")
            self.tokens[name] = json.loads(self.command("token", "create", "--user", name, "--json"))["token"]
        self._run()

    def _run(self):
        words = ["run", "--config", "jamey.toml", "--data", "data", "--mqtt", "127.0.0.1:0", "--http", "127.0.0.1:0", "--guard", "enforce"]
        self.process = subprocess.Popen(
            [os.environ["JAMEY_BIN"], *words], cwd=self.folder, env=environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        ready = queue.Queue()
        threading.Thread(target=self._hear, args=(self.process.stdout, ready), daemon=True).start()
        threading.Thread(target=self._hear, args=(self.process.stderr, None), daemon=True).start()
        try:
            line = ready.get(timeout=20)
        except queue.Empty:
            raise AssertionError(f"Jamey does not start: {self.tail()}") from None
        self.mqtt, http = re.fullmatch(r"ready mqtt=(\S+) http=(\S+)", line).groups()
        self.url = f"http://{http}"

    def _hear(self, stream, ready):
        for line in stream:
            self.said.append(line.rstrip())
            if ready and line.startswith("ready "):
                ready.put(line.rstrip())

    def tail(self):
        return "\n".join(self.said[-30:])

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)

    def get(self, path, user=None):
        """Status and JSON."""
        request = urllib.request.Request(self.url + path)
        if user:
            request.add_header("Authorization", f"Bearer {self.tokens[user]}")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def close(self):
        self.stop()
        self._folder.cleanup()
        assert self.process.returncode == 0, f"it died: {self.tail()}"
        panics = [line for line in self.said if "panicked" in line]
        assert not panics, panics
        leaked = [line for line in self.said if any(token in line for token in self.tokens.values())]
        assert not leaked, "the log holds a token"


@contextlib.contextmanager
def house(**how):
    built = House(**how)
    try:
        built.start()
        yield built
    except BaseException:
        built.process.kill()
        raise
    built.close()


def until(what, condition, patience=PATIENCE):
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"still not: {what}"
        time.sleep(0.05)


def environment():
    """Without what would lay itself over the house's config."""
    return {key: value for key, value in os.environ.items() if not key.startswith("JAMEY__")}
