"""The bot: which messages are for it, in which order they are handled, and the commands that it knows."""
