"""What is wrong in a document of Jamey's does not go unseen: each is broken on its way to Home Assistant, and the checks must find it."""

import copy

from support import until
from support.catalogue import problems
from support.home import at_home
from support.house import house
from support.meddler import Meddler

TOPIC = "homeassistant/device/jamey_jamey/config"


def unchanged(_document):
    pass


def wrong_device_class(document):
    document["components"]["memory"]["device_class"] = "memory_size"


def unknown_platform(document):
    document["components"]["mood"]["platform"] = "sensors"


def misspelt_key(document):
    document["components"]["held"]["value_templat"] = document["components"]["held"].pop("value_template")


def same_unique_id_twice(document):
    parts = document["components"]
    parts["silent"]["unique_id"] = parts["held"]["unique_id"]


def unit_that_does_not_fit(document):
    document["components"]["memory"]["unit_of_measurement"] = "bytes"


def option_left_out(document):
    document["components"]["mood"]["options"] = ["anxious"]


def template_that_does_not_end(document):
    document["components"]["trusted"]["value_template"] = "{{ value_json.trusted"


def template_of_what_is_not_there(document):
    document["components"]["distrusted"]["value_template"] = "{{ value_json.no_such_key }}"


def no_origin(document):
    del document["origin"]


def another_entity_id(document):
    document["components"]["held"]["default_entity_id"] = document["components"]["held"]["object_id"] = "sensor.jamey_waits"


def no_command(document):
    del document["components"]["snapshot"]["command_topic"]


def availability_elsewhere(document):
    document["availability_topic"] = "jamey/state"


async def findings(change):
    """All that is found of a house whose document is changed so."""

    def changed(document):
        document = copy.deepcopy(document)
        change(document)
        return document

    async with house() as jamey:
        meddler = Meddler(jamey, TOPIC, changed)
        await meddler.start()
        try:
            async with at_home(jamey, port=meddler.port, content=False) as home:
                await until("the document comes", lambda: meddler.changed)
                # What is right is awaited as long as ever; what is wrong never comes, so that it is told at a time when the rest is there.
                patience = 30.0 if change is unchanged else 4.0
                try:
                    await until("everything is as it should be", lambda: not problems(home), patience)
                except AssertionError:
                    pass
                await home.hass.async_block_till_done()
                return problems(home) + home.complaints.records
        finally:
            meddler.close()


async def test_unbroken_nothing_is_found():
    found = await findings(unchanged)
    assert not found, found


def finds(change, *named):
    """The test that a fault is found, and named by what it is about."""

    async def test():
        found = await findings(change)
        for name in named:
            assert any(name in text for text in found), f"nothing of {name} in {found}"
        # And nothing else, but where Home Assistant refuses the whole document: the checks are no blunt alarm.
        assert len(found) < 8 or change in (no_origin, unknown_platform, availability_elsewhere), found

    return test


test_a_wrong_device_class_is_found = finds(wrong_device_class, "sensor.jamey_memory", "device_class")
test_an_unknown_platform_is_found = finds(unknown_platform, "sensor.jamey_mood is not there", "data['components']['mood']['platform']")
test_a_misspelt_key_is_found = finds(misspelt_key, "sensor.jamey_held")
test_the_same_unique_id_twice_is_found = finds(same_unique_id_twice, "unique")
test_a_unit_that_does_not_fit_is_found = finds(unit_that_does_not_fit, "bytes")
test_an_option_left_out_is_found = finds(option_left_out, "sensor.jamey_mood")
test_a_template_that_does_not_end_is_found = finds(template_that_does_not_end, "sensor.jamey_trusted")
test_a_template_of_what_is_not_there_is_found = finds(template_of_what_is_not_there, "no_such_key")
test_no_origin_is_found = finds(no_origin, "sensor.jamey_held is not there", "origin")
test_another_entity_id_is_found = finds(another_entity_id, "sensor.jamey_held is not there", "sensor.jamey_waits")
test_a_button_without_a_command_is_found = finds(no_command, "button.jamey_snapshot")
test_availability_elsewhere_is_found = finds(availability_elsewhere, "unavailable")

