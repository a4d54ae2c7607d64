"""What is kept of people's words, for how long, and how it is erased: knows no Telegram."""
