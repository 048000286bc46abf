"""`zhiban chat curve`: whether a second training goes as the first one did."""

from __future__ import annotations

from pathlib import Path

import click

from daemon.cli.chat_training_needs import need_training


@click.command()
@click.argument("first", metavar="FOLDER|MODEL|LOG", type=click.Path(path_type=Path, exists=True))
@click.argument("second", metavar="FOLDER|MODEL|LOG", type=click.Path(path_type=Path, exists=True))
@click.option("--within", type=click.FloatRange(min=0.0), help="Bits: exit status 1 where the two are further apart.")
@click.pass_context
def curve(ctx: click.Context, first: Path, second: Path, within: float | None) -> None:
    """Tell how far the courses of two trainings of one recipe are apart at the steps that both tell of.

    On one kind of processor it is nothing; on another sums are rounded in another order, and it grows with the steps.
    Exit status: 1 where they are further apart than --within, or did not learn the same batches.
    """
    need_training()
    from daemon.inference.chat.training.curves import differences, other_batches, read_curve  # noqa: PLC0415

    curves = read_curve(first), read_curve(second)
    found = differences(*curves)
    for one in found:
        told = f"{one.first:.4f} and {one.second:.4f} at step {one.step}, of {one.steps} steps that both tell of"
        click.echo(f"{one.figure}: at most {one.size:.6f} bits apart: {told}")
    if (step := other_batches(*curves)) is not None:
        click.echo(f"from step {step} on, or before, they did not learn the same batches")
    if step is not None or (within is not None and any(one.size > within for one in found)):
        ctx.exit(1)
