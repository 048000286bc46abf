"""What the bench of the network's quality is made of: dialogues, variants, figures and intervals."""
