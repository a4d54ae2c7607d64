"""Chats, people, settings and prompts in a SQL database: knows no Telegram."""
