"""Plug-ins on the command line: the option that names one, help that lists them, their verb."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from typer.core import TyperCommand, TyperGroup

from physioclr.cli.terminal import AsJson, err_console, option_errors, out_console, print_json
from physioclr.runtime.plugins import (
    GROUPS,
    PluginTable,
    PluginWarning,
    import_reference,
    installed_plugins,
    passed_plugins,
    use_plugin,
)

__all__ = [
    "PluginOption",
    "RootHelp",
    "app",
    "helped_by_plugins",
    "name_of_plugin",
    "plugins",
    "show_plugin_warnings",
    "use_references",
]

app = typer.Typer()

PluginOption = Annotated[
    list[str] | None,
    typer.Option(
        "--plugin",
        metavar="MODULE:NAME",
        help="An objective, augmentation, encoder, cohort reader or file format of yours, as "
        "package.module:Name, before the verb; repeatable. Installed ones need no naming.",
    ),
]


def use_references(references: Sequence[str]) -> None:
    """Import what ``package.module:Name`` names, from the current folder too, and make it known."""
    for reference in references:
        if str(Path.cwd()) not in sys.path:
            sys.path.append(str(Path.cwd()))
        with option_errors():
            try:
                use_plugin(import_reference(reference), reference=reference)
            except TypeError as error:
                raise ValueError(f"{reference}: {error}") from error


def name_of_plugin(name: str) -> str:
    """Return a name as it is; what it names is imported where it is ``package.module:Name``."""
    if ":" in name:
        use_references([name])
    return name


def _listed(groups: Sequence[str]) -> str | None:
    """Name the plug-ins of some groups; none is imported."""
    found = [each for each in (*passed_plugins(), *installed_plugins()) if each.group in groups]
    if not found:
        return None
    return escape(f"Plug-ins: {'; '.join(map(str, found))}. `physioclr plugins` checks them.")


class RootHelp(TyperGroup):
    """The help of the whole command line, which ends with the installed plug-ins."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        self.epilog = _listed(tuple(GROUPS))
        super().format_help(ctx, formatter)


def helped_by_plugins(*groups: str) -> type[TyperCommand]:
    """Make the class of a verb whose help ends with the plug-ins of some groups."""

    class Helped(TyperCommand):
        def format_help(self, ctx: Any, formatter: Any) -> None:
            self.epilog = _listed(groups)
            super().format_help(ctx, formatter)

    return Helped


def show_plugin_warnings() -> None:
    """Show a warning of a plug-in as a line on standard error, others as Python does."""
    before: Callable[..., None] = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *others: Any, **named: Any) -> None:
        if issubclass(category, PluginWarning):
            err_console.print(str(message), style="yellow", highlight=False, markup=False)
        else:
            before(message, category, *others, **named)

    warnings.showwarning = show


def _tables() -> dict[str, PluginTable[Any]]:
    from physioclr.augment.table import AUGMENTATIONS
    from physioclr.datasets.cohort_readers import COHORT_READERS
    from physioclr.io.plugin_formats import FORMATS
    from physioclr.models.architectures import ARCHITECTURES
    from physioclr.objectives import OBJECTIVES

    tables = (OBJECTIVES, AUGMENTATIONS, ARCHITECTURES, COHORT_READERS, FORMATS)
    return dict(zip(GROUPS, tables, strict=True))


@app.command()
def plugins(as_json: AsJson = False) -> None:
    """Import every plug-in that is installed, and list them."""
    with warnings.catch_warnings(action="ignore", category=PluginWarning):
        problems = {
            plugin: problem
            for table in _tables().values()
            for plugin, problem in table.broken.items()
        }
    found = (*passed_plugins(), *installed_plugins())
    if as_json:
        rows = [
            {
                "group": each.group,
                "name": each.name,
                "reference": each.reference,
                "package": each.package,
                "version": each.version,
                "problem": problems.get(each),
            }
            for each in found
        ]
        print_json({"plugins": rows})
        return
    if not found:
        out_console.print("No plug-in is installed.", highlight=False)
        return
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    for column in ("Kind", "Name", "Package", "State"):
        table.add_column(column, no_wrap=column != "State", overflow="fold")
    for each in found:
        origin = f"{each.package} {each.version}".strip() or each.reference
        state = escape(problems.get(each, "can be used"))
        table.add_row(GROUPS[each.group], escape(each.name), escape(origin), state)
    out_console.print(table)
