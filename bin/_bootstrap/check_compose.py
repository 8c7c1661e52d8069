"""The compose file is sound: by `docker-compose config` where that is installed, and by our own rules."""

import shutil
import sys
from pathlib import Path

SERVICES = {"web", "worker", "beat", "migrate", "postgres", "redis", "proxy", "backup"}


def check(root: Path, command, python: Path) -> tuple[bool, str]:
    said = []
    passed = True
    if program := shutil.which("docker-compose"):
        example = root / "ops" / "production.env.example"
        passed, output = command(
            program, "--env-file", example, "--file", root / "docker-compose.yml", "config", "--quiet"
        )
        if not passed:
            said.append(output)
    ours, output = command(python, __file__, root / "docker-compose.yml")
    if not ours:
        said.append(output)
    return passed and ours, "\n".join(said)


def faults(text: str) -> list[str]:
    """What must hold of the file whatever the tool says of its form."""
    import yaml

    found = []
    services = yaml.safe_load(text)["services"]
    if missing := SERVICES - set(services):
        found.append(f"no service {', '.join(sorted(missing))}")
    for name, service in services.items():
        if name not in {"migrate"} and "healthcheck" not in service:
            found.append(f"{name} has no health check")
        if name != "migrate" and "restart" not in service:
            found.append(f"{name} is not started again when it falls")
        if name != "proxy" and service.get("ports"):
            found.append(f"{name} is open to the network: only the proxy may be")
        if "privileged" in service or service.get("user") in ("root", "0"):
            found.append(f"{name} runs with more rights than it needs")
        image = service.get("image", "")
        if ":latest" in image or (image and ":" not in image):
            found.append(f"{name}: {image} names no version")
    return found


if __name__ == "__main__":
    complaints = faults(Path(sys.argv[1]).read_text())
    print("\n".join(complaints))
    sys.exit(1 if complaints else 0)
