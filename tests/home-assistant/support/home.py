"""Home Assistant's core in this process: configuration.yaml, registries, the MQTT integration set up through its own config flow, as a person does it."""

import contextlib
import importlib
import pathlib
import tempfile

from homeassistant import bootstrap, config as hass_config, core, loader
from homeassistant.components.mqtt.models import DATA_MQTT
from homeassistant.helpers import area_registry, device_registry, entity_registry

from . import until
from .complaints import Complaints
from .jamey import PASSWORD, free_port

# Imported here once, for while a thread imports one of these, the core may read a document by a schema that is half made (voluptuous makes a
# shared validator anew, in place), and then lets an entity go with a KeyError.
for platform in ("binary_sensor", "button", "event", "lock", "notify", "number", "select", "sensor", "switch", "update"):
    importlib.import_module(f"homeassistant.components.mqtt.{platform}")

# Of what is set up without being asked for, what needs no frontend, no network and no hardware.
DEFAULTS = {"automation", "script", "logger"}


class Home:
    """One Home Assistant, with a folder that stays over restarts."""

    def __init__(self, jamey, configuration="", port=None):
        self.port = port or jamey.port
        self._folder = tempfile.TemporaryDirectory(prefix="home-assistant-")
        self.folder = pathlib.Path(self._folder.name)
        self.hass = None
        self.complaints = Complaints()
        text = f"homeassistant:\n  name: Test\n  time_zone: Europe/Berlin\n  packages: !include_dir_named packages\nhttp:\n  server_host: 127.0.0.1\n  server_port: {free_port()}\n"
        (self.folder / "configuration.yaml").write_text(text + configuration)

    async def start(self):
        self.complaints.listen()
        bootstrap.DEFAULT_INTEGRATIONS = DEFAULTS
        bootstrap.CRITICAL_INTEGRATIONS = set()
        self.hass = hass = core.HomeAssistant(str(self.folder))
        hass.config.skip_pip = True
        loader.async_setup(hass)
        config = await hass_config.async_hass_config_yaml(hass)
        assert await bootstrap.async_from_config_dict(config, hass), "Home Assistant does not start"
        await hass.async_start()

    async def stop(self):
        """As at the end of its process: it stops, and leaves its connection without a word, so that its last will is said."""
        if self.hass:
            mqtt = self.hass.data.get(DATA_MQTT)
            await self.hass.async_stop(force=True)
            if mqtt and (socket := mqtt.client._mqttc.socket()):
                self.hass.loop.remove_reader(socket)
                self.hass.loop.remove_writer(socket)
                socket.close()
            self.hass = None
        self.complaints.stop_listening()

    async def close(self):
        await self.stop()
        self._folder.cleanup()

    async def connect(self):
        """Settings, devices, add integration, MQTT: host, port, user and password."""
        flow = self.hass.config_entries.flow
        step = await flow.async_init("mqtt", context={"source": "user"})
        said = {"broker": "127.0.0.1", "port": self.port, "username": "home_assistant", "password": PASSWORD}
        step = await flow.async_configure(step["flow_id"], said)
        assert step["type"] == "create_entry", f"the MQTT integration is not set up: {step}"
        await self.hass.async_block_till_done()

    def state(self, entity):
        state = self.hass.states.get(entity)
        return state.state if state else None

    def attributes(self, entity):
        state = self.hass.states.get(entity)
        return dict(state.attributes) if state else {}

    def entities(self):
        """All that came by MQTT, by entity id, as the registry has them."""
        every = entity_registry.async_get(self.hass).entities.values()
        return {entry.entity_id: entry for entry in every if entry.platform == "mqtt"}

    def devices(self):
        every = device_registry.async_get(self.hass).devices.values()
        return {name: device for device in every for kind, name in device.identifiers if kind == "mqtt"}

    def change_device(self, name, **changes):
        """As a person does on its page."""
        device_registry.async_get(self.hass).async_update_device(self.devices()[name].id, **changes)

    def areas(self):
        return area_registry.async_get(self.hass)

    async def becomes(self, entity, fits, what=None):
        """Waits until an entity's state fits: a value, or a question asked of it."""
        asks = fits if callable(fits) else lambda state: state == fits
        await until(
            lambda: f"{entity} {what or ('is ' + repr(fits))}; it is {self.state(entity)!r}, {self.attributes(entity)}",
            lambda: self.state(entity) is not None and asks(self.state(entity)),
        )
        return self.state(entity)

    async def does(self, domain, service, entity=None, **said):
        """A person presses, selects, writes."""
        target = {"entity_id": entity} if entity else None
        await self.hass.services.async_call(domain, service, said, blocking=True, target=target)


@contextlib.asynccontextmanager
async def at_home(jamey, configuration="", port=None, content=True, files=None):
    """A Home Assistant beside a Jamey that runs; `content`: it must have had nothing to complain of at the end."""
    home = Home(jamey, configuration, port)
    try:
        for name, text in (files or {}).items():
            (home.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (home.folder / name).write_text(text)
        await home.start()
        await home.connect()
        yield home
        if content:
            home.complaints.none()
    finally:
        await home.close()
