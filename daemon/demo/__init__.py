"""A shop to try the daemon on: a catalogue with every kind of fault, and its images and landing pages."""
