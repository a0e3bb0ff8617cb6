"""Says what a compose file names that is not there: files, volumes, networks, secrets, services."""

import pathlib
import sys

import yaml

path = pathlib.Path(sys.argv[1])
text = path.read_text()
compose = yaml.safe_load(text)
wrong = []
# Written by the owner; its comment says how.
OWN = {"prometheus.token"}

for name, service in compose["services"].items():
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            if not (path.parent / source).exists():
                wrong.append(f"{name}: {source} is not there")
        elif source not in compose["volumes"]:
            wrong.append(f"{name}: no volume {source}")
    for network in service["networks"]:
        if network not in compose["networks"]:
            wrong.append(f"{name}: no network {network}")
    for secret in service.get("secrets", []):
        if secret not in compose["secrets"]:
            wrong.append(f"{name}: no secret {secret}")
    for needed in service.get("depends_on", {}):
        if needed not in compose["services"]:
            wrong.append(f"{name}: no service {needed}")
    if name != "jamey" and service.get("profiles") != ["house"]:
        wrong.append(f"{name}: starts without being asked for")
for name, secret in compose["secrets"].items():
    file = pathlib.Path(secret["file"])
    if file.name not in OWN and not (path.parent / file).exists():
        wrong.append(f"secret {name}: {file} is not there")

jamey = compose["services"]["jamey"]
if not (jamey["read_only"] and jamey["cap_drop"] == ["ALL"] and jamey["mem_limit"] and jamey["pids_limit"]):
    wrong.append("jamey: it may more than it needs")
if not (path.parent / jamey["build"]["context"] / jamey["build"]["dockerfile"]).exists():
    wrong.append("jamey: no Dockerfile")
if compose["networks"]["house"] != {"internal": True}:
    wrong.append("the house's network is open")

print("\n".join(wrong), file=sys.stderr)
sys.exit(bool(wrong))
