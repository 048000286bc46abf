"""The `zhiban` command."""

import click


@click.group()
@click.version_option(package_name="zhiban")
def main() -> None:
    """Watch a catalogue, handle abnormal products."""
