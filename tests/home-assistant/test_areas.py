"""The package that is shipped tells Jamey of areas and of the names that people give; Jamey calls things by them."""

import pathlib

from support import until
from support.door import front_door

SHIPPED = pathlib.Path(__file__).parents[2] / "deploy/home-assistant/packages/jamey_areas.yaml"
DELAY = 'delay: "00:00:20"'


async def test_a_door_that_is_moved_and_renamed_is_so_in_jamey():
    package = SHIPPED.read_text()
    assert DELAY in package
    files = {"packages/jamey_areas.yaml": package.replace(DELAY, 'delay: "00:00:00.2"')}
    async with front_door(files=files) as (home, others, jamey):
        await home.becomes("automation.jamey_areas_and_names", "on")
        hall = home.areas().async_create("Great hall")
        home.change_device("zigbee2mqtt_0x01", area_id=hall.id, name_by_user="Oak door")
        await others["anna"].hears("jamey/in/home_assistant/registry", lambda told: "Oak door" in told and "Great hall" in told)

        async def known():
            shown = str(await jamey.answered("device", "show", "front_door"))
            return "Oak door" in shown and "Great hall" in shown

        await until("Jamey knows the door by its new name and place", known)
        # The name stands in what a person is asked, too.
        await others["node_red"].say("zigbee2mqtt/front_door/set", "UNLOCK")
        await until("the buttons name it so", lambda: "Oak door" in str([home.attributes(entity).get("friendly_name") for entity in home.entities()]))
        # Home Assistant started, and told all, before a person set up MQTT there.
        home.complaints.of("Action mqtt.publish not found")
