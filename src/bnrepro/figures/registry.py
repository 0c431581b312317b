"""Every figure, found by its module, and a generic one for each study that none of them shows.

A figure is a module of this folder, and named after it. It has

- `CAPTION`: what it shows, in one line;
- `LEGEND`: what its lines, bands and marks are, for whoever shows it elsewhere;
- `STUDIES`: the studies that it shows, each with the factors of which the study has to cross one;
- `WHERE_THERE`: those of them that it can do without;
- `from_tables(tables)`: the figure; None where the tables have nothing to draw;
- `READING`: how to read it. The report then shows the figure in the section of its study. A figure that a template of
  the report places has none.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from matplotlib.figure import Figure

from bnrepro.figures import column, generic
from bnrepro.figures.selection import Needs, Tables


@dataclass(frozen=True)
class Entry:
    """A figure by name, and how to draw it."""

    name: str
    caption: str
    studies: Needs
    draw: Callable[[Tables], Figure | None]
    reading: str | None = None
    where_there: Sequence[str] = ()
    legend: str = ""

    def shown(self, tables: Tables) -> Needs | None:
        """Those of its studies that it shows of a dataset; None where it cannot be drawn."""
        met = {study: needs for study, needs in self.studies.items() if tables.meet({study: needs})}
        return met if {*self.studies} - {*self.where_there} <= {*met} else None


@cache
def with_modules() -> dict[str, Entry]:
    """The figures that have a module of their own, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    modules = {name: importlib.import_module(f"bnrepro.figures.{name}") for name in names}
    return {
        name: Entry(
            name,
            module.CAPTION,
            module.STUDIES,
            module.from_tables,
            getattr(module, "READING", None),
            getattr(module, "WHERE_THERE", ()),
            getattr(module, "LEGEND", ""),
        )
        for name, module in modules.items()
        if hasattr(module, "CAPTION")
    }


def of_study(study: str) -> Entry:
    """The generic figure of a study."""
    caption = f"Study {study}: test accuracy against training iterations, and iterations to a target"
    draw_it = partial(generic.from_tables, study=study)
    return Entry(generic.PREFIX + study, caption, {study: ()}, draw_it, legend=generic.LEGEND)


def find(name: str) -> Entry:
    """The figure of this name, in whichever width: one with a module of its own, or else a study's generic one."""
    known = with_modules()
    of_a_page = name.removesuffix(column.SUFFIX)  # a generic figure has one width
    return known.get(name) or known.get(of_a_page) or of_study(name.removeprefix(generic.PREFIX))


def draw(tables: Tables) -> Iterator[tuple[Entry, Figure]]:
    """Draw all figures of a dataset, one after another; entries name the studies that are shown.

    Raises:
        BadInput: a table is missing, damaged or empty.
    """
    shown: set[str] = set()
    for entry in with_modules().values():
        studies = entry.shown(tables)
        if studies and (figure := entry.draw(tables)) is not None:
            shown |= set(studies)
            yield replace(entry, studies=studies), figure
    for study in tables.studies:
        entry = of_study(study)
        if study not in shown and tables.meet(entry.studies) and (figure := entry.draw(tables)) is not None:
            yield entry, figure
