"""The add-on's skeleton: its files agree with each other, and its start script makes Jamey what the options say."""

import asyncio
import json
import os
import pathlib
import subprocess
import tempfile

from homeassistant.util.yaml import load_yaml

from support import until
from support.jamey import environment, free_port
from support.speaker import Speaker

ADDON = pathlib.Path(__file__).parents[2] / "deploy/home-assistant/addon"


async def test_its_files_agree():
    config, build, words = (load_yaml(str(ADDON / name)) for name in ("config.yaml", "build.yaml", "translations/en.yaml"))
    assert set(config["options"]) == set(config["schema"]) == set(words["configuration"])
    assert set(config["ports"]) == set(config["ports_description"]) == set(words["network"])
    assert set(config["arch"]) == set(build["build_from"])
    assert config["ingress"] is False
    start = (ADDON / "start").read_text()
    assert not [option for option in config["options"] if option not in start]


class Started:
    """What Speaker asks of a house."""

    def __init__(self, port):
        self.port = port


async def test_the_start_script_lays_the_options_over_the_config():
    with tempfile.TemporaryDirectory(prefix="addon-") as folder:
        folder = pathlib.Path(folder)
        (folder / "bin").mkdir()
        (folder / "bin/jamey").symlink_to(os.environ["JAMEY_BIN"])
        (folder / "config").mkdir()
        (folder / "config/jamey.toml").write_text('node = "attic"\n')
        options = load_yaml(str(ADDON / "config.yaml"))["options"] | {
            "guard": "enforce", "entities": 3,
            "users": [{"name": "anna", "password": "for-tests-only", "roles": ["admin", "approver"]}],
        }
        (folder / "options.json").write_text(json.dumps(options))
        port = free_port()
        env = environment() | {
            "PATH": f"{folder}/bin:{os.environ['PATH']}", "JAMEY_ADDON_DATA": str(folder), "JAMEY_ADDON_CONFIG": str(folder / "config"),
            "JAMEY_ADDON_MQTT": f"127.0.0.1:{port}", "JAMEY_ADDON_HTTP": "127.0.0.1:0",
        }
        # Twice: the second time the user is there already.
        for _ in range(2):
            with open(folder / "said", "w") as said:
                process = subprocess.Popen([ADDON / "start"], env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
            try:
                await until(
                    lambda: f"it starts: {(folder / 'said').read_text()}",
                    lambda: process.poll() is not None or "ready mqtt" in (folder / "said").read_text(),
                )
                anna = Speaker(Started(port), "anna", ["jamey/#"])
                glance = json.loads(await anna.hears("jamey/glance"))
                assert glance["guard"] == "enforce" and glance["profile"] == "home", glance
                anna.close()
            finally:
                process.terminate()
                await asyncio.to_thread(process.wait, 30)
