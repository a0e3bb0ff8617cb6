"""Whoever of the two is gone and comes back: Home Assistant says so, and shows again how it is."""

from support import until
from support.catalogue import JAMEY, problems
from support.home import at_home
from support.house import house
from support.speaker import Speaker


async def all_is_well(home):
    await until(lambda: "\n".join(problems(home)), lambda: not problems(home))


def unavailable(home):
    return all(home.state(entity) == "unavailable" for entity in JAMEY)


async def test_jamey_killed_and_stopped_is_unavailable_and_comes_back():
    async with house() as jamey, at_home(jamey) as home:
        await all_is_well(home)
        before = set(home.entities())
        for end in (jamey.kill, jamey.stop):
            await end()
            await until("all is unavailable", lambda: unavailable(home))
            await jamey.start()
            await all_is_well(home)
        assert set(home.entities()) == before
        home.complaints.gone()


async def test_home_assistant_restarted_finds_everything_and_its_birth_is_answered():
    async with house() as jamey, at_home(jamey) as home:
        await all_is_well(home)
        hears = ["homeassistant/#", "jamey/glance"]
        anna = Speaker(jamey, "anna", hears)
        await anna.hears("homeassistant/device/jamey_jamey/config")
        await home.stop()
        assert await anna.hears("homeassistant/status", "offline".__eq__)
        told = len(anna.heard)
        await home.start()
        await anna.hears("homeassistant/status", "online".__eq__)
        await all_is_well(home)

        def again():
            live = {topic for topic, _, retained in anna.heard[told:] if not retained}
            return {"homeassistant/device/jamey_jamey/config", "jamey/glance"} <= live

        await until(lambda: f"document and states are said again: {anna.heard[told:]}", again)
        anna.close()
