"""From something to be continued to what is said: the conversation that the bot is for, and its games."""
