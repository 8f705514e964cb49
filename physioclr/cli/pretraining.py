"""Verbs for pretraining: run it, list its objectives, look after its runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from physioclr.cli.option_groups import takes_option_groups
from physioclr.cli.plugins import helped_by_plugins, name_of_plugin
from physioclr.cli.terminal import (
    AsJson,
    number_cell,
    option_errors,
    out_console,
    print_json,
    progress_bar,
)
from physioclr.errors import PhysioclrError

if TYPE_CHECKING:
    from physioclr.encoders.preprocessing import Preprocessing
    from physioclr.models.architectures import EncoderConfig

__all__ = ["app", "compare_runs", "delete_run", "list_runs", "objectives", "pretrain"]

app = typer.Typer()
runs_app = typer.Typer(name="runs", help="Pretraining runs.", no_args_is_help=True)
app.add_typer(runs_app)


@dataclass(frozen=True)
class EncoderOptions:
    """The encoder, and what it takes in."""

    encoder: Annotated[
        str,
        typer.Option(
            help="transformer-tiny, -small, -medium or -base; resnet1d-tiny, …; the name of a "
            "plug-in, or package.module:Name."
        ),
    ] = "transformer-tiny"
    fs: Annotated[float, typer.Option(help="The encoder's sampling rate, 100 to 500 Hz.")] = 100.0
    window: Annotated[float, typer.Option(help="Seconds of one input.")] = 5.0
    leads: Annotated[
        str | None, typer.Option(help="The encoder's leads, as I,II,V1; all twelve if absent.")
    ] = None

    def preprocessing(self) -> Preprocessing:
        """Return what makes the encoder's input of an ECG."""
        from physioclr.encoders.preprocessing import Preprocessing
        from physioclr.leads import STANDARD_LEADS

        leads = tuple(self.leads.split(",")) if self.leads else STANDARD_LEADS
        return Preprocessing(fs_hz=self.fs, window_s=self.window, leads=leads)

    def config(self) -> EncoderConfig:
        """Return the encoder's configuration."""
        from physioclr.models import encoder_config

        n_leads = len(self.preprocessing().leads)
        return encoder_config(name_of_plugin(self.encoder), fs_hz=self.fs, n_leads=n_leads)


@dataclass(frozen=True)
class BudgetOptions:
    """Steps, batches, optimiser, and how often a run is saved and monitored."""

    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps.")] = 500
    batch: Annotated[int, typer.Option(min=2, help="Recordings in a batch.")] = 32
    accumulate: Annotated[int, typer.Option(min=1, help="Batches a step.")] = 1
    learning_rate: Annotated[float, typer.Option(help="At its highest.")] = 1e-3
    ema: Annotated[
        float | None, typer.Option(help="Keep the exponential average with this decay.")
    ] = None
    bf16: Annotated[bool, typer.Option("--bf16", help="Networks in bfloat16.")] = False
    compiled: Annotated[bool, typer.Option("--compile", help="torch.compile the encoder.")] = False
    held_out: Annotated[
        float, typer.Option(help="Share of the patients to monitor on, not trained on.")
    ] = 0.1
    save_every: Annotated[int, typer.Option(min=1, help="Steps between saved states.")] = 50
    monitor_every: Annotated[
        int, typer.Option(min=0, help="Steps between evaluations of the embedding; 0: never.")
    ] = 50
    seed: Annotated[int, typer.Option()] = 0

    def settings(self) -> dict[str, Any]:
        """Return them as `PretrainConfig` takes them."""
        return {
            "steps": self.steps,
            "records_per_batch": self.batch,
            "accumulate": self.accumulate,
            "learning_rate": self.learning_rate,
            "precision": "bf16-mixed" if self.bf16 else "32-true",
            "compile_encoder": self.compiled,
            "ema_decay": self.ema,
            "held_out": self.held_out,
            "save_every": self.save_every,
            "monitor_every": self.monitor_every,
            "seed": self.seed,
        }


