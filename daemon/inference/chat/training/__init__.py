"""Training: corpora, cleaning, the run itself, and how well it went."""
