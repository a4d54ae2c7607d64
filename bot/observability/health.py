"""Health: whether the bot's parts really work, found out by using each of them.

Knows the parts only as questions with an answer.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass

from bot.observability.logging_setup import outline
from model.errors import CotorraError

PATIENCE = 5.0  # seconds for all answers; whoever asks waits ten
FRESH = 1.0  # seconds that an answer is good for, so that asking often costs nothing

_log = logging.getLogger(__name__)

# Returns if the part works. Raises Unhealthy, or whatever the part raises, if not.
Check = Callable[[], Awaitable[object]]


class Unhealthy(CotorraError):
    """A part that does not do its work; the sentence says how that shows."""


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    ok: bool
    reason: str = ""


@dataclass(frozen=True)
class Report:
    """Every part's finding; the bot is well if all of them are."""

    findings: Mapping[str, Finding]

    @property
    def ok(self) -> bool:
        return all(finding.ok for finding in self.findings.values())

    def as_json(self) -> dict[str, object]:
        """The body of an answer."""
        parts = {name: asdict(finding) for name, finding in self.findings.items()}
        return {"status": "ok" if self.ok else "unhealthy", "checks": parts}


class Health:
    """Asks every part at the same time, each for at most `patience` seconds."""

    def __init__(self, checks: Mapping[str, Check], patience: float = PATIENCE, fresh: float = FRESH) -> None:
        self._checks = checks
        self._patience = patience
        self._fresh = fresh
        self._asking = asyncio.Lock()
        self._last: tuple[float, Report] | None = None

    async def report(self) -> Report:
        """What is true now, or was a moment ago."""
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if self._last is None or now - self._last[0] >= self._fresh:
                found = await asyncio.gather(*(self._ask(name, check) for name, check in self._checks.items()))
                self._last = now, Report(dict(zip(self._checks, found, strict=True)))
            return self._last[1]

    async def _ask(self, name: str, check: Check) -> Finding:
        try:
            async with asyncio.timeout(self._patience):
                await check()
        except TimeoutError:
            return Finding(False, f"no answer within {self._patience:g} s")
        except Unhealthy as unhealthy:
            return Finding(False, str(unhealthy))
        except Exception as error:  # noqa: BLE001  a part may fail in any way: that is what is being asked
            _log.warning("the check of %s failed: %s", name, outline(error))
            return Finding(False, type(error).__name__)
        return Finding(True)
