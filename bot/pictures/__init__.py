"""Pictures that the bot draws: they know no Telegram and no database."""
