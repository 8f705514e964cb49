"""The command line: the verbs of the package, for a shell.

Exit code 0 when done, 2 with one line on standard error when the input is not what it should be.
Results go to standard output, progress and messages to standard error.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from physioclr.cli import (
    cohorts,
    ecgs,
    embeddings,
    interpretation,
    learning,
    plugins,
    pretraining,
    probes,
    reporting,
)
from physioclr.cli.plugins import PluginOption, RootHelp, show_plugin_warnings, use_references
from physioclr.cli.terminal import err_console
from physioclr.errors import PhysioclrError
from physioclr.runtime.openmp import sleep_while_waiting

__all__ = ["app", "main"]

app = typer.Typer(
    name="physioclr",
    cls=RootHelp,
    help="Read ECGs, measure them, learn from them. Research use only. Not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for verbs in (
    ecgs,
    interpretation,
    reporting,
    cohorts,
    pretraining,
    probes,
    learning,
    embeddings,
    plugins,
):
    app.add_typer(verbs.app)


@app.callback()
def use_plugins(context: typer.Context, plugin: PluginOption = None) -> None:
    """Make plug-ins known before a verb runs."""
    if plugin and context.invoked_subcommand == "app":
        raise typer.BadParameter("the app knows installed plug-ins only", param_hint="--plugin")
    use_references(plugin or ())


@app.command("app")
def run_app(
    port: Annotated[int, typer.Option(help="Where the app listens.")] = 8501,
    host: Annotated[
        str, typer.Option(help="0.0.0.0 to let other machines in; ECGs are then on the network.")
    ] = "localhost",
    headless: Annotated[bool, typer.Option(help="Open no browser.")] = False,
) -> None:
    """Open the app."""
    from physioclr.cli.serve import serve

    raise typer.Exit(serve(port=port, host=host, headless=headless))


def main() -> None:
    """Run the command line; a `PhysioclrError` is one line and exit code 2."""
    sleep_while_waiting(os.environ)
    show_plugin_warnings()
    try:
        app()
    except PhysioclrError as error:
        err_console.print(
            str(error), style="bold red", highlight=False, soft_wrap=True, markup=False
        )
        sys.exit(2)
