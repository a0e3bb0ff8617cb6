"""What is answered is what /openapi.json says, whatever is asked: schemathesis, with all its checks."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from house import house

HERE = pathlib.Path(__file__).parent
# The same cases each time, so that who passes today passes tomorrow.
SEED = os.environ.get("JAMEY_SEED", "1")
# Of each operation, made up besides those that the description calls for.
CASES = "12"
# What is answered as long as one listens: no question with an end. tests/api_live.rs listens to them.
ENDLESS = ["/v1/stream", "/v1/events"]
SECONDS = 240


def test_everything_that_is_asked_is_answered_as_described():
    with house() as jamey, tempfile.TemporaryDirectory() as folder:
        status, document = jamey.get("/openapi.json")
        assert status == 200, document
        endless = [path for path in ENDLESS if path in document["paths"]]
        operations = sum(
            1 for path, methods in document["paths"].items() if path not in ENDLESS
            for method in methods if method in ("get", "put", "post", "delete", "patch", "head", "options")
        )
        done = subprocess.run(
            [
                pathlib.Path(sys.executable).parent / "schemathesis", "--config-file", HERE / "schemathesis.toml",
                "run", f"{jamey.url}/openapi.json", "--url", jamey.url, "--seed", SEED, "--max-examples", CASES, "--checks", "all",
                # They tell of how fast cases can be made up, and on a busy host they are not; nothing of Jamey.
                "--suppress-health-check", "filter_too_much,too_slow",
                "--continue-on-failure", "--no-color", "--report", "ndjson", "--report-ndjson-path", f"{folder}/report",
                *(word for path in endless for word in ("--exclude-path", path)),
            ],
            env={**os.environ, "JAMEY_TOKEN": jamey.tokens["anna"], "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE)}, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False,
        )
        text = done.stdout.replace(jamey.tokens["anna"], "TOKEN")
        # A body that was made up may have thousands of letters.
        told = "\n".join(line[:400] for line in text[text.find("= ERRORS =") if "= ERRORS =" in text else text.find("= FAILURES ="):].splitlines())
        assert done.returncode == 0, told + done.stderr[-2_000:]
        # It asked, and asked for all that there is.
        asked = {line for line in text.splitlines() if "Tested:" in line or "Selected:" in line or "passed" in line}
        assert any(f"Tested: {operations}" in line.strip() or f"{operations}/{operations}" in line for line in asked), text[-4_000:]
        print("\n".join(sorted(line.strip() for line in asked)))
