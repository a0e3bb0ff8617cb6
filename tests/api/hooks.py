"""What schemathesis cannot know: a cursor is one that the list itself gave. Made-up ones stay where it tries what must be refused."""

import json
import os
import urllib.error
import urllib.request

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    if not case.query or "cursor" not in case.query or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    given = next_of(case.operation.base_url.rstrip("/") + case.formatted_path)
    if given is None:
        del case.query["cursor"]
    else:
        case.query["cursor"] = given


def next_of(url):
    request = urllib.request.Request(f"{url}?limit=1", headers={"Authorization": f"Bearer {os.environ['JAMEY_TOKEN']}"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer).get("next")
    except urllib.error.HTTPError:
        return None
