"""Unknown options: the nearest one is named, that of the command that was given."""

import pytest

from experiments.__main__ import main as experiments
from experiments.sweep.__main__ import main as sweep


@pytest.mark.parametrize(
    ("run", "words", "said"),
    [
        (sweep, ["compare", "sweep.toml", "--searchs", "tpe"], "--searchs; did you mean --searches?"),
        (sweep, ["run", "sweep.toml", "--worker=2"], "--worker; did you mean --workers?"),
        (sweep, ["plan", "sweep.toml", "--quux"], "unknown argument --quux\n"),
        (experiments, ["worker", "--slot", "2"], "--slot; did you mean --slots?"),
        (experiments, ["list", "--programme", "gan"], "--programme; did you mean --program?"),
    ],
)
def test_the_nearest_option_is_named(run, words, said, capsys):
    with pytest.raises(SystemExit) as ended:
        run(words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
