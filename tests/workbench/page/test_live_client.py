"""The page's connection to the run: messages, requests, and reconnecting after a loss."""

from collections.abc import Iterator

import numpy as np
import pytest

from tests.support.network_view_page import View, opened
from tests.support.network_view_run import FakeRun
from tests.support.web_browser import Browser
from workbench.run.messages import pack

LIVE = "const live = await import('/assets/live.js');"
VISIBILITY = """(value) => { Object.defineProperty(document, "visibilityState", {value, configurable: true});
                             document.dispatchEvent(new Event("visibilitychange")); }"""
PICTURES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture
def run() -> FakeRun:
    return FakeRun("dense")


@pytest.fixture
def view(chromium: Browser, run: FakeRun) -> Iterator[View]:
    with opened(chromium, run) as found:
        yield found


def run_script(view: View, script: str, argument: object = None) -> object:
    return view.page.evaluate(f"async (argument) => {{ {LIVE} {script} }}", argument)


def wait_for_readies(run: FakeRun, more: int = 2) -> bool:
    return run.wait_for("ready", run.count("ready") + more)


def test_messages_are_understood_as_they_were_packed(view: View) -> None:
    arrays = {
        "values": np.array([[0.5, np.nan, -3e38]], np.float32),
        "sources": np.array([-1, 2**31 - 1], np.int32),
        "image": np.arange(12, dtype=np.uint8).reshape(2, 2, 3),
        "empty": np.zeros((0, 4), np.float32),
    }
    message = pack({"type": "reply", "name": "é <b>"}, arrays)
    found = view.page.evaluate(
        """async (bytes) => {
            const { unpack } = await import("/assets/messages.js");
            const { header, arrays } = unpack(new Uint8Array(bytes).buffer);
            const plain = Object.entries(arrays).map(([name, { data, shape, dtype }]) =>
                [name, [data.constructor.name, dtype, shape, Array.from(data, String)]]);
            return [header, Object.fromEntries(plain)];
        }""",
        list(message),
    )
    kinds = {"float32": "Float32Array", "int32": "Int32Array", "uint8": "Uint8Array"}
    assert found[0] == {"type": "reply", "name": "é <b>"}
    assert list(found[1]) == list(arrays)
    for name, array in arrays.items():
        kind, dtype, shape, numbers = found[1][name]
        assert (kind, dtype, shape) == (kinds[array.dtype.name], array.dtype.name, list(array.shape))
        np.testing.assert_array_equal(np.array(numbers, np.float64).astype(array.dtype), array.ravel())


def test_replies_go_to_those_who_asked_and_refusals_are_errors(view: View) -> None:
    script = """
        const asked = [["neuron", {layer: 3, neuron: 5}], ["overview"], ["nothing", {}],
                       ["neuron", {layer: 1, neuron: 33}]];
        const replies = await Promise.allSettled(asked.map(([op, args]) => live.request(op, args)));
        return replies.map(({ value, reason }) =>
            value?.header.layers?.length ?? value?.header.column ?? reason.message);"""
    assert run_script(view, script) == [5, 7, "no operation 'nothing'", 1]


def test_a_page_asks_for_the_kinds_of_all_its_parts(view: View, run: FakeRun) -> None:
    run_script(view, "live.setKinds('a', ['signals']); live.setKinds('b', ['biases', 'signals']);")
    assert run.wait_for_kinds(["biases", "signals", "values"])
    run_script(view, "live.setKinds('a', []); live.setKinds('b', []);")
    assert run.wait_for_kinds(["values"])


def test_a_frame_comes_with_the_status_and_is_kept(view: View, run: FakeRun) -> None:
    script = """
        const status = await new Promise((done) => live.on("status", done));
        const isSame = live.last("status").step === live.last("frame").header.step;
        return [status.state, isSame, live.last("curve")];"""
    assert run_script(view, script) == ["training", True, None]


