"""The bot's branches of the error tree, drawn.

CotorraError (model.errors)
├── SettingsError            a variable of the environment that is missing or unreadable
├── ConnectionRefused        Telegram, or the server in its place, does not know the token
├── UpdateUnreadable         what came from Telegram is no update
├── InboxFull                too many updates wait already: Telegram keeps this one
├── PageError                the demo's page cannot be served: its port is taken
├── ListenRefused            the webhook or the metrics cannot be served where they were asked for
├── LogError                 the prompt log cannot be shown, exported or replayed as asked
├── SentenceError            its sentence is for a person in a chat, in that person's language
│   ├── CallbackRefused      a button that is not ours, not for this chat, or not for this person
│   ├── SeedRefused          nothing to continue, or too much
│   └── TurnRefused          a turn that the scheduler gave up
│       ├── SchedulerFull    too many are waiting
│       ├── SchedulerStopped the bot is shutting down
│       ├── TurnTooSlow      nothing came of it for too long
│       ├── TurnTakenBack    it was stopped while it waited
│       ├── StateGone        the text that it should continue cannot be continued any more
│       └── GenerationFailed the generator raised; the cause is chained
└── StorageError             see bot.storage.errors
"""

from model.errors import CotorraError


class SettingsError(CotorraError):
    """A variable of the environment that is missing or unreadable; never shows a secret."""


class ConnectionRefused(CotorraError):
    """Telegram, or the server in its place, does not know the token."""


class UpdateUnreadable(CotorraError):
    """What came from Telegram is no update."""


class InboxFull(CotorraError):
    """Too many updates wait already; Telegram keeps this one and brings it again."""


class PageError(CotorraError):
    """The demo's page cannot be served where it was asked for."""


class ListenRefused(CotorraError):
    """The webhook or the metrics cannot be served at the address of this machine that was asked for."""


class LogError(CotorraError):
    """The prompt log cannot be shown, exported or replayed as asked."""


class SentenceError(CotorraError):
    """Its sentence is for a person in a chat.

    sentence: in English, as it stands in the catalogues; values: for its `{places}`.
    """

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence.format(**values) if values else sentence)
        self.sentence = sentence
        self.values = values


class CallbackRefused(SentenceError):
    """A button that is not ours, or not for who pressed it; the sentence is for that person."""


class SeedRefused(SentenceError):
    """What somebody wrote cannot be continued; the sentence is for that person."""


class TurnRefused(SentenceError):
    """A turn that the scheduler gave up; the sentence is for the person who asked."""


class SchedulerFull(TurnRefused):
    """Too many turns are waiting already."""


class SchedulerStopped(TurnRefused):
    """The scheduler is shutting down, or was never started."""


class TurnTooSlow(TurnRefused):
    """Nothing came of it for as long as the deadline."""


class TurnTakenBack(TurnRefused):
    """It was stopped while it waited in line, so there is no text to keep."""


class StateGone(TurnRefused):
    """What the network remembered after the text to continue is lost, or another network's."""


class GenerationFailed(TurnRefused):
    """The generator raised an error for this turn; `__cause__` says which."""
