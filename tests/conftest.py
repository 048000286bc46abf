"""What tests of every kind may ask for."""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings

from tests.mongo_server import mongo, mongo_server, mortal_mongo

# Who runs the tests in the background may have them ignore SIGINT, and every process that they start with them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

__all__ = ["mongo", "mongo_server", "mortal_mongo"]
