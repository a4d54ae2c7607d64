"""A Telegram for one machine: a Bot API server and a chat page, in one process."""
