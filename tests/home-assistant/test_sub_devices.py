"""Whom Jamey knows are devices of their own where the owner wants it: trust and liveness, as many as were allowed and no more."""

import re

from support import until
from support.home import at_home
from support.house import house
from support.speaker import Speaker

ASKED_FOR = 20


def shown(home):
    return {name for name in home.devices() if name.startswith("jamey_jamey_")}


async def test_they_appear_behind_jamey_and_are_gone_when_nobody_wants_them():
    async with house(config=f"[home_assistant]\nentities = {ASKED_FOR}\n") as jamey, at_home(jamey) as home:
        anna = Speaker(jamey, "zigbee2mqtt")
        await anna.say("jamey/in/kitchen/temperature", "21.5")
        await home.becomes("sensor.jamey_kitchen_trust", lambda state: re.fullmatch(r"\d+(\.\d)?", state))
        assert home.attributes("sensor.jamey_kitchen_trust")["unit_of_measurement"] == "%"
        assert "facets" in home.attributes("sensor.jamey_kitchen_trust")
        await home.becomes("binary_sensor.jamey_kitchen_there", "on")
        await home.becomes("sensor.jamey_kitchen_liveness", "learning")
        kitchen, own = home.devices()["jamey_jamey_kitchen"], home.devices()["jamey_jamey"]
        assert kitchen.via_device_id == own.id
        for number in range(ASKED_FOR + 5):
            await anna.say(f"jamey/in/room_{number}/temperature", "20")
        await until(lambda: f"{ASKED_FOR} are shown: {shown(home)}", lambda: len(shown(home)) == ASKED_FOR)
        anna.close()
        await jamey.stop()
        jamey.write_config(jamey.config.replace(f"entities = {ASKED_FOR}", "entities = 0"))
        await jamey.start()
        await until(lambda: f"none is left: {shown(home)}", lambda: not shown(home))
        assert not [entity for entity in home.entities() if "room_" in entity or "kitchen" in entity]
        home.complaints.gone()
