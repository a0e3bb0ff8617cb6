"""What is held stands in Home Assistant as two buttons, and what a person presses there counts; but never for what Home Assistant asked itself."""

import json

from support import until
from support.catalogue import problems
from support.door import SET, STATE, buttons, front_door, offered, withdrawn


async def test_what_node_red_asked_is_approved_and_reaches_the_door():
    async with front_door() as (home, others, jamey):
        await others["node_red"].say(SET, "UNLOCK")
        await home.becomes("sensor.jamey_held", "1")
        approve, deny = await offered(home, "approve"), await offered(home, "deny")
        name = home.attributes(approve)["friendly_name"]
        assert "Approve: unlock" in name and "node_red" in name, name
        await until(
            lambda: f"reason and times stand behind it: {home.attributes(approve)}",
            lambda: {"reason", "asked_at", "expires_at"} <= set(home.attributes(approve)),
        )
        await until("it is told", lambda: home.attributes("event.jamey_approval").get("event_type") == "asked")
        assert not others["zigbee2mqtt"].payloads(SET)
        await home.does("button", "press", approve)
        assert await others["zigbee2mqtt"].hears(SET) == "UNLOCK"
        await withdrawn(home)
        await home.becomes("sensor.jamey_held", "0")
        await until("it is told", lambda: home.attributes("event.jamey_approval").get("event_type") == "approved")
        await others["zigbee2mqtt"].say(STATE, {"state": "UNLOCK"}, retain=True)
        await home.becomes("lock.front_door", "unlocked")
        assert home.state(deny) is None
        assert others["zigbee2mqtt"].payloads(SET) == ["UNLOCK"]


async def test_what_node_red_asked_is_denied_and_never_reaches_it():
    async with front_door() as (home, others, jamey):
        await others["node_red"].say(SET, "UNLOCK")
        await home.does("button", "press", await offered(home, "deny"))
        await withdrawn(home)
        await until("it is told", lambda: home.attributes("event.jamey_approval").get("event_type") == "refused")
        await home.becomes("sensor.jamey_held", "0")
        # The next one that goes on comes after it, and alone.
        await others["node_red"].say(SET, "LOCK")
        assert await others["zigbee2mqtt"].hears(SET) == "LOCK"
        assert others["zigbee2mqtt"].payloads(SET) == ["LOCK"]


async def test_home_assistant_is_judged_and_does_not_approve_itself():
    async with front_door() as (home, others, jamey):
        await home.does("lock", "unlock", "lock.front_door")
        verdict = json.loads(await others["anna"].hears("jamey/verdict/home_assistant"))
        assert verdict["decision"] == "escalate", verdict
        await until("it is told", lambda: home.attributes("event.jamey_verdict").get("event_type") == "held")
        assert "front" in home.attributes("event.jamey_verdict")["text"].lower(), home.attributes("event.jamey_verdict")
        await home.becomes("sensor.jamey_held", "1")
        # Its buttons are there, and a press does not count.
        approve = await offered(home, "approve")
        await home.does("button", "press", approve)
        reply = json.loads(await others["anna"].hears("jamey/reply/approval"))
        assert reply["status"] == "error", reply
        assert buttons(home, "approve") == [approve] and home.state("sensor.jamey_held") == "1"
        assert not others["zigbee2mqtt"].payloads(SET)
        # Another's does.
        held = json.loads(await others["anna"].hears_below("jamey/approval/"))
        answer = {"answer": "approve", "nonce": held["nonce"], "sha256": held["sha256"]}
        await others["anna"].say(f"jamey/approval/{held['id']}/answer", answer)
        assert await others["zigbee2mqtt"].hears(SET) == "UNLOCK"
        await withdrawn(home)


async def test_without_the_role_nothing_is_offered():
    users = {"home_assistant": ("home_assistant", "discovery", "operator")}
    async with front_door(users=users) as (home, others, jamey):
        await others["node_red"].say(SET, "UNLOCK")
        await home.becomes("sensor.jamey_held", "1")
        # The document that has them came, and not to Home Assistant.
        await others["anna"].hears("homeassistant/device/jamey_jamey_-approvals/config")
        assert not buttons(home, "approve") + buttons(home, "deny"), home.entities()


async def test_what_expires_is_withdrawn():
    async with front_door(config="[approvals]\nseconds = 2\ncritical_seconds = 2\n") as (home, others, jamey):
        await others["node_red"].say(SET, "UNLOCK")
        await offered(home, "approve")
        await withdrawn(home)
        await until("it is told", lambda: home.attributes("event.jamey_approval").get("event_type") == "expired")
        assert not others["zigbee2mqtt"].payloads(SET)
        # The device is again what it was.
        found = [text for text in problems(home) if "jamey_verdict" not in text and "jamey_approval" not in text and "lock.front_door" not in text]
        assert not found, found
