"""The terms of the prompt log: what is kept, for how long and why, in one sentence of each language.

Made from the settings that the bot acts upon, so that it cannot say anything else. Knows no Telegram.
"""

import hashlib
from dataclasses import dataclass

from bot.languages import N_, NN_, SOURCE, Phrases, phrases

WORDING = 4  # of the question below and of the policy page; a new one is a new version of the terms
PURPOSE = N_("to study how people talk with a small language model, and to train it further")
QUESTION = N_(
    "May I keep what you ask me and what I answer, with your Telegram id, until you take it back with "
    "/privacy, {purpose}, or shall the words serve only to answer you and be erased {limit}?"
)
# Translators: these end sentences such as "The words are erased …".
WITHIN_THE_HOUR = N_("within the hour")
AFTER_DAYS = NN_("after {number} day", "after {number} days")


@dataclass(frozen=True)
class Question:
    """The sentence that somebody is shown. `version`: of its terms, the same in every language."""

    version: str
    language: str
    sentence: str


@dataclass(frozen=True)
class Terms:
    """What the operator set. `retention_days`: 0 erases within the hour; `operator`: how to reach who runs the bot."""

    retention_days: int = 30
    purpose: str = PURPOSE
    operator: str = ""

    @property
    def version(self) -> str:
        """The same for the same terms, in every language."""
        said = "\0".join((str(WORDING), str(self.retention_days), self.purpose, self.operator))
        return hashlib.sha256(said.encode("utf-8")).hexdigest()[:12]

    def limit(self, say: Phrases) -> str:
        """When words that nobody allowed to be kept are erased."""
        return say.count(AFTER_DAYS, self.retention_days) if self.retention_days else say(WITHIN_THE_HOUR)

    def why(self, say: Phrases) -> str:
        """What the words of those who allow it are kept for; in another's language only where it is our own purpose."""
        return say(self.purpose) if self.purpose == PURPOSE else self.purpose

    def question(self, language: str | None = None) -> Question:
        """The one sentence: what is kept, for how long, and why. Its language is the one that it is really in."""
        say = phrases(language)
        spoken = say.language if say(QUESTION) != QUESTION else SOURCE
        say = phrases(spoken)
        return Question(self.version, spoken, say(QUESTION, purpose=self.why(say), limit=self.limit(say)))
