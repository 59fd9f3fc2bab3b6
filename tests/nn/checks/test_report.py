"""Reports: when a check passes, which entry is named first, how many kinks are tolerated."""

import math

import pytest

from nn.checks.report import Comparison, GradientError, Report


def comparison(error=0.0, kinks=0, kind="weights", checked=100):
    return Comparison(kind, checked, kinks, error, 2.0, f"{kind}[3, 4]", 0.12, 0.13)


def test_a_right_report():
    report = Report([comparison(1e-6), comparison(0.0, kind="biases")], tolerance=1e-6)
    assert report.ok
    report.raise_if_wrong()
    assert str(report).splitlines() == [
        "all gradients agree to 1e-06",
        "  weights: error 1.0e-06 of 2, 100 checked; worst weights[3, 4]: analytic 0.12, numeric 0.13",
        "  biases: error 0.0e+00 of 2, 100 checked; worst biases[3, 4]: analytic 0.12, numeric 0.13",
    ]


@pytest.mark.parametrize("error", [1.1e-6, math.inf, math.nan])
def test_the_worst_entry_comes_first(error):
    report = Report([comparison(1.01e-6, kind="inputs"), comparison(error)], tolerance=1e-6)
    assert not report.ok
    assert len(report.wrong) == 2
    with pytest.raises(GradientError, match="wrong gradient, error above 1e-06") as raised:
        report.raise_if_wrong()
    if not math.isnan(error):
        first = str(raised.value).splitlines()[0]
        assert first.endswith("weights[3, 4]: analytic 0.12, numeric 0.13")


@pytest.mark.parametrize(
    ("checked", "kinks", "ok"), [(100, 5, True), (100, 6, False), (4, 1, True), (4, 2, False)]
)
def test_few_kinks_may_be_skipped(checked, kinks, ok):
    report = Report([comparison(kinks=kinks, checked=checked)], tolerance=1e-6)
    assert report.ok is ok
    assert f"{kinks} kinks skipped" in str(report)
    assert ("too many entries lie on kinks" in str(report)) is not ok
