"""Jamey is one device with all that a person looks for, and Home Assistant takes every word of its documents."""

from support import until
from support.catalogue import problems
from support.home import at_home
from support.house import house


async def test_all_appear_as_they_should():
    async with house() as jamey, at_home(jamey) as home:
        await until(lambda: "\n".join(problems(home)), lambda: not problems(home))


async def test_another_node_has_other_ids():
    async with house(config='node = "attic"\n') as jamey, at_home(jamey) as home:
        await home.becomes("sensor.jamey_attic_held", "0")
        assert all(entity.split(".")[1].startswith("jamey_attic_") for entity in home.entities()), home.entities()