def test_a_hidden_page_asks_for_nothing(view: View, run: FakeRun) -> None:
    assert wait_for_readies(run)
    view.page.evaluate(VISIBILITY, "hidden")
    for _ in range(3):  # what was on its way has come
        run_script(view, "await live.request('overview');")
        view.page.evaluate(PICTURES)
    run_script(view, "await new Promise((done) => setTimeout(done, 100));")
    before = run.count("ready")
    for _ in range(5):
        run_script(view, "await live.request('overview');")
        view.page.evaluate(PICTURES)
    assert run.count("ready") == before
    view.page.evaluate(VISIBILITY, "visible")
    assert wait_for_readies(run)


def test_the_next_frame_is_asked_for_when_the_last_is_on_the_screen(view: View, run: FakeRun) -> None:
    run_script(
        view,
        """
        window.kept = [];
        window.draw = window.requestAnimationFrame;
        await new Promise((done) => {
            const off = live.on("frame", () => {
                window.requestAnimationFrame = (callback) => kept.push(callback);
                off();
                done();
            });
        });""",
    )
    before = run.count("ready")
    for _ in range(3):
        run_script(view, "await live.request('overview');")
    assert run.count("ready") == before
    run_script(
        view,
        """
        window.requestAnimationFrame = window.draw;
        kept.forEach((callback) => requestAnimationFrame(callback));""",
    )
    assert wait_for_readies(run)


def test_a_lost_connection_comes_back_by_itself(view: View, run: FakeRun) -> None:
    run_script(
        view,
        """
        window.seen = [];
        for (const type of ["open", "close"]) live.on(type, () => seen.push(type));
        live.on("connection", (there) => seen.push(there));""",
    )
    run.silent = True
    lost = view.page.evaluate("""async () => {
        const live = await import("/assets/live.js");
        const asked = live.request("neuron", { layer: 1, neuron: 0 }).catch((error) => error.message);
        await fetch("/drop");
        return asked; }""")
    assert lost == "the connection to the run is lost; it is tried again"
    run.silent = False
    view.wait("window.seen.length >= 4")
    assert view.page.evaluate("seen") == ["close", False, "open", True]
    view.wait_for_frames()
    assert run_script(view, "return (await live.request('overview')).header.layers.length;") == 7


def test_pauses_grow_while_there_is_no_server_and_what_is_asked_meanwhile_is_answered(view: View) -> None:
    found = run_script(
        view,
        """
        const Socket = window.WebSocket;
        const pauses = [];
        const wait = window.setTimeout;
        let enough;
        const many = new Promise((done) => { enough = done; });
        window.setTimeout = (callback, pause) => {
            if (pause < 200) return wait(callback, pause);
            pauses.push(pause);
            return pauses.length > 8 ? wait(enough, 0) : wait(callback, 0);
        };
        window.WebSocket = class { constructor() { wait(() => this.onclose()); } };
        await fetch("/drop");
        await many;
        window.setTimeout = wait;
        window.WebSocket = Socket;
        const opened = new Promise((done) => live.on("open", done));
        document.dispatchEvent(new Event("visibilitychange"));  // who comes back to the page does not wait
        await opened;
        return pauses;""",
    )
    assert isinstance(found, list)
    assert all(250 * 2**turn <= pause <= 500 * 2**turn for turn, pause in enumerate(found[:5]))
    assert all(5000 <= pause <= 10_000 for pause in found[5:])


def test_a_broken_listener_does_not_silence_the_others(chromium: Browser, run: FakeRun) -> None:
    with pytest.raises(AssertionError, match="broken"), opened(chromium, run) as view:
        heard = run_script(
            view,
            """
            live.on("frame", () => { throw new Error("broken"); });
            return new Promise((done) => live.on("frame", ({ header }) => done(header.type)));""",
        )
        assert heard == "frame"
        view.wait_for_frames(3)


def test_a_message_that_cannot_be_read_begins_a_new_connection(chromium: Browser, run: FakeRun) -> None:
    with pytest.raises(AssertionError, match="JSON"), opened(chromium, run) as view:
        run.garbled = True
        run_script(view, "return new Promise((done) => live.on('close', done));")
        view.wait_for_frames(3)
