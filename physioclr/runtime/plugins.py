"""Plug-ins: objectives, augmentations, encoders, cohort readers and file formats of other packages.

An installed package names them in its ``pyproject.toml``, one group a kind::

    [project.entry-points."physioclr.objectives"]
    bootstrap = "my_package.bootstrap:Bootstrap"

`use_plugin` makes an object known to this process alone; on the command line,
``physioclr --plugin my_package.bootstrap:Bootstrap VERB`` does. Nothing else is ever imported by
name: not what a store, a checkpoint or a visitor of the app names.

Names are read from the metadata of installed packages, which imports none of them. A plug-in is
imported when a `PluginTable` is asked for it; one that fails is left out with a `PluginWarning`.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = [
    "GROUPS",
    "Plugin",
    "PluginTable",
    "PluginWarning",
    "UnknownPluginError",
    "import_reference",
    "installed_plugins",
    "passed_plugins",
    "plugin_named",
    "plugins_to_send",
    "use_plugin",
    "use_sent_plugins",
]

GROUPS = {
    "physioclr.objectives": "objective",
    "physioclr.augmentations": "augmentation",
    "physioclr.encoders": "encoder",
    "physioclr.cohorts": "cohort reader",
    "physioclr.formats": "file format",
}
"""The entry-point group of each kind of plug-in, and what one of it is called."""

T = TypeVar("T")
U = TypeVar("U")


class PluginWarning(UserWarning):
    """A plug-in that cannot be used, and why."""


class UnknownPluginError(KeyError):
    """A name that no table has; its text is a sentence."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Plugin:
    """One plug-in, as the metadata of its package name it.

    Parameters
    ----------
    group : str
        One of `GROUPS`.
    name : str
    reference : str
        ``package.module:Name``.
    package, version : str
        Of the installed package; empty for an object that was passed.
    """

    group: str
    name: str
    reference: str
    package: str = ""
    version: str = ""

    def __str__(self) -> str:
        origin = f" of {self.package} {self.version}".rstrip() if self.package else ""
        return f"{GROUPS[self.group]} {self.name}{origin}"


_passed: dict[Plugin, Any] = {}


def installed_plugins() -> tuple[Plugin, ...]:
    """Return the plug-ins that installed packages name, without importing any.

    Returns
    -------
    tuple of Plugin
        By group, in the order of `GROUPS`, then by name and package.
    """
    return _installed_on(tuple(sys.path))


@lru_cache(maxsize=4)
def _installed_on(path: tuple[str, ...]) -> tuple[Plugin, ...]:  # noqa: ARG001, what it depends on
    from importlib.metadata import entry_points

    found = entry_points()
    plugins = {_plugin(group, point) for group in GROUPS for point in found.select(group=group)}
    order = list(GROUPS)
    return tuple(sorted(plugins, key=lambda p: (order.index(p.group), p.name, p.package)))


def _plugin(group: str, point: EntryPoint) -> Plugin:
    package, version = "an unnamed package", ""
    if point.dist is not None:
        stated = point.dist.metadata
        package = stated["Name"] if "Name" in stated else package  # noqa: SIM401, it has no get
        version = stated["Version"] if "Version" in stated else version  # noqa: SIM401
    return Plugin(group, point.name, point.value, package, version)


def passed_plugins() -> tuple[Plugin, ...]:
    """Return the plug-ins that `use_plugin` made known."""
    return tuple(_passed)


def plugins_to_send(group: str) -> tuple[tuple[Plugin, Any], ...]:
    """Return what `use_plugin` made known of a group, for `use_sent_plugins` in another process.

    Parameters
    ----------
    group : str

    Returns
    -------
    tuple of (Plugin, object)
        None in the object's place where the plug-in's reference names it. Any other must pickle.
    """
    return tuple(
        (plugin, None if _at(plugin.reference) is found else found)
        for plugin, found in _passed.items()
        if plugin.group == group
    )


