"""What an operator can see of a running bot: which request a log line belongs to, metrics, health."""
