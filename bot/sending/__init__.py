"""What goes out to Telegram: once, within its limits, in good manners. Knows nothing of what is said and why."""
