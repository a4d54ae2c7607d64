"""The terms of the prompt log: what is kept, for how long and why, in one sentence and on one page.

Both are made from the settings that the bot acts upon, so they cannot say anything else. Knows no Telegram.
"""

import hashlib
from dataclasses import dataclass
from html import escape

WORDING = 1  # of the sentence and the page below; a new one is a new version of the terms
PURPOSE = "to study how people talk with a small language model, and to train it further"


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

    @property
    def limit(self) -> str:
        """When words that nobody allowed to be kept are erased."""
        if self.retention_days == 0:
            return "within the hour"
        return "after one day" if self.retention_days == 1 else f"after {self.retention_days} days"

    def question(self, language: str = "en") -> Question:
        """The one sentence: what is kept, for how long, and why."""
        sentence = (
            "May I keep what you ask me and what I answer, with your Telegram id, until you take it back with "
            f"/privacy, {self.purpose}, or shall the words serve only to answer you and be erased {self.limit}?"
        )
        return Question(self.version, "en", sentence)

    def page(self, bot_name: str) -> str:
        """The policy, an HTML page that needs nothing else."""
        contact = f"<p>This bot is run by {escape(self.operator)}.</p>" if self.operator else ""
        sections = "".join(f"<h2>{title}</h2>\n<p>{text}</p>\n" for title, text in self._sections().items())
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>Privacy: {escape(bot_name)}</title>\n"
            "<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem;"
            "color-scheme:light dark}h1,h2{line-height:1.2}</style>\n</head>\n<body>\n"
            f"<h1>What {escape(bot_name)} keeps</h1>\n{contact}\n{sections}"
            f"<p>Version {self.version} of these terms.</p>\n</body>\n</html>\n"
        )

    def _sections(self) -> dict[str, str]:
        return {
            "What is kept when you use the bot": (
                "What you ask and what the bot answers; when and in which chat; your Telegram id, name, user name and "
                "language; the settings of the chat and who changed them; reactions, votes and scores. It keeps only "
                "messages that are meant for it."
            ),
            "For how long, unless you allow more": (
                f"The words, and what the network remembers of them, are erased {self.limit}. Until then they serve "
                "only to answer you and to go on with a text. What remains of such a prompt is the fact: when, in "
                "which chat, by which id, with which settings, how fast. Names go when you have been away for as long."
            ),
            "If you allow it": (
                "Your words and the answers to them are kept until you take them back, "
                f"{escape(self.purpose)}. In exports, people and chats are replaced by codes, and telephone numbers, "
                "addresses and the like by placeholders. Your yes covers what you write after it; everybody in a "
                "group decides for themselves."
            ),
            "Your rights": (
                "/privacy shows what you decided and changes it at any time. /mydata sends you a file with all that "
                "is kept about you. /forget erases all of it, also from what the network remembers and from what "
                "still waits for an answer; a code from which nobody can tell who you are stays, so that restored "
                "backups are erased too. Administrators can have a whole group forgotten."
            ),
        }
