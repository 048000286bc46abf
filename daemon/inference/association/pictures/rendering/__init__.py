"""Walking figures, drawn: people who are nobody, for trying out and testing the way from pixels to vectors."""
