"""The language model and all that both sides share: knows no chat, no database, no corpus file."""
