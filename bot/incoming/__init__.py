"""Updates come in and are handed out: on disk before Telegram is told, in order, at most so many at once."""
