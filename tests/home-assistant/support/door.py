"""A house with a front door: Zigbee2MQTT describes its lock and carries it out, Node-RED and Home Assistant ask for it."""

import contextlib

from . import until
from .home import at_home
from .house import house
from .speaker import Speaker

SET = "zigbee2mqtt/front_door/set"
STATE = "zigbee2mqtt/front_door"
LOCK = {
    "unique_id": "0x01_lock", "name": None, "default_entity_id": "lock.front_door",
    "device": {"identifiers": ["zigbee2mqtt_0x01"], "name": "Front door"},
    "command_topic": SET, "state_topic": STATE, "value_template": "{{ value_json.state }}",
    "payload_lock": "LOCK", "payload_unlock": "UNLOCK", "state_locked": "LOCK", "state_unlocked": "UNLOCK",
}


@contextlib.asynccontextmanager
async def front_door(config="", files=None, configuration="", **more):
    """The house, Home Assistant, and the others: zigbee2mqtt, node_red and anna, by name."""
    async with house(config, **more) as jamey:
        names = {"zigbee2mqtt": [SET], "node_red": ["jamey/verdict/#"], "anna": ["jamey/#", "homeassistant/device/#"]}
        others = {name: Speaker(jamey, name, hears) for name, hears in names.items()}
        try:
            await others["zigbee2mqtt"].say("homeassistant/lock/0x01/lock/config", LOCK, retain=True)
            await others["zigbee2mqtt"].say(STATE, {"state": "LOCK"}, retain=True)
            async with at_home(jamey, configuration, files=files) as home:
                await home.becomes("lock.front_door", "locked")
                await home.becomes("sensor.jamey_held", "0")
                yield home, others, jamey
        finally:
            for other in others.values():
                other.close()


def buttons(home, key):
    """What is offered for what is held: `approve` or `deny`."""
    return [entity for entity in home.entities() if entity.startswith(f"button.jamey_{key}_")]


async def offered(home, key):
    """A button that can be pressed: one that is not available yet is none, for Home Assistant and for people."""

    def can():
        return [button for button in buttons(home, key) if home.state(button) not in (None, "unavailable")]

    return (await until(lambda: f"a button {key}; there are {sorted(home.entities())}", can))[0]


async def withdrawn(home):
    await until(lambda: f"the buttons are gone: {sorted(home.entities())}", lambda: not buttons(home, "approve") + buttons(home, "deny"))
