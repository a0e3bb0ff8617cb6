"""Runs the promises of a folder: `run_all.py FOLDER [PART …]`, those whose name has one of the parts. Prints each with its time; exits 1 when one is not kept."""

import asyncio
import importlib
import inspect
import pathlib
import sys
import time
import traceback

# Of those that wait for something: one that hangs is broken; the longest takes a quarter of it.
AT_MOST_SECONDS = 120


def promises(folder):
    for file in sorted(folder.glob("test_*.py")):
        module = importlib.import_module(file.stem)
        for name, test in vars(module).items():
            if name.startswith("test_") and getattr(test, "__module__", "") == file.stem:
                yield f"{file.stem[5:]}::{name[5:]}", test


def keep(test):
    if inspect.iscoroutinefunction(test):
        asyncio.run(asyncio.wait_for(test(), AT_MOST_SECONDS))
    else:
        test()


def main(folder, parts):
    # Each folder has modules of its own.
    sys.path.insert(0, str(folder))
    kept, broken = 0, 0
    for name, test in promises(folder):
        if parts and not any(part in name for part in parts):
            continue
        began = time.monotonic()
        try:
            keep(test)
            kept += 1
            word = "ok"
        except Exception:
            traceback.print_exc()
            broken += 1
            word = "FAILED"
        print(f"{name} … {word} ({time.monotonic() - began:.1f} s)", flush=True)
    print(f"{kept} passed, {broken} failed")
    return 1 if broken or not kept else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]))
