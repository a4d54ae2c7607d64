"""What the load test, the soak and the crash test share: a fake Telegram, people, witnesses, and a bot to be watched.

The bot is a real one, `cotorra run` in a process of its own, with the starter checkpoint and a SQLite file. It is
seen from outside alone: what people saw in their chats, what the system says of the process, and what its database
holds afterwards. Which Telegram it talks to is to choose: see `telegram`.
"""
