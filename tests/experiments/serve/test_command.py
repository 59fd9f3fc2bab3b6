"""The command `serve`: what it refuses before anything is served."""

import socket

import pytest

from experiments.__main__ import main


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--port", "99999"], "--port=99999: a port is a number"),
        (["--host", "0.0.0.0"], "--allow-host NAME,NAME"),
        (["--host", "192.0.2.1", "--allow-host", "box"], "cannot listen on 192.0.2.1"),
        (["--records", "off"], "records are off"),
    ],
)
def test_bad_input_is_refused_in_a_line(capsys: pytest.CaptureFixture[str], words, message):
    pytest.importorskip("nicegui")
    assert main(["serve", "--records", "records.sqlite", *words]) == 2
    printed = capsys.readouterr()
    assert message in printed.err and printed.err.count("\n") == 1 and not printed.out


def test_a_port_that_is_taken_is_refused(capsys: pytest.CaptureFixture[str]):
    pytest.importorskip("nicegui")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", "--records", "records.sqlite", "--port", port]) == 2
    assert f"port {port}" in capsys.readouterr().err
