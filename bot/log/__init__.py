"""The prompt log for its operator: looked at, counted, exported, replayed, browsed."""
