"""The policy: what the bot keeps, a page in each language, made from the settings that the bot acts upon.

Knows no Telegram. Everybody may read it, so it tells nothing of the operator but what the operator wrote for it.
"""

from html import escape

from bot.languages import LANGUAGES, N_, SOURCE, Phrases, phrases
from bot.privacy.terms import Terms

PATH = "/privacy"

TITLE = N_("What this bot keeps")
RUN_BY = N_("This bot is run by {operator}.")
VERSION = N_("Version {version} of these terms.")
SECTIONS = {
    N_("What is kept when you use the bot"): N_(
        "What you ask and what the bot answers; when and in which chat; your Telegram id, name, user name and "
        "language; the settings of the chat and who changed them; reactions, votes and scores; where you pass on words"
        " of somebody else, whose they are. It keeps only messages that are meant for it and, where a group lets it "
        "chime in, those that it answers."
    ),
    N_("For how long, unless you allow more"): N_(
        "The words, and what the network remembers of them, are erased {limit}. Until then they serve only to answer "
        "you and to go on with a text. What remains of such a prompt is the fact: when, in which chat, by which id, "
        "with which settings, how fast. Names go when you have been away for as long."
    ),
    N_("If you allow it"): N_(
        "Your words and the answers to them are kept until you take them back, {purpose}. In exports, people and chats"
        " are replaced by codes, and telephone numbers, addresses and the like by placeholders. Your yes covers what "
        "you write after it, and no words of others; everybody in a group decides for themselves."
    ),
    N_("Your rights"): N_(
        "/privacy shows what you decided and changes it at any time. /mydata sends you a file with all that is kept "
        "about you, also of your words in what others asked. /forget erases all of it, also from what the network "
        "remembers and from what still waits for an answer; a code from which nobody can tell who you are stays, so "
        "that restored backups are erased too. A yes that you take back leaves such a code as well, and comes back "
        "with no backup. Administrators can have a whole group forgotten."
    ),
}

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "h1,h2{line-height:1.2}"
)


def policy_pages(terms: Terms) -> dict[str, str]:
    """Every page by its path: `/privacy` in English, `/privacy/es` and so on where it is translated."""
    languages = [SOURCE, *(language for language in LANGUAGES if _is_translated(language))]
    return {_path(language): policy_page(terms, phrases(language), languages) for language in languages}


def policy_page(terms: Terms, say: Phrases, languages: list[str]) -> str:
    """A page that needs nothing else; with links to the other languages."""
    values = {"limit": terms.limit(say), "purpose": terms.why(say)}
    parts = [f"<h1>{escape(say(TITLE))}</h1>"]
    if terms.operator:
        parts.append(f"<p>{escape(say(RUN_BY, operator=terms.operator))}</p>")
    for title, text in SECTIONS.items():
        parts.append(f"<h2>{escape(say(title))}</h2>\n<p>{escape(say(text, **values))}</p>")
    parts.append(f"<p>{escape(say(VERSION, version=terms.version))}</p>")
    if len(languages) > 1:
        links = (f'<a href="{_path(other)}" lang="{other}">{LANGUAGES[other]}</a>' for other in languages)
        parts.append(f"<nav>{' · '.join(links)}</nav>")
    return (
        f'<!doctype html>\n<html lang="{say.language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(say(TITLE))}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def _path(language: str) -> str:
    return PATH if language == SOURCE else f"{PATH}/{language}"


def _is_translated(language: str) -> bool:
    """Whether every sentence of the page is there: a page half in English would be no help."""
    say = phrases(language)
    sentences = (TITLE, RUN_BY, VERSION, *SECTIONS, *SECTIONS.values())
    return language != SOURCE and all(say(sentence) != sentence for sentence in sentences)