@app.command(cls=helped_by_plugins("physioclr.objectives", "physioclr.encoders"))
@takes_option_groups
def pretrain(
    stores: Annotated[list[Path], typer.Argument(help="One or more stores.")],
    out: Annotated[Path, typer.Option(help="The run folder.")],
    budget: BudgetOptions,
    encoder: EncoderOptions,
    objective: Annotated[
        str,
        typer.Option(
            help="What is learned; `physioclr objectives` lists them. Or package.module:Name."
        ),
    ] = "physioclr",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of the objective, as name=value; repeatable."),
    ] = None,
    physiology: Annotated[
        list[Path] | None,
        typer.Option(help="A Parquet table in place of a store's own; one for each store."),
    ] = None,
    resume: Annotated[bool, typer.Option(help="Resume a run that stopped.")] = False,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, …; a GPU if there is one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Pretrain an encoder; the run folder then holds a checkpoint.

    On several GPUs or nodes: `torchrun --nproc-per-node 4 -m physioclr pretrain …`.
    """
    from physioclr import Store
    from physioclr.objectives import objective_config
    from physioclr.pretraining.config import PretrainConfig
    from physioclr.pretraining.pretrain import pretrain as pretrain_stores
    from physioclr.pretraining.run import StepReport

    with option_errors():
        preprocessing = encoder.preprocessing()
        config = PretrainConfig(
            objective=objective_config(name_of_plugin(objective), settings or ()),
            encoder=encoder.config(),
            **budget.settings(),
        )
    opened = [Store(store) for store in stores]
    with progress_bar(f"Pretraining, {objective}") as report:

        def show(step: StepReport) -> None:
            what = f"loss {step.loss:.3f} · {step.records_per_s:.0f} ECGs/s"
            report(step.step, config.steps, what)

        card = pretrain_stores(
            opened,
            out,
            config,
            preprocessing=preprocessing,
            physiology=[_parquet(table) for table in physiology] if physiology else None,
            resume=resume,
            device=device,
            on_step=show,
        )
    if as_json:
        print_json(card.model_dump(mode="json"))
        return
    out_console.print(f"Checkpoint {card.fingerprint} in {out / 'checkpoint'}", highlight=False)


@app.command(cls=helped_by_plugins("physioclr.objectives"))
def objectives() -> None:
    """List the pretraining objectives and their settings."""
    import dataclasses

    from physioclr.objectives import OBJECTIVES

    table = Table(box=None, padding=(0, 1, 1, 0))
    for column in ("Objective", "What it is", "Settings and their defaults"):
        table.add_column(column, no_wrap=column == "Objective")
    for name, objective in OBJECTIVES.items():
        defaults = dataclasses.fields(objective.Config)
        shown = ", ".join(f"{field.name}={field.default}" for field in defaults)
        table.add_row(name, f"{objective.title}\n{objective.citation}", shown)
    out_console.print(table)


@runs_app.command("list")
def list_runs(
    folder: Annotated[Path, typer.Argument(help="A folder of runs.")] = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """List the pretraining runs in a folder."""
    from physioclr.pretraining.runs import list_runs as runs_in

    found = runs_in(folder)
    if as_json:
        print_json({"runs": [run.to_dict() for run in found]})
        return
    if not found:
        out_console.print(f"No runs in {folder}.", highlight=False)
        return
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    for column in ("Run", "Status", "Objective", "Encoder"):
        table.add_column(column, no_wrap=column != "Run", overflow="fold")
    for column in ("Steps", "ECGs/s", "Loss", "R²", "MB"):
        table.add_column(column, justify="right", no_wrap=True)
    for run in found:
        table.add_row(
            run.path.name,
            run.status,
            run.objective,
            run.architecture,
            f"{run.steps_done}/{run.steps}",
            number_cell(run.records_per_s, 0),
            number_cell(run.metrics.get("loss")),
            number_cell(run.metrics.get("score")),
            f"{run.bytes_on_disk / 1e6:.0f}",
        )
    out_console.print(table)


@runs_app.command("compare")
def compare_runs(
    runs: Annotated[list[Path], typer.Argument(help="Two or more run folders.")],
    as_json: AsJson = False,
) -> None:
    """Show in what the settings of runs differ, and the last value of every metric."""
    from physioclr.pretraining.runs import compare_runs as compared
    from physioclr.pretraining.runs import summarise_run

    differing, metrics = compared([summarise_run(run) for run in runs])
    if as_json:
        print_json({"runs": [str(r) for r in runs], "settings": differing, "metrics": metrics})
        return
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column("")
    for run in runs:
        table.add_column(run.name, justify="right")
    for name, values in differing.items():
        table.add_row(name, *("none" if value is None else str(value) for value in values))
    table.add_section()
    for name, numbers in metrics.items():
        table.add_row(name, *(number_cell(number) for number in numbers))
    out_console.print(table)


@runs_app.command("delete")
def delete_run(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a run with its checkpoints."""
    from physioclr.pretraining.runs import delete_run as delete
    from physioclr.pretraining.runs import summarise_run

    found = summarise_run(run)
    if not yes:
        done = f"{found.steps_done} of {found.steps} steps, {found.bytes_on_disk / 1e6:.0f} MB"
        typer.confirm(f"Delete {run} ({done})?", abort=True)
    delete(run)
    out_console.print(f"Deleted {run}", highlight=False)


def _parquet(path: Path) -> Any:
    import pandas as pd
    from pyarrow import ArrowException

    try:
        return pd.read_parquet(path)
    except (OSError, ArrowException) as error:
        raise PhysioclrError(
            str(path), expected="a Parquet table", found=str(error).splitlines()[0]
        ) from error
