"""A corpus in, a checkpoint out: knows `model`, and nothing of bots."""
