"""What every promise is tested with: a real Jamey, a real Home Assistant, others who speak, and patience with a deadline."""

import asyncio
import inspect
import time

# As long as a test waits for what should be there within a second: hosts may be slow.
PATIENCE = 30.0


async def until(what, condition, patience=PATIENCE):
    """Waits until `condition()` gives something true, and gives that; says `what` was missing when the deadline passes first."""
    deadline = time.monotonic() + patience
    while True:
        found = condition()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        if time.monotonic() > deadline:
            what = what() if callable(what) else what
            raise AssertionError(f"after {patience:.0f} s still not: {what}")
        await asyncio.sleep(0.02)
