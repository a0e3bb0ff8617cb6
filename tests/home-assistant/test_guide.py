"""docs/guide/first-lock.md, walked as it stands: its commands in one shell, and where a person would click, the real Home Assistant."""

import asyncio
import contextlib
import os
import pathlib
import tempfile
import types

from support import home as at, until
from support.home import at_home
from support.jamey import environment, free_port

GUIDE = pathlib.Path(__file__).parents[2] / "docs/guide/first-lock.md"
PASSWORD = "correct horse"
MARK = "=== done ==="
# What is clicked instead of being said.
CLICKED = "-u home_assistant"


def steps():
    """The commands of each section, by its number."""
    all_of, section, inside = {}, None, False
    for line in GUIDE.read_text().splitlines():
        if line.startswith("## "):
            section = line[3:].split(".")[0]
        elif line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            all_of.setdefault(section, []).append(line[2:])
    return all_of


class Shell:
    """One shell for the whole page, on a host that has the programs and knows the port."""

    def __init__(self, folder, port):
        (folder / "bin").mkdir()
        (folder / "bin/jamey").symlink_to(os.environ["JAMEY_BIN"])
        for client in ("mosquitto_pub", "mosquitto_sub"):
            (folder / client).write_text(f"-h 127.0.0.1\n-p {port}\n")
        self.folder = folder
        self.env = environment() | {
            "PATH": f"{folder}/bin:{os.environ['PATH']}", "XDG_CONFIG_HOME": str(folder),
            "JAMEY__BROKER__MQTT": f"127.0.0.1:{port}", "JAMEY__HTTP__LISTEN": f"127.0.0.1:{free_port()}",
        }

    async def start(self):
        pipe = asyncio.subprocess.PIPE
        self.bash = await asyncio.create_subprocess_exec("bash", "-eu", cwd=self.folder, env=self.env, stdin=pipe, stdout=pipe)
        self.bash.stdin.write(b"trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\n")

    async def say(self, command):
        self.bash.stdin.write(f"{command}\nprintf '\\n{MARK}\\n'\n".encode())
        said = await asyncio.wait_for(self.bash.stdout.readuntil(f"\n{MARK}\n".encode()), 30)
        return said.decode()[: -len(MARK) - 2]

    async def close(self):
        self.bash.stdin.close()
        await self.bash.wait()


@contextlib.asynccontextmanager
async def shell(port):
    with tempfile.TemporaryDirectory(prefix="guide-") as folder:
        one = Shell(pathlib.Path(folder), port)
        await one.start()
        try:
            yield one
        finally:
            await one.close()


async def test_the_first_lock_is_guarded_in_home_assistant_as_the_guide_says():
    port, all_of = free_port(), steps()
    assert all_of.keys() >= {"2", "3", "4", "6", "7", "8"}, all_of.keys()
    was, at.PASSWORD = at.PASSWORD, PASSWORD
    try:
        async with shell(port) as bash:
            for section in ("2", "3", "4"):
                for command in all_of[section]:
                    await bash.say(command)
            async with at_home(types.SimpleNamespace(port=port)) as home:
                await home.becomes("sensor.jamey_held", "0")
                lock = await until(lambda: f"the lock is there: {sorted(home.entities())}", lambda: next((e for e in home.entities() if e.startswith("lock.")), None))
                await home.becomes(lock, "locked")
                clicked, *rest = all_of["6"]
                assert CLICKED in clicked, clicked
                await home.does("lock", "unlock", lock)
                for command in rest:
                    said = await bash.say(command)
                assert said.strip() == "", f"nothing came to the lock: {said}"
                await home.becomes("sensor.jamey_held", "1")
                for command in all_of["7"]:
                    said = await bash.say(command)
                assert "UNLOCK" in said, said
                await home.becomes("sensor.jamey_held", "0")
                for command in all_of["8"]:
                    await bash.say(command)
    finally:
        at.PASSWORD = was
