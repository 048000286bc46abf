"""Folders of detections with vectors beside them: reading, writing, simulating and evaluating."""