def use_sent_plugins(sent: Iterable[tuple[Plugin, Any]]) -> None:
    """Make known what another process of this program sent.

    Parameters
    ----------
    sent : iterable of (Plugin, object)
        Of `plugins_to_send`.
    """
    for plugin, found in sent:
        if plugin not in _passed:
            _passed[plugin] = import_reference(plugin.reference) if found is None else found


def _at(reference: str) -> object:
    """Return what a reference names in a module that is imported already."""
    module, _, name = reference.partition(":")
    return getattr(sys.modules.get(module), name, None)


def use_plugin(plugin: U, *, reference: str | None = None) -> U:
    """Make an objective, augmentation, encoder, cohort reader or file format known to this process.

    Parameters
    ----------
    plugin : object
        A subclass of `Objective` or `EcgEncoder`, or an `Augmentation`, `CohortReader` or
        `FileFormat`. A class is then named ``package.module:Name``, any other by its own name.
    reference : str, optional
        ``package.module:Name``, where it is not that of a class.

    Returns
    -------
    object
        The same, so that this is a decorator too.

    Raises
    ------
    TypeError
        If it is none of them.

    Examples
    --------
    >>> from physioclr import EcgRecord, read_ecg, use_plugin
    >>> from physioclr.io.plugin_formats import FileFormat
    >>> def is_lead_ii(head):
    ...     return head.startswith(b"LEAD II")
    >>> def read_lead_ii(content, name):
    ...     microvolts = [int(word) for word in content.split()[2:]]
    ...     return EcgRecord([[uv / 1000 for uv in microvolts]], 500.0, ("II",), name)
    >>> _ = use_plugin(FileFormat("lead II in µV", is_lead_ii, read_lead_ii))
    >>> read_ecg(b"LEAD II 10 20 1000 20 10", name="ecg-1").meta["format"]
    'lead II in µV'
    """
    group = getattr(plugin, "plugin_group", None)
    if group not in GROUPS:
        raise TypeError(
            "a plug-in must be a subclass of Objective or EcgEncoder, or an Augmentation, "
            f"CohortReader or FileFormat, got {plugin!r}"
        )
    kind = plugin if isinstance(plugin, type) else type(plugin)
    reference = reference or f"{kind.__module__}:{kind.__qualname__}"
    if isinstance(plugin, type):
        name = reference
        if any((each.group, each.reference) == (group, reference) for each in installed_plugins()):
            return plugin  # it has a name already
    else:
        name = str(getattr(plugin, "key", None) or getattr(plugin, "name", reference))
    _passed[Plugin(group, name, reference)] = plugin
    return plugin


def import_reference(reference: str) -> Any:
    """Import an object by name. Only for names that the user of this process typed.

    Parameters
    ----------
    reference : str
        ``package.module:Name``.

    Returns
    -------
    object

    Raises
    ------
    ValueError
        If it is not of this form, the module cannot be imported, or has no such name.
    """
    module, colon, name = reference.partition(":")
    if not (colon and module and name):
        raise ValueError(f"a plug-in must be given as package.module:Name, got {reference!r}")
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (Exception, SystemExit) as error:
        raise ValueError(f"{reference} cannot be imported: {_told(error)}") from error
    return found


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def plugin_named(group: str, name: str) -> Plugin | None:
    """Return the plug-in of a name, without importing it.

    Parameters
    ----------
    group : str
    name : str
        Its name, or the ``package.module:Name`` of its entry point.

    Returns
    -------
    Plugin or None
        None where no installed package and no passed object has it. Of two packages with one name,
        the first by the alphabet.
    """
    known = [plugin for plugin in (*_passed, *installed_plugins()) if plugin.group == group]
    by_name = [plugin for plugin in known if plugin.name == name]
    by_reference = [plugin for plugin in known if ":" in name and plugin.reference == name]
    return next(iter(by_name + by_reference), None)


