"""Settings pages: what `/settings` shows, page by page. Knows no Telegram; its buttons: `bot.settings_buttons`."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from bot.languages import LANGUAGES, N_, NN_, Phrases
from bot.settings_buttons import DAY, NUMBERS, key_of
from bot.storage.settings import ChatSettings

TITLE = N_("How I talk in this chat. Press what you want to change:")
TITLE_ALONE = N_("How I talk with you. Press what you want to change:")
DEAF = N_(
    "Privacy mode keeps your messages from me: I only see commands, mentions and answers to me, so I cannot chime in. "
    "Make me an administrator, or have privacy mode switched off with @BotFather and add me again."
)
SHORT_SIGHTED = N_("Privacy mode is on: I only see commands, mentions and answers to me.")
TEMPERATURE = N_("🌡 Temperature: {value:g}")
LENGTH = NN_("📏 Length: {number:,} character", "📏 Length: {number:,} characters")
TOP_P = N_("🎯 Top-p: {value:g}")
ENDING = N_("✂️ I stop: {value}")
CHIME_IN = N_("💬 I chime in: {value}")
MAY_CHANGE = N_("🔧 These settings: {value}")
MAY_PRESS = N_("👆 My buttons: {value}")
LANGUAGE = N_("🌍 Language: {value}")
VOICE = N_("🎙 Voice: {value}")

ABOUT_TEMPERATURE = N_("How wild I am. Low is tame and repeats itself, high is wild and makes words up.")
ABOUT_LENGTH = N_("How many characters I write; more or less, where I stop at the end of a sentence or line.")
ABOUT_TOP_P = N_("From how much I choose: 1 is from everything, less leaves the unlikely out.")
ABOUT_ENDING = N_("Where I stop once I have written enough.")
ABOUT_CHIME_IN = N_("How often I answer a message that was not meant for me.")
ABOUT_COOLDOWN = N_("How long I keep quiet after I have chimed in.")
ABOUT_QUIET = N_("When I never chime in. It is {now} now in UTC, which these hours are in.")
ABOUT_MAY_CHANGE = N_("Who may change these settings. Chiming in and this page are for administrators in any case.")
ABOUT_MAY_PRESS = N_("Who may press the buttons under a reply, besides who asked for it.")
ABOUT_LANGUAGE = N_("Which language I use when I do not play the parrot.")
ABOUT_VOICE = N_("Whose texts I learned to talk from.")

ENDINGS = {"length": N_("at the length"), "sentence": N_("after a sentence"), "line": N_("after a line")}
CHANGERS = {"everybody": N_("everybody"), "admins": N_("administrators")}
PRESSERS = {"asker": N_("who asked"), "admins": N_("administrators"), "everybody": N_("everybody")}
OWN_LANGUAGE = N_("each person's own")
OWN_LANGUAGE_ALONE = N_("as in your Telegram")
NEVER = N_("never")
SHARE = N_("{percent} % of the time")
COOLDOWN = N_("⏳ Pause: {value}")
QUIET = N_("🌙 Quiet: {value}")
MINUTES = N_("{number} min")
HOURS = N_("{number} h")
HOURS_OFDAY = N_("from {start} to {end} UTC")
BACK, CLOSE = N_("◀ Back"), N_("✖ Close")
CLOSED = N_("The settings are closed. /settings opens them again.")

_TEMPERATURES = (20, 30, 50, 70, 80, 100, 120, 150)  # hundredths
_LENGTHS = (50, 100, 200, 300, 500, 800, 1_200, 2_000)
_TOP_PS = (50, 70, 80, 90, 95, 100)  # hundredths
_PERCENTS = (0, 1, 2, 5, 10, 20, 50, 100)
_COOLDOWNS = (0, 1, 5, 10, 30, 60, 180, 720)  # minutes
_QUIET = (22 * 60, 7 * 60)  # what quiet hours are at first: most people sleep


@dataclass(frozen=True)
class Choice:
    """A button: its label, and its argument."""

    label: str
    argument: str


@dataclass(frozen=True)
class Page:
    """A text with rows of buttons below it."""

    text: str
    rows: tuple[tuple[Choice, ...], ...] = ()


@dataclass(frozen=True)
class Shown:
    """What a page is made from. is_deaf: privacy mode keeps messages from the bot; voices: their names."""

    settings: ChatSettings
    say: Phrases
    is_private: bool
    is_deaf: bool
    voices: tuple[str, ...]
    now: dt.datetime

    @property
    def voice(self) -> str:
        """The first where the chat has chosen none, or one that is gone."""
        chosen = self.settings.voice
        return chosen if chosen in self.voices else self.voices[0]

    @property
    def own_language(self) -> str:
        """What it is called that no language is chosen."""
        return self.say(OWN_LANGUAGE_ALONE if self.is_private else OWN_LANGUAGE)


def page(name: str, shown: Shown) -> Page | None:
    """The page of this name; None where there is none."""
    if name in ("", "main"):
        return _main(shown)
    if name not in _offered(shown):
        return None
    return _PAGES[name](shown)


# --- the pages ------------------------------------------------------------------------------------------


def _main(shown: Shown) -> Page:
    settings, say = shown.settings, shown.say
    lines = {
        "temp": say(TEMPERATURE, value=settings.temperature),
        "len": say.count(LENGTH, settings.length),
        "topp": say(TOP_P, value=settings.top_p),
        "end": say(ENDING, value=say(ENDINGS[settings.ending])),
        "chime": say(CHIME_IN, value=_share(settings.chime_in_percent, say)),
        "change": say(MAY_CHANGE, value=say(CHANGERS[settings.who_may_change])),
        "press": say(MAY_PRESS, value=say(PRESSERS[settings.who_may_press])),
        "lang": say(LANGUAGE, value=LANGUAGES.get(settings.language or "", shown.own_language)),
        "voice": say(VOICE, value=shown.voice),
    }
    offered = [name for name in lines if name in _offered(shown)]
    rows = [(Choice(lines[name], name),) for name in offered]
    text = say(TITLE_ALONE if shown.is_private else TITLE)
    if shown.is_deaf:
        text += "\n\n" + say(DEAF if settings.chime_in_percent else SHORT_SIGHTED)
    return Page(text, (*rows, (Choice(say(CLOSE), "close"),)))


def _offered(shown: Shown) -> frozenset[str]:
    """The pages that mean something in this chat."""
    hidden = {"chime", "cool", "quiet", "change", "press"} if shown.is_private else set()
    return frozenset(_PAGES) - hidden - ({"voice"} if len(shown.voices) < 2 else set())


def _temperature(shown: Shown) -> Page:
    now = round(100 * shown.settings.temperature)
    offered = [(value, f"{value / 100:g}") for value in _TEMPERATURES]
    _, _, least, most = NUMBERS["temp"]
    steps = [(max(least, now - 5), "− 0.05"), (now, f"• {now / 100:g} •"), (min(most, now + 5), "+ 0.05")]
    row = tuple(Choice(label, f"temp,{value}") for value, label in steps)
    return _sub(shown, ABOUT_TEMPERATURE, [row, *_grid("temp", offered, now, 4)])


def _length(shown: Shown) -> Page:
    offered = [(value, shown.say("{value:,}", value=value)) for value in _LENGTHS]
    return _sub(shown, ABOUT_LENGTH, _grid("len", offered, shown.settings.length, 3))


def _top_p(shown: Shown) -> Page:
    offered = [(value, f"{value / 100:g}") for value in _TOP_PS]
    return _sub(shown, ABOUT_TOP_P, _grid("topp", offered, round(100 * shown.settings.top_p), 3))


def _ending(shown: Shown) -> Page:
    return _sub(shown, ABOUT_ENDING, _names("end", ENDINGS, shown.settings.ending, shown.say))


def _may_change(shown: Shown) -> Page:
    return _sub(shown, ABOUT_MAY_CHANGE, _names("change", CHANGERS, shown.settings.who_may_change, shown.say))


def _may_press(shown: Shown) -> Page:
    return _sub(shown, ABOUT_MAY_PRESS, _names("press", PRESSERS, shown.settings.who_may_press, shown.say))


def _language(shown: Shown) -> Page:
    offered = [(code, name) for code, name in LANGUAGES.items()]
    own = [("own", shown.own_language)]
    chosen = shown.settings.language or "own"
    return _sub(shown, ABOUT_LANGUAGE, [*_grid("lang", own, chosen, 1), *_grid("lang", offered, chosen, 2)])


def _voice(shown: Shown) -> Page:
    offered = [(key_of(name), name) for name in shown.voices]
    return _sub(shown, ABOUT_VOICE, _grid("voice", offered, key_of(shown.voice), 1))


def _chime_in(shown: Shown) -> Page:
    settings, say = shown.settings, shown.say
    offered = [(value, f"{value} %" if value else say(NEVER)) for value in _PERCENTS]
    more = (
        (Choice(say(COOLDOWN, value=_period(settings.chime_in_cooldown // 60, say)), "cool"),),
        (Choice(say(QUIET, value=_quiet_words(settings, say) or say(NEVER)), "quiet"),),
    )
    rows = [*_grid("chime", offered, settings.chime_in_percent, 3), *(more if settings.chime_in_percent else ())]
    made = _sub(shown, ABOUT_CHIME_IN, rows)
    return Page(made.text + ("\n\n" + say(DEAF) if shown.is_deaf else ""), made.rows)


def _cooldown(shown: Shown) -> Page:
    offered = [(value, _period(value, shown.say)) for value in _COOLDOWNS]
    rows = _grid("cool", offered, shown.settings.chime_in_cooldown // 60, 3)
    return _sub(shown, ABOUT_COOLDOWN, rows, back="chime")


def _quiet_hours(shown: Shown) -> Page:
    """Both ends by the hour; switched on, they begin with a night."""
    settings, say = shown.settings, shown.say
    is_off = settings.quiet_from is None or settings.quiet_until is None
    start, end = _QUIET if is_off else (settings.quiet_from or 0, settings.quiet_until or 0)
    off = Choice(_marked(say(NEVER), is_off), "quiet,off")
    on = Choice(_marked(say(HOURS_OFDAY, start=_clock(start), end=_clock(end)), not is_off), f"quiet,{start},{end}")
    rows: list[tuple[Choice, ...]] = [(off,), (on,)]
    if not is_off:
        starts, ends = _steps(f"{_clock(start)} –"), _steps(f"– {_clock(end)}")
        rows += [
            tuple(Choice(label, f"quiet,{(start + step) % DAY},{end}") for label, step in starts),
            tuple(Choice(label, f"quiet,{start},{(end + step) % DAY}") for label, step in ends),
        ]
    about = say(ABOUT_QUIET, now=f"{shown.now:%H:%M}")
    return Page(about, (*rows, (Choice(say(BACK), "chime"), Choice(say(CLOSE), "close"))))


def _steps(label: str) -> tuple[tuple[str, int], ...]:
    return (("−", -60), (label, 0), ("+", 60))


_PAGES = {
    "temp": _temperature,
    "len": _length,
    "topp": _top_p,
    "end": _ending,
    "chime": _chime_in,
    "cool": _cooldown,
    "quiet": _quiet_hours,
    "change": _may_change,
    "press": _may_press,
    "lang": _language,
    "voice": _voice,
}

# --- their parts ----------------------------------------------------------------------------------------


def _sub(shown: Shown, about: str, rows: Iterable[tuple[Choice, ...]], back: str = "main") -> Page:
    last = (Choice(shown.say(BACK), back), Choice(shown.say(CLOSE), "close"))
    return Page(shown.say(about), (*rows, last))


def _names(name: str, offered: dict[str, str], chosen: str, say: Phrases) -> list[tuple[Choice, ...]]:
    return _grid(name, [(value, say(words)) for value, words in offered.items()], chosen, 1)


def _grid(name: str, offered: Iterable[tuple[object, str]], chosen: object, width: int) -> list[tuple[Choice, ...]]:
    choices = [Choice(_marked(label, value == chosen), f"{name},{value}") for value, label in offered]
    return [tuple(choices[start : start + width]) for start in range(0, len(choices), width)]


def _marked(label: str, is_chosen: bool) -> str:
    return f"✓ {label}" if is_chosen else label


def _share(percent: int, say: Phrases) -> str:
    return say(SHARE, percent=percent) if percent else say(NEVER)


def _quiet_words(settings: ChatSettings, say: Phrases) -> str | None:
    if settings.quiet_from is None or settings.quiet_until is None:
        return None
    return say(HOURS_OFDAY, start=_clock(settings.quiet_from), end=_clock(settings.quiet_until))


def _period(minutes: int, say: Phrases) -> str:
    return say(HOURS, number=minutes // 60) if minutes and minutes % 60 == 0 else say(MINUTES, number=minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"
