"""What Home Assistant shows is what Jamey says, also after things happened."""

import json

from support import until
from support.door import SET, front_door
from support.home import at_home
from support.house import house
from support.meddler import Meddler


async def test_a_denial_is_counted_told_and_felt():
    async with front_door() as (home, others, jamey):
        await home.becomes("sensor.jamey_denied_today", "0")
        before = home.state("sensor.jamey_arousal")
        # A retained command would open the door again whenever it comes back.
        await others["node_red"].say(SET, "UNLOCK", retain=True)
        await home.becomes("sensor.jamey_denied_today", "1")
        await until("it is told", lambda: home.attributes("event.jamey_verdict").get("event_type") == "denied")
        told = home.attributes("event.jamey_verdict")
        assert told["requester"] == "node_red" and "Front door" in told["text"] and told["reason"], told
        await home.becomes("sensor.jamey_arousal", lambda state: state != before, "is another than before")
        assert not others["zigbee2mqtt"].payloads(SET)


async def test_mood_mind_and_phi_are_those_of_the_topics():
    async with front_door() as (home, others, jamey):
        for number in range(20):
            await others["zigbee2mqtt"].say("jamey/in/kitchen/temperature", str(20 + number % 3))

        def last(topic):
            return json.loads(others["anna"].payloads(topic)[-1])

        def differs():
            emotion, mind, phi = last("jamey/soul/emotion"), last("jamey/consciousness/state"), last("jamey/consciousness/phi")
            shown = {
                "mood": (home.state("sensor.jamey_mood"), emotion["mood"]["octant"]),
                "pleasure": (float(home.state("sensor.jamey_pleasure")), emotion["mood"]["pleasure"]),
                "dominance": (float(home.state("sensor.jamey_dominance")), emotion["mood"]["dominance"]),
                "state": (home.state("sensor.jamey_state"), mind["state"]),
                "why": (home.attributes("sensor.jamey_state")["reason"], mind["reason"]),
                "focus": (home.state("sensor.jamey_focus"), (mind.get("focus") or {}).get("entity", "nothing")),
                "unit": (home.attributes("sensor.jamey_phi")["unit"], phi.get("unit")),
                "method": (home.attributes("sensor.jamey_phi")["method"], phi.get("method")),
                "powered": (home.attributes("sensor.jamey_phi")["powered"], phi.get("powered")),
                "exact": (home.attributes("sensor.jamey_phi")["exact"], phi.get("exact")),
            }
            if "value" in phi:
                shown["phi"] = (float(home.state("sensor.jamey_phi")), phi["value"])
            return {key: both for key, both in shown.items() if both[0] != both[1]}

        for topic in ("jamey/soul/emotion", "jamey/consciousness/state", "jamey/consciousness/phi"):
            await others["anna"].hears(topic)
        await until(lambda: f"Home Assistant shows what the topics say: {differs()}", lambda: not differs())


async def test_phi_is_shown_with_what_is_behind_it():
    """Jamey has none for its first five minutes; so it gets one on the way, as the topic will have it."""
    phi = {
        "value": 0.123, "unit": "nats", "method": "phi_flow", "powered": True, "p": 0.01, "mip": {"from": "soul", "to": "memory", "text": "soul | memory"},
        "lost": None, "exact": {"phi": 0.4, "unit": "none", "method": "iit_3.0"},
    }
    async with house() as jamey:
        meddler = Meddler(jamey, "jamey/consciousness/phi", lambda real: {**real, **phi})
        await meddler.start()
        try:
            async with at_home(jamey, port=meddler.port) as home:
                await home.becomes("sensor.jamey_phi", "0.123")
                shown = home.attributes("sensor.jamey_phi")
                assert {key: shown[key] for key in phi if key != "value"} == {key: value for key, value in phi.items() if key != "value"}, shown
        finally:
            meddler.close()
