"""The blueprint that is shipped, as the core takes it: what is held comes to the telephone, and what is pressed there counts."""

import json
import pathlib

from homeassistant.core import callback
from homeassistant.helpers import device_registry

from support import until
from support.door import SET, front_door, withdrawn

SHIPPED = pathlib.Path(__file__).parents[2] / "deploy/home-assistant/blueprints/automation/jamey/jamey_approval.yaml"
FILES = {"blueprints/automation/jamey/jamey_approval.yaml": SHIPPED.read_text()}
PRESSED = "mobile_app_notification_action"


class Telephone:
    """Anna's: the app's device, its notify action, and what came to it."""

    def __init__(self, home):
        self.came = []
        home.hass.services.async_register("notify", "mobile_app_anna_s_telephone", self._told)
        entry = home.hass.config_entries.async_entries("mqtt")[0]
        device = device_registry.async_get(home.hass).async_get_or_create(
            config_entry_id=entry.entry_id, identifiers={("mobile_app", "anna")}, name="Anna's telephone"
        )
        self.device = device.id

    @callback
    def _told(self, call):
        self.came.append(dict(call.data))

    async def shows(self, part):
        found = await until(lambda: f"the telephone shows {part!r}: {self.came}", lambda: [one for one in self.came if part in str(one)])
        return found[-1]


async def with_telephone(home):
    telephone = Telephone(home)
    automation = {"id": "jamey", "alias": "Jamey asks", "use_blueprint": {"path": "jamey/jamey_approval.yaml", "input": {"phones": [telephone.device]}}}
    (home.folder / "configuration.yaml").write_text((home.folder / "configuration.yaml").read_text() + f"automation: {json.dumps([automation])}\n")
    await home.does("automation", "reload")
    await home.becomes("automation.jamey_asks", "on")
    return telephone


async def test_what_is_held_is_approved_on_the_telephone():
    async with front_door(files=FILES) as (home, others, jamey):
        telephone = await with_telephone(home)
        await others["node_red"].say(SET, "UNLOCK")
        shown = await telephone.shows("Jamey asks")
        assert shown["message"].startswith("unlock Front door, asked by node_red. "), shown
        approve, deny = shown["data"]["actions"]
        assert (approve["title"], deny["title"]) == ("Approve", "Deny")
        # Others' actions, and those of requests that are no more, press nothing.
        for other in ("alarm_off", "jamey_press:button.jamey_approve_" + "0" * 32, "jamey_press:lock.front_door"):
            home.hass.bus.async_fire(PRESSED, {"action": other})
        home.hass.bus.async_fire(PRESSED, {"action": approve["action"]})
        assert await others["zigbee2mqtt"].hears(SET) == "UNLOCK"
        await withdrawn(home)
        gone = await telephone.shows("clear_notification")
        assert gone["data"]["tag"] == shown["data"]["tag"]
        assert len([one for one in telephone.came if one.get("title") == "Jamey asks"]) == 1, telephone.came


async def test_what_is_held_is_denied_there():
    async with front_door(files=FILES) as (home, others, jamey):
        telephone = await with_telephone(home)
        await others["node_red"].say(SET, "UNLOCK")
        shown = await telephone.shows("Jamey asks")
        home.hass.bus.async_fire(PRESSED, {"action": shown["data"]["actions"][1]["action"]})
        await telephone.shows("clear_notification")
        await withdrawn(home)
        assert not others["zigbee2mqtt"].payloads(SET)


async def test_a_guard_that_is_off_is_told_there():
    async with front_door(files=FILES) as (home, others, jamey):
        telephone = await with_telephone(home)
        await home.becomes("sensor.jamey_guard", "enforce")
        await jamey.answered("guard", "off", "--for", "1h")
        await telephone.shows("The guard is off")
        await telephone.shows("An alert stands")
