"""The catalogue that a shop keeps in MongoDB: read, followed and changed where it lies."""
