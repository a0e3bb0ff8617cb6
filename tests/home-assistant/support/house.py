"""A Jamey as people have it beside Home Assistant: enforcing, with a place for its backups."""

import contextlib

from .jamey import Jamey


@contextlib.asynccontextmanager
async def house(config="", repository=True, **more):
    """Started, and closed at the end."""
    jamey = Jamey(config, **more)
    try:
        if repository:
            where = jamey.folder / "backups"
            where.mkdir()
            jamey.command("phoenix", "init", "--repository", str(where), "--new-key-file", str(jamey.folder / "phoenix.key"))
            jamey.write_config(f'{config}\n[[phoenix.repository]]\nname = "nas"\npath = "{where}"\nkey_file = "{jamey.folder}/phoenix.key"\nschedule = ""\n')
        await jamey.start()
        yield jamey
    except BaseException:
        print(jamey.tail(), flush=True)
        raise
    finally:
        await jamey.close()
