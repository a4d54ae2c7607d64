"""Updates in, replies out: knows `model`, and nothing of trainers."""
