"""Others at the broker: each signs in as a user, hears what it subscribed to, and says what a test has it say."""

import json
import threading

import paho.mqtt.client as paho

from . import PATIENCE, until
from .jamey import PASSWORD


class Speaker:
    def __init__(self, jamey, user, hears=()):
        self.heard = []
        self.refused = []
        self._connected = threading.Event()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=f"{user}-test", protocol=paho.MQTTv5)
        self._client.username_pw_set(user, PASSWORD)
        self._client.on_message = lambda _client, _data, message: self.heard.append((message.topic, message.payload.decode(), message.retain))
        self._client.on_publish = self._published
        self._client.on_connect = lambda client, *_: [client.subscribe(topic, 1) for topic in hears] + [self._connected.set()]
        self._client.connect("127.0.0.1", jamey.port)
        self._client.loop_start()

    def _published(self, _client, _data, _number, reason, _properties):
        if reason.is_failure:
            self.refused.append(str(reason))

    async def say(self, topic, payload, retain=False, qos=1):
        """Says it, and waits until it is acknowledged; what is refused was no part of the test."""
        await until("connected", self._connected.is_set)
        text = payload if isinstance(payload, str) else json.dumps(payload)
        said = self._client.publish(topic, text, qos, retain)
        await until(f"`{topic}` is acknowledged", said.is_published)
        assert not self.refused, f"`{topic}` is refused: {self.refused}"

    def payloads(self, topic):
        return [payload for name, payload, _ in self.heard if name == topic]

    async def hears(self, topic, fits=lambda _payload: True, patience=PATIENCE):
        """The first payload there that fits, said already or to come."""
        found = await until(
            lambda: f"somebody says `{topic}`; heard: {self.heard[-12:]}",
            lambda: [payload for payload in self.payloads(topic) if fits(payload)],
            patience,
        )
        return found[0]

    async def hears_below(self, topic):
        """The first payload on a topic that begins so."""
        found = await until(lambda: f"somebody says `{topic}…`; heard: {self.heard[-12:]}", lambda: [payload for name, payload, _ in self.heard if name.startswith(topic)])
        return found[0]

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()
