"""Each command arrives and does what it says: what Home Assistant shows afterwards came back from Jamey."""

from support import until
from support.home import at_home
from support.house import house
from support.speaker import Speaker


async def test_the_button_takes_a_backup_and_another_tries_it():
    async with house() as jamey, at_home(jamey) as home:
        await home.becomes("sensor.jamey_last_backup", "unknown")
        await home.does("button", "press", "button.jamey_snapshot")
        await home.becomes("sensor.jamey_last_backup", lambda state: state.startswith("20"))
        assert home.attributes("sensor.jamey_last_backup")["hours"] < 1
        await home.does("button", "press", "button.jamey_drill")
        await until(
            lambda: f"the trial passed: {home.attributes('sensor.jamey_last_backup')}",
            lambda: home.attributes("sensor.jamey_last_backup").get("last_drill") == "passed",
        )


async def test_a_profile_and_a_strictness_are_chosen_and_outlive_a_restart():
    async with house() as jamey, at_home(jamey) as home:
        await home.becomes("select.jamey_profile", "home")
        await home.does("select", "select_option", "select.jamey_profile", option="strict")
        await home.becomes("select.jamey_profile", "strict")
        await home.does("number", "set_value", "number.jamey_strictness", value=0.2)
        await home.becomes("number.jamey_strictness", "0.2")
        await jamey.kill()
        await home.becomes("number.jamey_strictness", "unavailable")
        await jamey.start()
        await home.becomes("number.jamey_strictness", "0.2")
        assert home.state("select.jamey_profile") == "strict"
        home.complaints.gone()


async def test_words_are_heard_and_remembered():
    async with house() as jamey, at_home(jamey) as home:
        await home.becomes("sensor.jamey_held", "0")
        await home.does("notify", "send_message", "notify.jamey_say", message="the plumber comes on Friday")

        async def recalled():
            return (await jamey.answered("recall", "plumber"))["records"]

        found = await until("it is recalled", recalled)
        assert "plumber comes on Friday" in found[0]["text"], found


async def test_the_guard_has_a_switch_where_its_owner_said_so():
    async with house(config="[home_assistant]\nguard_switch = true\n") as jamey, at_home(jamey) as home:
        await home.becomes("switch.jamey_guard_switch", "on")
        await home.does("switch", "turn_off", "switch.jamey_guard_switch")
        await home.becomes("sensor.jamey_guard", "observe")
        await home.becomes("switch.jamey_guard_switch", "off")
        assert home.state("binary_sensor.jamey_enforcing") == "off"
        await home.does("switch", "turn_on", "switch.jamey_guard_switch")
        await home.becomes("sensor.jamey_guard", "enforce")


async def test_the_switch_does_nothing_for_one_without_the_role():
    users = {"home_assistant": ("home_assistant", "discovery", "operator")}
    async with house(config="[home_assistant]\nguard_switch = true\n", users=users) as jamey, at_home(jamey) as home:
        await home.becomes("switch.jamey_guard_switch", "on")
        anna = Speaker(jamey, "anna", ["jamey/glance"])
        await home.does("switch", "turn_off", "switch.jamey_guard_switch")
        # What comes after it has arrived, so it has arrived too.
        await home.does("button", "press", "button.jamey_snapshot")
        await home.becomes("sensor.jamey_last_backup", lambda state: state.startswith("20"))
        assert home.state("sensor.jamey_guard") == "enforce"
        assert home.state("switch.jamey_guard_switch") == "on"
        assert not [glance for glance in anna.payloads("jamey/glance") if '"guard":"observe"' in glance]
        anna.close()
