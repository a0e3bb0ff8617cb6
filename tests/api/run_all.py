"""Runs the promises: `run_all.py [PART …]`, those whose name has one of the parts. Prints each with its time; exits 1 when one is not kept."""

import importlib
import pathlib
import sys
import time
import traceback

HERE = pathlib.Path(__file__).parent


def promises():
    for file in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(file.stem)
        for name, test in vars(module).items():
            if name.startswith("test_") and getattr(test, "__module__", "") == file.stem:
                yield f"{file.stem[5:]}::{name[5:]}", test


def main(parts):
    kept, broken = 0, 0
    for name, test in promises():
        if parts and not any(part in name for part in parts):
            continue
        began = time.monotonic()
        try:
            test()
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
    sys.exit(main(sys.argv[1:]))
