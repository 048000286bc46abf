"""The commands of the bot: one function each, in a file of its theme, gathered by table.py and run by answering.py."""
