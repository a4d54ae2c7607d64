"""The buttons under a reply, and those it has while it is being written. What they do: `bot.handlers.takes`."""

from telegram import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup

from bot.callbacks import Callback, Callbacks
from bot.languages import N_, Phrases
from bot.storage.prompts import Prompt
from bot.talking.takes import step
from bot.text import split_message

MORE = N_("▶ Continue")
AGAIN = N_("🔁 Another take")
WARMER = N_("🔥 Warmer")
COLDER = N_("❄ Colder")
STOP = N_("⏹ Stop")
COPY = N_("📋 Copy")
COPY_BEGINNING = N_("📋 Copy the beginning")

LONGEST_COPY = 256  # UTF-16 units that a button can put on the clipboard


def under_reply(prompt: Prompt, text: str, say: Phrases, callbacks: Callbacks) -> InlineKeyboardMarkup:
    """What may be done next; a step that would leave the range of temperatures is not offered."""
    temperature = prompt.asked.temperature
    rows = [[_button(say(MORE), "more", prompt, callbacks), _button(say(AGAIN), "again", prompt, callbacks)]]
    rows.append(
        [
            _button(say(label), action, prompt, callbacks)
            for label, action in ((COLDER, "colder"), (WARMER, "warmer"))
            if step(temperature, action) != temperature
        ]
    )
    parts = split_message(text, LONGEST_COPY)
    if parts:
        label = COPY if len(parts) == 1 else COPY_BEGINNING
        rows.append([InlineKeyboardButton(say(label), copy_text=CopyTextButton(parts[0]))])
    return InlineKeyboardMarkup(rows)


def while_writing(prompt: Prompt, say: Phrases, callbacks: Callbacks) -> InlineKeyboardMarkup:
    """Enough is enough."""
    return InlineKeyboardMarkup([[_button(say(STOP), "stop", prompt, callbacks)]])


def _button(label: str, action: str, prompt: Prompt, callbacks: Callbacks) -> InlineKeyboardButton:
    """It carries the prompt's number and, for what is asked of everybody else, who asked."""
    callback = Callback(action, str(prompt.id), prompt.asked.user_id)
    return InlineKeyboardButton(label, callback_data=callbacks.data(callback, prompt.asked.chat_id))
