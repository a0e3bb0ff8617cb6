"""A client that a program makes out of /openapi.json does real things, without a line written by hand."""

import asyncio
import importlib
import os
import pathlib
import subprocess
import sys
import tempfile

from house import house, until


def test_a_generated_client_works():
    with house() as jamey, tempfile.TemporaryDirectory() as folder:
        client, call = generated(jamey, folder)
        # Figures.
        broker = call("broker.broker").sync(client=client)
        assert broker.version and broker.retained > 0, broker
        # Turning pages: every topic once, in order.
        topics, cursor = [], None
        while True:
            more = {"cursor": cursor} if cursor else {}
            page = call("broker.retained").sync(client=client, limit=2, filter_="jamey/#", **more)
            topics += [one.topic for one in page.data]
            cursor = page.next_
            if not cursor:
                break
        assert topics == sorted(set(topics)) and "jamey/status" in topics and len(topics) > 4, topics
        # One of them, whose slashes it must write as the address wants them.
        value = call("broker.retained_value").sync("jamey/status", client=client)
        assert (value.topic, value.text, value.base64) == ("jamey/status", "online", None), value
        # An administrator's thing, and once more: it has not changed.
        answer = call("config.config").sync_detailed(client=client)
        assert answer.status_code == 200 and answer.parsed.options["broker"]["guard"] == "enforce", answer
        again = call("config.config").sync_detailed(client=client, if_none_match=answer.headers["etag"])
        assert again.status_code == 304, again
        # A client that comes is seen, as what it is.
        listener = subprocess.Popen(["mosquitto_sub", "-h", "127.0.0.1", "-p", jamey.mqtt.rsplit(":", 1)[1], "-i", "by-hand", "-u", "anna", "-P", jamey.password, "-t", "#"], stdout=subprocess.DEVNULL)
        try:
            seen = lambda: [one for one in call("broker.clients").sync(client=client).data if one.client_id == "by-hand"]
            until("the client is seen", lambda: bool(seen()))
            assert (seen()[0].user, seen()[0].address) == ("anna", "127.0.0.1"), seen()
        finally:
            listener.kill()
            listener.wait()
        # The trail, without waiting for it in between.
        rows = asyncio.run(call("audit.audit").asyncio(client=client, limit=5))
        assert rows.data and all(len(row.hash_) == 64 for row in rows.data), rows
        # A problem is told as one.
        wrong = call("audit.audit").sync_detailed(client=client, limit=5, cursor="AAAA")
        assert (wrong.status_code, wrong.parsed.code) == (400, "cursor") and wrong.parsed.request_id, wrong
        refused = call("audit.audit").sync_detailed(client=type(client)(base_url=jamey.url, token="jamey_wrong"))
        assert (refused.status_code, refused.parsed.code) == (401, "unauthorized"), refused


def generated(jamey, folder):
    """A client with anna's token, and a way to its calls."""
    programs = pathlib.Path(sys.executable).parent
    made = subprocess.run(
        [programs / "openapi-python-client", "generate", "--url", f"{jamey.url}/openapi.json", "--meta", "none", "--output-path", f"{folder}/made", "--fail-on-warning"],
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}, capture_output=True, text=True, timeout=120, check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, folder)
    package = importlib.import_module("made")
    client = package.AuthenticatedClient(base_url=jamey.url, token=jamey.tokens["anna"])
    return client, lambda name: importlib.import_module(f"made.api.{name}")
