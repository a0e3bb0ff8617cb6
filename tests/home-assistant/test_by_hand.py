"""A document written by hand appears: so what the other tests say of Jamey's documents, they say of them and not of the harness."""

from support.home import at_home
from support.house import house
from support.speaker import Speaker

DOCUMENT = {
    "device": {"identifiers": ["by_hand"], "name": "By hand"},
    "origin": {"name": "by hand"},
    "availability": [{"topic": "jamey/status"}],
    "components": {
        "count": {
            "platform": "sensor", "unique_id": "by_hand_count", "default_entity_id": "sensor.by_hand_count", "name": "Count",
            "state_topic": "zigbee2mqtt/by_hand/state", "value_template": "{{ value_json.count }}", "state_class": "measurement",
        },
        "go": {"platform": "button", "unique_id": "by_hand_go", "default_entity_id": "button.by_hand_go", "name": "Go", "command_topic": "zigbee2mqtt/by_hand/go"},
    },
}


async def test_a_document_appears_and_a_button_arrives():
    async with house(config="[home_assistant]\ndiscovery = false\n") as jamey, at_home(jamey) as home:
        gateway = Speaker(jamey, "zigbee2mqtt", hears=["zigbee2mqtt/by_hand/#"])
        await gateway.say("homeassistant/device/by_hand/config", DOCUMENT, retain=True)
        await gateway.say("zigbee2mqtt/by_hand/state", {"count": 7}, retain=True)
        await home.becomes("sensor.by_hand_count", "7")
        await home.does("button", "press", "button.by_hand_go")
        assert await gateway.hears("zigbee2mqtt/by_hand/go") == "PRESS"
        gateway.close()
