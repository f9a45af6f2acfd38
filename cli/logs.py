"""Where logs go: stderr, as `log:` of config.yaml says; libraries' from warnings upward."""

import logging
import sys

from inventory.settings import LogSettings


def configure_logs(settings: LogSettings, *, level: str | None = None) -> None:
    """Set structlog up for this process; `level` replaces that of the settings."""
    import structlog

    number = logging.getLevelNamesMapping()[(level or settings.level).upper()]
    if settings.format == "json":
        shown: structlog.types.Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        shown = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
