"""Who generates when, and with whose voice: knows neither Telegram nor storage."""
