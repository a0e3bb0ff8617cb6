"""What Home Assistant's log complains of: every record from warning on, but those that have a reason here."""

import logging

# Logger, part of the text, and why it says nothing of Jamey.
ALLOWED = (("aiohttp_fast_zlib", "falling back to zlib", "a faster library for its web server is not installed here"),)


class Complaints(logging.Handler):
    """Hears all loggers."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.records = []

    def listen(self):
        root = logging.getLogger()
        root.setLevel(logging.INFO)
        root.addHandler(self)

    def stop_listening(self):
        logging.getLogger().removeHandler(self)

    def emit(self, record):
        text = record.getMessage()
        if record.exc_info and record.exc_info[1]:
            text += f": {record.exc_info[1]!r}"
        if not any(record.name.startswith(name) and part in text for name, part, _why in ALLOWED):
            self.records.append(f"{record.levelname} {record.name}: {text}")

    def none(self):
        assert not self.records, "Home Assistant complains:\n" + "\n".join(self.records)

    def of(self, *parts):
        """Those that name all of these, taken off the list: a test that provokes them expects them."""
        found = [text for text in self.records if all(part in text for part in parts)]
        self.records = [text for text in self.records if text not in found]
        return found

    def gone(self):
        """Takes off the list that its broker was gone, which its log should have."""
        for said in ("Failed to connect", "Error talking to MQTT", "Error returned from MQTT server", "failed to receive on socket", "mqtt re-subscribe and birth"):
            self.of(said)