class PluginTable(Mapping[str, T]):
    """One kind of thing by name: PhysioCLR's own, then the plug-ins that can be used.

    Going through the table imports every plug-in of the kind; asking for a name imports that one.

    Parameters
    ----------
    group : str
        One of `GROUPS`.
    accept : callable
        Takes a name and what a plug-in is; returns the entry, or raises a `TypeError` that says
        what it should be.
    own : mapping of str to object
        PhysioCLR's own.
    """

    def __init__(
        self, group: str, accept: Callable[[str, object], T], own: Mapping[str, T] | None = None
    ) -> None:
        self._group = group
        self._accept = accept
        self.own: Mapping[str, T] = dict(own or {})
        self._entries: dict[Plugin, tuple[T | None, str]] = {}

    def __getitem__(self, name: str) -> T:
        if name in self.own:
            return self.own[name]
        plugin = plugin_named(self._group, name)
        if plugin is None:
            raise UnknownPluginError(self.why_not(name))
        entry, problem = self._entry(plugin)
        if entry is None:
            raise UnknownPluginError(problem)
        return entry

    def __iter__(self) -> Iterator[str]:
        yield from self.own
        for plugin in self.plugins:
            if self._entry(plugin)[0] is not None:
                yield plugin.name

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """The plug-ins of this kind, each name once; none is imported."""
        known = (*_passed, *installed_plugins())
        of_kind = [plugin for plugin in known if plugin.group == self._group]
        named: dict[str, Plugin] = {}
        for plugin in of_kind:
            if plugin.name not in self.own:
                named.setdefault(plugin.name, plugin)
        return tuple(named.values())

    @property
    def broken(self) -> dict[Plugin, str]:
        """Every plug-in of this kind that cannot be used, and why, in a sentence each."""
        known = [plugin for plugin in installed_plugins() if plugin.group == self._group]
        used = self.plugins
        problems = {p: self._entry(p)[1] if p in used else _taken(p) for p in known}
        return {plugin: problem for plugin, problem in problems.items() if problem}

    def why_not(self, name: str) -> str:
        """Say in a sentence why a name is not in the table.

        Parameters
        ----------
        name : str

        Returns
        -------
        str
        """
        plugin = plugin_named(self._group, name)
        if plugin is not None:
            return self._entry(plugin)[1]
        names = ", ".join([*self.own, *(each.name for each in self.plugins)])
        what = GROUPS[self._group]
        return f"{what} must be one of {names or 'no installed plug-in'}, got {name!r}"

    def first(self, said: Callable[[T], bool]) -> str | None:
        """Return the first plug-in that something is said of; one that fails at it is warned of.

        Parameters
        ----------
        said : callable
            Takes an entry.

        Returns
        -------
        str or None
            Its name.
        """
        for plugin in self.plugins:
            entry, _ = self._entry(plugin)
            if entry is None:
                continue
            try:
                if said(entry):
                    return plugin.name
            except Exception as error:
                _warn(f"The plug-in {plugin} fails: {_told(error)}")
        return None

    def _entry(self, plugin: Plugin) -> tuple[T | None, str]:
        """Return what a plug-in is, else None and why not; warn of that once."""
        if plugin in self._entries and plugin not in _passed:
            return self._entries[plugin]
        problem = ""
        entry: T | None = None
        try:
            found = _passed.get(plugin) or import_reference(plugin.reference)
            entry = self._accept(plugin.name, found)
        except ValueError as error:
            problem = f"The plug-in {plugin} cannot be used: {error}"
        except TypeError as error:
            problem = f"The plug-in {plugin} cannot be used: {plugin.reference} must be {error}"
        if problem and plugin not in self._entries:
            _warn(problem)
        self._entries[plugin] = entry, problem
        return entry, problem


def _taken(plugin: Plugin) -> str:
    return f"The plug-in {plugin} cannot be used: something else has this name"


def _warn(problem: str) -> None:
    warnings.warn(problem, PluginWarning, stacklevel=3)
