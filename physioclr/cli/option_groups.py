"""Options that belong together as one dataclass, so that a verb takes few arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from functools import partial
from typing import Any, get_type_hints

__all__ = ["takes_option_groups"]

_ALONE = inspect.Parameter.KEYWORD_ONLY


def takes_option_groups(verb: Callable[..., None]) -> Callable[..., None]:
    """Let a verb take dataclasses whose fields are options.

    Parameters
    ----------
    verb : callable
        Some of its parameters are annotated with a dataclass; each field of it is annotated as a
        Typer option is, and has a default.

    Returns
    -------
    callable
        The verb as Typer wants it: one flat list of options.

    Examples
    --------
    >>> @dataclass(frozen=True)
    ... class Page:
    ...     speed: Annotated[float, typer.Option(help="mm/s")] = 25.0
    >>> @app.command()
    ... @takes_option_groups
    ... def report(file: Path, page: Page) -> None: ...
    """
    hints = get_type_hints(verb, include_extras=True)
    groups: dict[str, Any] = {name: kind for name, kind in hints.items() if is_dataclass(kind)}
    options: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(verb).parameters.items():
        if name in groups:
            options += _options_of(groups[name])
        else:
            options.append(parameter.replace(annotation=hints[name], kind=_ALONE))

    def flat(**given: Any) -> None:
        made = {
            name: group(**{field.name: given.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        verb(**given, **made)

    flat.__name__, flat.__doc__, flat.__module__ = verb.__name__, verb.__doc__, verb.__module__
    flat.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
    flat.__annotations__ = {one.name: one.annotation for one in options}
    return flat


def _options_of(group: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    option = partial(inspect.Parameter, kind=_ALONE)
    return [
        option(
            field.name,
            annotation=hints[field.name],
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
        )
        for field in fields(group)
    ]
