"""What is submitted: words of a program's command line, checked before they wait in the queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.queue import sweep_job
from experiments.queue.child import SWEEP
from experiments.queue.job import Job
from experiments.sweep.programs import Programs, program_by_name
from experiments.sweep.programs.program import SweepProgram, option
from workbench.errors import InputError
from workbench.page.framework import require_framework
from workbench.settings.options import Command, Flag, given_settings, make_parser
from workbench.settings.table import Given, to_key

TRAIN = "train"
WATCH = Flag("watch", "show the run in a page of the browser as long as it runs; `serve` has a link to it")


def checked_words(name: str, words: Sequence[str], programs: Programs) -> list[str]:
    """Return the words that are submitted, as they can be run at any time.

    What cannot be parsed ends the process with status 2 and a message, as for the program itself.

    Parameters
    ----------
    name
        Of the program: one of `programs`, or a sweep.
    words
        After it.
    programs
        Those that can be run.

    Raises
    ------
    SettingsError, InputError, DataError
        When it would be refused.
    """
    if name == SWEEP:
        return sweep_job.checked_words(words, programs)
    return _checked_training(name, program_by_name(name, programs), words)


def _checked_training(name: str, program: SweepProgram, words: Sequence[str]) -> list[str]:
    """Return the words of a training with all that its options and its file of settings say.

    So a file that is changed later changes nothing.
    """
    table = program.table
    command = Command(
        name=TRAIN,
        summary="a training",
        description="Submit a training; it waits in the queue. It writes to the job's own folder.",
        examples=f"  python -m experiments submit {name} train",
        settings=[field for field in table.model.model_fields if field not in program.places],
        flags=[WATCH] if program.watched else [],
    )
    parser = make_parser(
        f"python -m experiments submit {name}",
        "Submit a training; options of the job stand before the program.",
        [command],
        table,
    )
    arguments = parser.parse(words)
    return words_of(program, given_settings(arguments, table), watched=getattr(arguments, WATCH.name, False))


def words_of(program: SweepProgram, given: Mapping[str, Given], *, watched: bool = False) -> list[str]:
    """Return the words of a training with some settings, but for where it writes.

    Parameters
    ----------
    program
        Which.
    given
        The settings.
    watched
        Whether a page shows it as long as it runs.

    Raises
    ------
    SettingsError, InputError, DataError
        When the program would refuse them, or there can be no page.
    """
    if watched:
        _require_page(program)
    given = {field: each for field, each in given.items() if field not in program.places}
    program.check(given)
    words = [word for field, each in given.items() for word in option(to_key(field), each.value)]
    return [TRAIN, *words, *(program.watched if watched else ())]


def _require_page(program: SweepProgram) -> None:
    if not program.watched:
        raise InputError(f"{' '.join(program.command)}: its trainings have no page of their own in the queue")
    require_framework()


def words_to_run(job: Job, programs: Programs) -> list[str]:
    """Return the words that begin a job, or go on with it where its folder holds a run.

    Parameters
    ----------
    job
        Which.
    programs
        Those that can be run; its own is among them, or it is a sweep.
    """
    if job.program == SWEEP:
        return list(job.words)
    program = program_by_name(job.program, programs)
    if program.begun(job.folder):
        return [*program.go_on(job.folder), *(word for word in job.words if word in program.watched)]
    places = {to_key(field): str(job.folder / place) for field, place in program.places.items()}
    return [*job.words, *(word for key, text in places.items() for word in option(key, text))]
