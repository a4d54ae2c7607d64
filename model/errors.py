"""The error tree of `model`, drawn.

CotorraError                what a user can mend; its text is one sentence: what was expected, what came, what to do
├── ConfigError             a number outside its range, a name that is not one of the choices
├── VocabularyError         ids or characters that cannot be a vocabulary
├── StateError              the bytes of a recurrent state that are damaged, or of other weights
├── CheckpointError         a checkpoint folder that cannot be used
│   ├── CheckpointMissing   there is none at this path
│   ├── CheckpointForeign   a folder of another program
│   ├── CheckpointTooNew    of a newer format than this program reads
│   └── CheckpointDamaged   a file is missing, cut or altered
└── EngineError             no way to run the network here

`trainer` and `bot` hang their own branches below CotorraError; only the command line and the error
handler of the bot translate it, each once.
"""


class CotorraError(Exception):
    """The root: its text is fit to be read by the person who can mend it."""


class ConfigError(CotorraError, ValueError):
    """A value outside its range, or a name that is not one of the choices."""


class VocabularyError(CotorraError, ValueError):
    """Ids or characters that cannot be a vocabulary."""


class StateError(CotorraError, ValueError):
    """The bytes of a recurrent state that are damaged, or belong to other weights."""


class CheckpointError(CotorraError):
    """A checkpoint folder that cannot be used."""


class CheckpointMissing(CheckpointError):
    """There is no checkpoint at this path."""


class CheckpointForeign(CheckpointError):
    """The folder belongs to another program."""


class CheckpointTooNew(CheckpointError):
    """The folder is of a newer format than this program reads."""


class CheckpointDamaged(CheckpointError):
    """A file of the checkpoint is missing, cut or altered."""


class EngineError(CotorraError):
    """There is no way to run the network here."""
