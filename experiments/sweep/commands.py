"""The commands of sweeps."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from experiments.engines.engine import Engine
from experiments.engines.options import chosen_engine, is_of_several
from experiments.sweep.halving import rungs
from experiments.sweep.held import HeldTrial
from experiments.sweep.loading import load_sweep
from experiments.sweep.plan import first_candidates, plan_lines
from experiments.sweep.programs import Programs
from experiments.sweep.standings import headings, standings
from experiments.sweep.statistics import USED, reached, read_rows
from experiments.sweep.supervisor import Supervisor, describe_ending, sweep_locks
from experiments.sweep.sweep import Sweep, amount_text, trial_name
from experiments.sweep.trials import RUNNING, STATES, TrialRow, Trials
from experiments.sweep.worker import Worker
from nn.training.lock import FolderLockedError
from workbench.errors import InputError
from workbench.exit_status import STOPPED
from workbench.files import make_directory
from workbench.records import OFF, Store, records_path
from workbench.records.several_machines import check_disk
from workbench.tables import text_table

RUNS = Path("runs/sweeps")
"""Where folders of sweeps are made."""

POLL = 0.1


def plan(options: argparse.Namespace, programs: Programs, launcher: Sequence[str]) -> int:
    """Print the plan."""
    sweep = load_sweep(options.file, programs)
    for line in plan_lines(sweep, folder_of(sweep)):
        print(line)
    return 0


def run(options: argparse.Namespace, programs: Programs, launcher: Sequence[str]) -> int:
    """Begin a sweep and run it."""
    return _say_ended(_begin(load_sweep(options.file, programs), options, launcher), options)


def resume(options: argparse.Namespace, programs: Programs, launcher: Sequence[str]) -> int:
    """Go on with a sweep."""
    return _say_ended(_go_on(load_sweep(options.file, programs), options, launcher), options)


def go_on_or_begin(sweep: Sweep, options: argparse.Namespace, launcher: Sequence[str]) -> bool:
    """Run what is left of a sweep, all of it where it was not begun; return False where it was stopped."""
    path = records_of(options)
    if path.exists():
        with Store.open(path) as store:
            begun = Trials.known(store, sweep) is not None
        if begun:
            return _go_on(sweep, options, launcher)
    return _begin(sweep, options, launcher)


def _begin(sweep: Sweep, options: argparse.Namespace, launcher: Sequence[str]) -> bool:
    first_candidates(sweep)
    path, folder = records_of(options), folder_of(sweep)
    make_directory(folder)
    make_directory(path.parent)
    with (
        _alone(folder, path),
        Store.open(path, create=True) as store,
        chosen_engine(options, options.workers) as engine,
    ):
        before = Trials.known(store, sweep)
        left_over = sorted(folder.glob("trial-*"))
        if left_over and not options.overwrite and before is None:
            raise InputError(
                f"{left_over[0]}: is of a sweep that {path} does not know: --overwrite removes all such "
                "folders, --records says where it is known"
            )
        if options.overwrite and before is not None and _is_worked_at(before, folder):
            raise InputError(f"{sweep.path}: other workers are at its trials (`work`): `stop` ends them")
        trials = Trials.begin(store, sweep, overwrite=options.overwrite)
        for trial in left_over:
            shutil.rmtree(trial)
        return _run(sweep, trials, options, engine, launcher)


def _go_on(sweep: Sweep, options: argparse.Namespace, launcher: Sequence[str]) -> bool:
    path, folder = records_of(options), folder_of(sweep)
    with Store.open(path) as store:
        trials = Trials.find(store, sweep)
        make_directory(folder)
        with _alone(folder, path), chosen_engine(options, options.workers) as engine:
            trials.ask_to_stop(stopping=False)
            return _run(sweep, trials, options, engine, launcher)


def work(options: argparse.Namespace, programs: Programs, launcher: Sequence[str]) -> int:
    """Add workers to a sweep that was begun, on this machine or another."""
    sweep = load_sweep(options.file, programs)
    path, folder = records_of(options), folder_of(sweep)
    check_disk(folder)
    check_disk(path)
    with Store.open(path) as store, chosen_engine(options, options.workers) as engine:
        trials = Trials.find(store, sweep)
        if not folder.is_dir():
            raise InputError(f"{folder}: is not here: join in the folder in which the sweep was begun")
        if trials.is_stopping():
            raise InputError(f"{sweep.path}: was stopped: `resume` goes on with it, and then others can join")
        return _say_ended(_run(sweep, trials, options, engine, launcher), options)


def _run(
    sweep: Sweep, trials: Trials, options: argparse.Namespace, engine: Engine, launcher: Sequence[str]
) -> bool:
    if options.shared or is_of_several(options):
        check_disk(folder_of(sweep))
        trials.store.share()
    words = [str(options.file), "--records", str(trials.store.path), "--threads", str(engine.threads)]
    words += [] if sweep.variant is None else ["--variant", str(sweep.variant)]
    supervisor = Supervisor(
        sweep, trials, engine, [*launcher, "worker", *words], lambda line: print(line, flush=True)
    )
    return supervisor.run(options.workers)


def _say_ended(done: bool, options: argparse.Namespace) -> int:
    if done:
        print(f"done; `{command_line('report', options)}` says what came of it")
        return 0
    again = "work" if options.command == "work" else "resume"
    print(f"stopped; `{command_line(again, options)}` goes on")
    return STOPPED


def worker(options: argparse.Namespace, programs: Programs, launcher: Sequence[str]) -> int:
    """Work at the trials of a sweep, for a supervisor."""
    sweep = load_sweep(options.file, programs, options.variant)
    return Worker(sweep, folder_of(sweep), options.records, [*launcher, "trial"], options.threads).run()


def status(options: argparse.Namespace, programs: Programs, launcher: Sequence[str]) -> int:
    """Print how far a sweep is."""
    sweep = load_sweep(options.file, programs)
    path = records_of(options)
    with Store.open(path) as store:
        trials = Trials.find(store, sweep)
        rows, running = trials.rows(), _is_running(trials, folder_of(sweep))
    counts = Counter(row.state for row in rows)
    print(f"sweep     {sweep.name}, {'running' if running else 'not running'}")
    there = [f"{counts[state]} {state}" for state in STATES if counts[state]]
    print(f"trials    {', '.join(there) or 'none yet'}")
    for row in rows:
        if row.state == RUNNING:
            print(_describe_running(sweep, row))
        elif row.reason:
            print(describe_ending(row))
    return 0


def _describe_running(sweep: Sweep, row: TrialRow) -> str:
    """Return a line on how far a trial is, as its table says."""
    name, unit = trial_name(row.number), sweep.file.budget.unit
    used = reached(sweep, read_rows(folder_of(sweep) / name)).get(USED, 0.0)
    return f"{name}  {row.state}  {used:.4g} of {amount_text(rungs(sweep)[row.rung])} {unit}"


def stop(options: argparse.Namespace, programs: Programs, launcher: Sequence[str]) -> int:
    """Stop a sweep that runs, and wait until it has saved everything."""
    sweep = load_sweep(options.file, programs)
    path, folder = records_of(options), folder_of(sweep)
    with Store.open(path) as store:
        trials = Trials.find(store, sweep)
        if not _is_running(trials, folder):
            raise InputError(f"{sweep.path}: nobody runs this sweep")
        trials.ask_to_stop()
        while _is_running(trials, folder):
            time.sleep(POLL)
    print(f"stopped; `{command_line('resume', options)}` goes on")
    return 0


def report(options: argparse.Namespace, programs: Programs, launcher: Sequence[str]) -> int:
    """Write the report of a sweep, and print its table."""
    from experiments.sweep.report import summary, table_rows, winning_command, write_report  # noqa: PLC0415 - draws

    sweep = load_sweep(options.file, programs)
    folder = folder_of(sweep)
    with Store.open(records_of(options)) as store:
        rows = Trials.find(store, sweep).rows()
    paths = write_report(sweep, rows, folder)
    found = standings(sweep, rows)
    print(f"{summary(sweep, rows)}\n\n{text_table([headings(sweep), *table_rows(sweep, found)])}\n")
    print(f"{'best':10} {winning_command(sweep, found, folder)}")
    for path in paths:
        print(f"{'result':10} {path}")
    return 0


def folder_of(sweep: Sweep) -> Path:
    """Return the folder of a sweep."""
    return RUNS / sweep.name


def records_of(options: argparse.Namespace) -> Path:
    """Return the records file of a command.

    Raises
    ------
    InputError
        When there is to be none.
    """
    path = records_path(options.records)
    if path is None:
        raise InputError(f"--records {OFF}: a sweep keeps its trials in a records file: name one")
    return path


def command_line(name: str, options: argparse.Namespace) -> str:
    """Return the command line of a command on the same sweep."""
    records = ["--records", options.records] if options.records else []
    return shlex.join(["python", "-m", "experiments", "sweep", name, str(options.file), *records])


@contextmanager
def _alone(folder: Path, records: Path) -> Iterator[None]:
    """Hold the locks of a sweep.

    Raises
    ------
    InputError
        When somebody runs it.
    """
    with contextlib.ExitStack() as stack:
        try:
            for lock in sweep_locks(folder, records):
                stack.enter_context(lock)
        except FolderLockedError as error:
            raise InputError(str(error)) from error
        yield


def _is_running(trials: Trials, folder: Path) -> bool:
    """Return whether anybody runs a sweep, or works at its trials."""
    try:
        with _alone(folder, trials.store.path):
            return _is_worked_at(trials, folder)
    except InputError:
        return True
    except FileNotFoundError:
        return False


def _is_worked_at(trials: Trials, folder: Path) -> bool:
    return trials.are_run_elsewhere() or any(_is_held(folder, number) for number in trials.running_here())


def _is_held(folder: Path, number: int) -> bool:
    held = HeldTrial.take(folder, trial_name(number))
    if held is not None:
        held.release()
    return held is None
