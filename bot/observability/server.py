"""The operator's pages: /metrics for Prometheus, /healthz for whoever restarts what is ill, and what else is given.

Served on the loopback unless the operator says otherwise: figures are nobody's words, but nobody's business.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from prometheus_client import CONTENT_TYPE_LATEST
from tornado.routing import URLSpec
from tornado.web import Application, HTTPError, RequestHandler

from bot.listening import listening
from bot.observability.health import Health
from bot.observability.metrics import Metrics

_NO_BODY = 1024  # bytes; questions have none


class MetricsPage(RequestHandler):
    """GET /metrics."""

    def initialize(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def get(self) -> None:
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.write(self._metrics.text())


class HealthPage(RequestHandler):
    """GET or HEAD /healthz: 200 where everything works, 503 where not; either says what was found."""

    def initialize(self, health: Health) -> None:
        self._health = health

    async def get(self) -> None:
        report = await self._health.report()
        self.set_status(200 if report.ok else 503)
        self.write(report.as_json())

    head = get  # some monitors ask for the status alone


class FixedPage(RequestHandler):
    """GET of a page that never changes."""

    def initialize(self, text: str) -> None:
        self._text = text

    def get(self) -> None:
        self.set_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.write(self._text)


class Elsewhere(RequestHandler):
    """Every other address."""

    def prepare(self) -> None:
        raise HTTPError(404)


@dataclass(frozen=True)
class PagesConfig:
    """Where the pages are served: an address of this machine, and a port, 0 for any free one.

    further: more pages, in HTML, by their paths.
    """

    host: str = "127.0.0.1"
    port: int = 0
    further: Mapping[str, str] = field(default_factory=dict)


@asynccontextmanager
async def operators_pages(metrics: Metrics, health: Health, config: PagesConfig) -> AsyncIterator[int]:
    """Serve the pages; the port. Raises ListenRefused."""
    pages = [
        URLSpec(r"/metrics", MetricsPage, {"metrics": metrics}),
        URLSpec(r"/healthz", HealthPage, {"health": health}),
        *(URLSpec(re.escape(path), FixedPage, {"text": text}) for path, text in config.further.items()),
    ]
    application = Application(pages, default_handler_class=Elsewhere, log_function=lambda _: None)
    async with listening(application, config.host, config.port, _NO_BODY) as taken:
        yield taken
