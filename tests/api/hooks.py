"""What schemathesis cannot know of a house: which things there are in it, and which cursor a list gave. Where it tries what should be taken,
some of what it made up is replaced by what is there; where it tries what must be refused, nothing is."""

import itertools
import json
import os
import re
import urllib.error
import urllib.request

import schemathesis

# What things are called in the lists that they stand in.
CALLED = ("id", "entity", "device", "topic", "percept", "code", "client_id")
RULES = ["", "# nothing yet", "[weights]\n"]
turn = itertools.count()
known = {}


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    base = case.operation.base_url.rstrip("/")
    if case.query and "cursor" in case.query:
        given = next_of(base + case.formatted_path)
        if given is None:
            del case.query["cursor"]
        else:
            case.query["cursor"] = given
    # Nobody writes over what he has not read.
    if case.headers and "If-Match" in case.headers:
        case.headers["If-Match"] = tag_of(base + case.formatted_path)
    if isinstance(case.body, dict):
        if case.path.startswith("/v1/rules/") and "text" in case.body:
            # Rules are a language of their own; that what is none is refused tests/api_writing.rs tells.
            case.body["text"] = RULES[next(turn) % len(RULES)]
            case.body.pop("since", None), case.body.pop("until", None)
        if case.path.startswith("/v1/phoenix/"):
            # There is no repository in this house.
            case.body.pop("repository", None), case.body.pop("snapshot", None)
    # A field is of a kind; a description cannot say that one parameter wants another.
    if case.query and "field" in case.query and "kind" not in case.query:
        del case.query["field"]
    # Reading is of things that are there, every other time; what takes them away must not find them all.
    names = re.findall(r"{(\w+)}", case.path)
    if len(names) == 1 and case.method == "GET" and next(turn) % 2:
        things = things_of(base, case.path.split("/{")[0])
        if things:
            case.path_parameters[names[0]] = things[next(turn) % len(things)]


def things_of(base, path):
    if path not in known:
        page = get(f"{base}{path}") or {}
        items = page.get("data") or page.get("alerts") or []
        known[path] = [next((item[key] for key in CALLED if key in item), None) for item in items if isinstance(item, dict)]
    return [thing for thing in known[path] if thing is not None]


def next_of(url):
    return (get(f"{url}?limit=1") or {}).get("next")


def tag_of(url):
    with ask(url) as answer:
        return answer.headers["ETag"]


def get(url):
    try:
        with ask(url) as answer:
            page = json.load(answer)
            return page if isinstance(page, dict) else None
    except urllib.error.HTTPError:
        return None


def ask(url):
    return urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": f"Bearer {os.environ['JAMEY_TOKEN']}"}), timeout=20)
