"""The operator's pages: /metrics for Prometheus and /healthz for whoever restarts what is ill.

Served on the loopback unless the operator says otherwise: figures are nobody's words, but nobody's business.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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
    """GET /healthz: 200 where everything works, 503 where not; either says what was found."""

    def initialize(self, health: Health) -> None:
        self._health = health

    async def get(self) -> None:
        report = await self._health.report()
        self.set_status(200 if report.ok else 503)
        self.write(report.as_json())


class Elsewhere(RequestHandler):
    """Every other address."""

    def prepare(self) -> None:
        raise HTTPError(404)


@asynccontextmanager
async def operators_pages(metrics: Metrics, health: Health, host: str, port: int) -> AsyncIterator[int]:
    """Serve both pages; the port. Raises ListenRefused."""
    metrics_page = URLSpec(r"/metrics", MetricsPage, {"metrics": metrics})
    health_page = URLSpec(r"/healthz", HealthPage, {"health": health})
    application = Application([metrics_page, health_page], default_handler_class=Elsewhere, log_function=lambda _: None)
    async with listening(application, host, port, _NO_BODY) as taken:
        yield taken
