"""Records: what every run was, how it went and what came of it, in one SQLite file.

    from workbench.records import About, recording, Store

    with recording(About("my search", settings={"units": 8}, folder=folder)) as recorder:
        recorder.statistics(step=100, values={"loss": 0.5})
        recorder.results({"accuracy": 0.93})

    with Store.open(records_path()) as store:
        for run in store.runs(Query(program="my search")):
            print(run.number, run.state, store.results([run.number]))

`recording` never breaks or delays what it records: a thread of its own writes, and a file that cannot be
written is warned of once. `Recording`, on the face of `workbench`, is the same as a callback of a `Trainer`.
A run belongs to a trial of a sweep where the environment variable `GANGLION_TRIAL` says so (`labels`).

The modules: `place` says where the file is, `schema` what is in it, `store` opens it, `values` turns
numbers into what it keeps, `writes` and `reads` are all the SQL, `process` tells a live run from a dead one,
`recorder` and `writer` record, `training` records a `Trainer`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nn.lazy import lazy_names

if TYPE_CHECKING:
    from workbench.records.errors import RecordsError
    from workbench.records.labels import Label, label_of_environment
    from workbench.records.place import OFF, records_path
    from workbench.records.query import Comparison, Query
    from workbench.records.recorder import Recorder, recording
    from workbench.records.run import About, Artefact, Curve, Run, Session
    from workbench.records.store import Store

__all__ = [
    "OFF",
    "About",
    "Artefact",
    "Comparison",
    "Curve",
    "Label",
    "Query",
    "Recorder",
    "RecordsError",
    "Run",
    "Session",
    "Store",
    "label_of_environment",
    "recording",
    "records_path",
]

EXPORTS = {
    "workbench.records.errors": ("RecordsError",),
    "workbench.records.labels": ("Label", "label_of_environment"),
    "workbench.records.place": ("OFF", "records_path"),
    "workbench.records.query": ("Comparison", "Query"),
    "workbench.records.recorder": ("Recorder", "recording"),
    "workbench.records.run": ("About", "Artefact", "Curve", "Run", "Session"),
    "workbench.records.store": ("Store",),
}
"""The names by the modules that have them: a command line that is only read loads none of them."""

__getattr__, __dir__ = lazy_names(__name__, EXPORTS)
