"""What a corpus says once it is read."""

from pathlib import Path
from typing import Any

from trainer.corpus import ReadingOptions, open_corpus


def learned(*sources: Path | str, encoding: str | None = None, **options: Any) -> str:
    return "".join(open_corpus([str(source) for source in sources], encoding, ReadingOptions(**options)).pieces)
