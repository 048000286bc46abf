"""A whole daemon over a shop's database that goes away for long, and that is emptied: its team hears of both."""

from __future__ import annotations

import re
import urllib.request
from pathlib import Path

from tests.acceptance.asking import ask, every, until
from tests.acceptance.daemon_process import DaemonProcess
from tests.acceptance.keystone_shop import BackEnd, daemon_over, notices, product, say
from tests.mongo_server import Shop

SOON_S = 30.0


def state(process: DaemonProcess, rule: str) -> str:
    """Return where the incident of the catalogue stands, "" while there is none."""
    found = every(process, f"/api/v1/incidents?rule={rule}:shop")
    return str(found[0]["state"]) if found else ""


def figure(process: DaemonProcess, name: str) -> float:
    """Return what /metrics shows of the catalogue, -1 for what is not known yet."""
    return shown(process, f"zhiban_catalogue_{name}", -1.0)


def looks(process: DaemonProcess) -> float:
    """Return how often the daemon has looked at how the catalogue stands."""
    return shown(process, 'zhiban_job_runs_total{job="catalogue.watch",outcome="finished"}', 0.0)


def shown(process: DaemonProcess, name: str, otherwise: float) -> float:
    with urllib.request.urlopen(f"{process.url}/metrics", timeout=20) as answer:
        text = answer.read().decode()
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else otherwise


def test_an_outage_is_an_incident_of_the_team_until_the_shop_was_read_again(mortal_mongo: Shop, tmp_path: Path) -> None:
    server = mortal_mongo.server
    assert server is not None
    BackEnd(mortal_mongo).create("Copper pot")
    with daemon_over(mortal_mongo, tmp_path, 'scan_interval = "1s"') as process:
        until(lambda: figure(process, "live") == 1 and figure(process, "documents") == 1, SOON_S, "read")
        assert figure(process, "connected") == 1
        read_at = figure(process, "last_read_timestamp_seconds")

        server.kill()
        until(lambda: state(process, "catalogue_away") == "open", SOON_S, "the incident")
        assert (figure(process, "connected"), figure(process, "live")) == (0, 0)
        until(lambda: notices(process, "catalogue_away:shop", "cannot be read"), SOON_S, "the notice")
        assert "Catalogue shop: away since" in say(process, "status")
        (incident,) = every(process, "/api/v1/incidents?rule=catalogue_away:shop")
        assert ask(process, "POST", f"/api/v1/incidents/{incident['id']}/acknowledge").status == 200
        assert state(process, "catalogue_away") == "acknowledged"

        server.start()
        until(lambda: state(process, "catalogue_away") == "recovered", SOON_S, "the recovery")
        assert figure(process, "last_read_timestamp_seconds") > read_at
        until(lambda: figure(process, "live") == 1, SOON_S, "live again")
        assert "Catalogue shop: connected since" in say(process, "status")


def test_an_emptied_collection_is_an_incident_and_loses_nothing(mortal_mongo: Shop, tmp_path: Path) -> None:
    back_end = BackEnd(mortal_mongo)
    ids = [back_end.create(f"Copper pot {n}") for n in range(5)]
    whole = list(mortal_mongo.products.find({}))
    with daemon_over(mortal_mongo, tmp_path, 'scan_interval = "1s"') as process:
        until(lambda: figure(process, "documents") == 5, SOON_S, "read")
        seen = looks(process)
        until(lambda: looks(process) >= seen + 2, SOON_S, "looked at")
        assert state(process, "catalogue_short") == ""
        mortal_mongo.products.drop()
        until(lambda: state(process, "catalogue_short") == "open", SOON_S, "the incident")
        until(lambda: notices(process, "catalogue_short:shop", "held 5"), SOON_S, "the notice")
        assert product(process, ids[0]).body["missing_since"] is not None

        mortal_mongo.products.insert_many(whole)
        until(lambda: state(process, "catalogue_short") == "recovered", SOON_S, "the recovery")
        until(lambda: all(product(process, one).body["missing_since"] is None for one in ids), SOON_S, "all there")
        assert all(product(process, one).body["status"] == "listed" for one in ids)
