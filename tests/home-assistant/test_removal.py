"""What is no more is forgotten: by Home Assistant's registry, and not only hidden."""

from support import until
from support.home import at_home
from support.house import house


async def test_nothing_is_left_when_discovery_is_turned_off():
    async with house() as jamey, at_home(jamey) as home:
        await home.becomes("sensor.jamey_held", "0")
        await jamey.stop()
        await home.becomes("sensor.jamey_held", "unavailable")
        jamey.write_config("[home_assistant]\ndiscovery = false\n" + jamey.config)
        await jamey.start()
        await until(lambda: f"the registry has none left: {sorted(home.entities())}", lambda: not home.entities())
        assert "jamey_jamey" not in home.devices()
        home.complaints.gone()


async def test_a_switch_that_is_taken_back_is_gone():
    async with house(config="[home_assistant]\nguard_switch = true\n") as jamey, at_home(jamey) as home:
        await home.becomes("switch.jamey_guard_switch", "on")
        await jamey.stop()
        jamey.write_config(jamey.config.replace("guard_switch = true", "guard_switch = false"))
        await jamey.start()
        await until("the switch is gone", lambda: "switch.jamey_guard_switch" not in home.entities())
        await home.becomes("sensor.jamey_held", "0")
        home.complaints.gone()


async def test_another_name_leaves_nothing_of_the_old_one():
    async with house() as jamey, at_home(jamey) as home:
        await home.becomes("sensor.jamey_held", "0")
        await jamey.stop()
        jamey.write_config('node = "attic"\n' + jamey.config)
        await jamey.start()
        await home.becomes("sensor.jamey_attic_held", "0")
        await until(lambda: f"the old one is gone: {home.devices()}", lambda: set(home.devices()) == {"jamey_attic"})
        home.complaints.gone()
