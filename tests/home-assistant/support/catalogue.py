"""What a person finds in Home Assistant, and how it must look: written down here a second time, so that the documents are held against it."""

import re
from dataclasses import dataclass, field

MOODS = ["exuberant", "dependent", "relaxed", "docile", "hostile", "anxious", "disdainful", "bored"]
STATES = ["waking", "attentive", "idle", "consolidating", "degraded", "stopping"]
COUNT = r"\d+"
SIGNED = r"-?[01]\.\d+(e-\d+)?|-?[01]"


@dataclass
class Entry:
    """An entity: its name, a pattern that its whole state must fit, attributes that must be equal, others that must be there."""

    name: str
    state: str
    equal: dict = field(default_factory=dict)
    there: tuple = ()
    category: str | None = None

    def problems(self, entity, home):
        registered = home.entities().get(entity)
        if registered is None:
            return [f"{entity} is not there"]
        found = []
        if registered.original_name != self.name:
            found.append(f"{entity} is called {registered.original_name!r}, not {self.name!r}")
        if registered.entity_category != self.category:
            found.append(f"{entity} is of the category {registered.entity_category}, not {self.category}")
        state, attributes = home.state(entity), home.attributes(entity)
        if not re.fullmatch(self.state, str(state)):
            found.append(f"{entity} is {state!r}, which does not fit {self.state!r}")
        found += [f"{entity} has {key}={attributes.get(key)!r}, not {value!r}" for key, value in self.equal.items() if attributes.get(key) != value]
        found += [f"{entity} has no {key}" for key in self.there if key not in attributes]
        return found


def count(name, category=None, state=COUNT, kind="measurement", there=()):
    return Entry(name, state, {"state_class": kind}, there, category)


def scale(name, there=()):
    return Entry(name, SIGNED, {"state_class": "measurement"}, there, "diagnostic")


def word(name, options, category=None, there=()):
    return Entry(name, "|".join(options), {"device_class": "enum", "options": options}, there, category)


# A house with a repository, enforcing, a minute old, in which nothing has happened.
JAMEY = {
    "sensor.jamey_held": count("Held"),
    "sensor.jamey_denied_today": count("Denied today", kind="total_increasing"),
    "sensor.jamey_silent": count("Silent"),
    "sensor.jamey_last_backup": Entry("Last backup", r"unknown|\d{4}-\d\d-\d\dT.*", {"device_class": "timestamp"}, ("hours", "last_drill")),
    "sensor.jamey_guard": word("Guard", ["observe", "enforce", "off"], there=("coverage",)),
    "sensor.jamey_alerts": count("Alerts", there=("critical", "warning", "acknowledged")),
    "sensor.jamey_mood": word("Mood", MOODS, there=("pleasure", "arousal", "dominance", "stirred")),
    "binary_sensor.jamey_problem": Entry("Problem", "on|off", {"device_class": "problem"}),
    "binary_sensor.jamey_enforcing": Entry("Guard enforcing", "on"),
    "binary_sensor.jamey_critical": Entry("Critical state", "off", {"device_class": "problem"}),
    "event.jamey_verdict": Entry("Verdict", "unknown", {"event_types": ["allowed", "denied", "held"]}),
    "event.jamey_approval": Entry("Approval", "unknown", {"event_types": ["asked", "approved", "refused", "expired", "superseded"]}),
    "sensor.jamey_pleasure": scale("Pleasure"),
    "sensor.jamey_arousal": scale("Arousal"),
    "sensor.jamey_dominance": scale("Dominance"),
    "sensor.jamey_stability": scale("Stability", ("value",)),
    "sensor.jamey_state": word("State of mind", STATES, "diagnostic", ("since", "reason")),
    "sensor.jamey_focus": Entry("Focus", ".+", {}, ("text", "at"), "diagnostic"),
    # Until enough was sampled, there is no Φ to tell.
    "sensor.jamey_phi": Entry("Φ", r"unknown|\d+(\.\d+)?(e-\d+)?", {"state_class": "measurement"}, ("unit", "method", "powered", "mip"), "diagnostic"),
    "sensor.jamey_trusted": count("Trusted", "diagnostic"),
    "sensor.jamey_distrusted": count("Distrusted", "diagnostic"),
    "sensor.jamey_entities": count("Known", "diagnostic"),
    "sensor.jamey_verdicts_a_minute": count("Verdicts a minute", "diagnostic", r"\d+(\.\d+)?"),
    "sensor.jamey_memory": Entry(
        "Memory", r"\d+", {"device_class": "data_size", "unit_of_measurement": "B", "state_class": "measurement"}, ("records",), "diagnostic"
    ),
    "update.jamey_update": Entry("Version", "off|on", {"title": "Jamey"}, ("installed_version", "latest_version"), "diagnostic"),
    "button.jamey_snapshot": Entry("Take a backup", "unknown", category="config"),
    "button.jamey_drill": Entry("Try the backup", "unknown", category="config"),
    "select.jamey_profile": Entry("Profile", "home", {"options": ["home", "workshop", "strict"]}, category="config"),
    "number.jamey_strictness": Entry("Strictness", r"0(\.0)?", {"min": 0, "max": 0.3, "step": 0.01}, category="config"),
    "notify.jamey_say": Entry("Say", "unknown"),
}


def problems(home, catalogue=None):
    """What is not as it should be, in words; of Jamey's own entities none may be there that nobody expects."""
    catalogue = JAMEY if catalogue is None else catalogue
    found = [problem for entity, entry in catalogue.items() for problem in entry.problems(entity, home)]
    found += [f"{entity} is there, and nobody expects it" for entity in home.entities() if entity not in catalogue]
    device = home.devices().get("jamey_jamey")
    if device is None:
        return [*found, "there is no device jamey_jamey"]
    expected = {"name": "Jamey", "manufacturer": "Jamey", "model": "MQTT broker with a conscience"}
    found += [f"the device has {key}={getattr(device, key)!r}, not {value!r}" for key, value in expected.items() if getattr(device, key) != value]
    strangers = [entity for entity, entry in home.entities().items() if entity in catalogue and entry.device_id != device.id]
    return found + [f"{entity} belongs to another device" for entity in strangers]
