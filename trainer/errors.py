"""The trainer's branch of the error tree, drawn.

CotorraError
└── TrainerError        training cannot begin or go on
    ├── CorpusError     a text that cannot be read, or is too short to learn from
    ├── Diverged        the loss is no number any more
    └── Interrupted     by Ctrl-C or SIGTERM, with the best checkpoint kept
"""

from model.errors import CotorraError


class TrainerError(CotorraError):
    """Training cannot begin or go on."""


class CorpusError(TrainerError):
    """A text that cannot be read, or is too short to learn from."""


class Diverged(TrainerError):
    """The loss is no number any more."""


class Interrupted(TrainerError):
    """By Ctrl-C or SIGTERM, with the best checkpoint kept."""
