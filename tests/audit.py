"""The pinned requirements against the published advisories: python -m tests.audit, a part of make check.

pip-audit takes a package that its service does not know for one without advisories, as it is behind a package
mirror. Here that is no pass: where nothing at all could be asked, one line says so; where only a part could, or
where there is an advisory, the check fails.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
FILES = ("requirements/dev.txt", "requirements/gpu.txt")  # between them, every pin: dev holds bot and train
SERVICES = ("pypi", "osv")
_UNREACHABLE = ("requests.exceptions.", "ServiceError", "ConnectionError")  # in pip-audit's last words

Report = list[dict[str, Any]]  # one per package: name, version, and vulns or skip_reason
Ask = Callable[[str], Report | None]


def ask(service: str) -> Report | None:
    """What a service says of all pins; None where it cannot be reached. Raises SystemExit where pip-audit fails."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off"),
            *("--format", "json", "--vulnerability-service", service),
            *(part for file in FILES for part in ("-r", file)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.stdout.strip():
        report: Report = json.loads(done.stdout)["dependencies"]
        return report
    last = (done.stderr.strip().splitlines() or ["no word"])[-1]
    if any(sign in last for sign in _UNREACHABLE):
        return None
    raise SystemExit(f"pip-audit failed: {last}")


def audit(ask: Ask = ask) -> tuple[int, list[str]]:
    """The exit code, and the lines to print."""
    report = next((found for service in SERVICES if (found := ask(service)) is not None and _is_answer(found)), None)
    if report is None:
        return 0, ["NOT AUDITED: the pinned requirements, since no advisory service can be reached from here"]
    problems = [problem for package in report if (problem := _problem(package))]
    return bool(problems), problems or [f"no advisory for any of {len(report)} pinned packages"]


def _is_answer(report: Report) -> bool:
    return any("vulns" in package for package in report)


def _problem(package: dict[str, Any]) -> str | None:
    name = f"{package['name']} {package.get('version', '')}".strip()
    if "vulns" not in package:
        return f"{name}: could not be audited ({package.get('skip_reason', 'no reason given')})"
    return "; ".join(
        f"{name}: {one['id']}, mended in {', '.join(one['fix_versions']) or 'no version yet'}"
        for one in package["vulns"]
    )


if __name__ == "__main__":
    result, told = audit()
    print(*told, sep="\n")
    sys.exit(result)
