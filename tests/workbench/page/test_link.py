"""The link to the process that trains: frames are shared, the status is kept up to date, nothing blocks."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from tests.support.live_links import frame_when, linked, tiny_order
from workbench.page.frames import SharedFrames
from workbench.page.link import UNANSWERED_LIMIT, Link
from workbench.page.process import Reply
from workbench.page.refusals import OperationRefused
from workbench.run.messages import unpack
from workbench.run.throttle import FRAME_PERIOD, Throttle


class Frames:
    """Frames that are released one by one; each lists its kinds."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.next: asyncio.Future[Reply] | None = None

    async def fetch(self, kinds: list[str], after: int | None) -> Reply:
        self.asked.append(kinds)
        self.after = after
        self.next = asyncio.get_running_loop().create_future()
        return await self.next

    async def hand_out(self) -> None:
        await settle()
        assert self.next is not None
        header = {"kinds": self.asked[-1], "version": 5, "unchanged": self.after == 5}
        self.next.set_result(Reply(header, {}, b""))
        await settle()


async def settle() -> None:
    """Let all pending tasks run."""
    for _ in range(10):
        await asyncio.sleep(0)


def waits(shared: SharedFrames, *kinds: str) -> asyncio.Task[Reply]:
    return asyncio.create_task(shared.next(kinds))


def run(scenario: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(scenario())


def test_viewers_share_one_request_for_what_all_of_them_want():
    async def scenario() -> None:
        frames = Frames()
        shared = SharedFrames(frames.fetch)
        viewers = [waits(shared, "values"), waits(shared, "biases"), waits(shared, "values", "change")]
        await frames.hand_out()
        assert frames.asked == [["biases", "change", "values"]]
        assert len({id(viewer.result()) for viewer in viewers}) == 1

    run(scenario)


def test_a_viewer_that_comes_later_shares_the_frame_or_gets_the_next():
    async def scenario() -> None:
        frames = Frames()
        shared = SharedFrames(frames.fetch)
        first = waits(shared, "values")
        await settle()
        same, other = waits(shared, "values"), waits(shared, "signals")
        await frames.hand_out()
        assert first.result() is same.result()
        assert not other.done()
        await frames.hand_out()
        assert other.result().header["kinds"] == ["signals"]
        assert frames.asked == [["values"], ["signals"]]

    run(scenario)


def test_a_viewer_that_has_seen_everything_is_told_and_a_new_one_gets_a_frame():
    async def scenario() -> None:
        frames = Frames()
        shared = SharedFrames(frames.fetch)
        first = asyncio.create_task(shared.next(["values"], after=5))
        await settle()
        new = waits(shared, "values")
        await frames.hand_out()
        assert first.result().header["unchanged"] and not new.done()
        await frames.hand_out()
        assert not new.result().header["unchanged"]

    run(scenario)


def test_a_viewer_that_leaves_takes_no_frame_from_the_others():
    async def scenario() -> None:
        frames = Frames()
        shared = SharedFrames(frames.fetch)
        leaving, staying = waits(shared, "values"), waits(shared, "values")
        await settle()
        leaving.cancel()
        await frames.hand_out()
        assert leaving.cancelled()
        assert staying.result().header["kinds"] == ["values"]

    run(scenario)


def test_a_refused_frame_is_refused_to_all_who_wait_and_the_next_is_another_matter():
    async def scenario() -> None:
        frames = Frames()
        shared = SharedFrames(frames.fetch)
        viewers = [waits(shared, "values"), waits(shared)]
        await settle()
        assert frames.next is not None
        frames.next.set_exception(OperationRefused("not now"))
        for viewer in viewers:
            with pytest.raises(OperationRefused, match="not now"):
                await viewer
        again = waits(shared, "values")
        await frames.hand_out()
        assert again.result().header["kinds"] == ["values"]

    run(scenario)


@pytest.mark.parametrize("kinds", [["pictures"], [3], [["values"]], ["values", None]])
def test_an_unknown_kind_is_refused_before_it_troubles_others(kinds: list[object]):
    async def scenario() -> None:
        shared = SharedFrames(Frames().fetch)
        with pytest.raises(OperationRefused, match="there are values, signals, biases, change"):
            await shared.next(kinds)  # type: ignore[arg-type]

    run(scenario)


def test_a_frame_is_a_message_as_a_browser_takes_it(tmp_path: Path):
    async def scenario() -> None:
        async with linked(tiny_order(tmp_path)) as link:
            frame = await link.frame(["values", "biases"])
            header, arrays = unpack(frame.message)
            assert header == frame.header
            assert header["type"] == "frame"
            assert header["status"]["step"] == header["step"] == 0
            assert arrays.keys() == {"values", "biases", "inputs", "outputs"}

    run(scenario)


def test_curves_come_with_frames_when_they_have_grown(tmp_path: Path):
    async def scenario() -> None:
        async with linked(tiny_order(tmp_path)) as link:
            await link.ask("start")
            last = link.unrequested
            await frame_when(link, lambda status: "curve" in last and bool(last["curve"].header["steps"]))
            assert unpack(last["curve"].message)[0]["type"] == "curve"
            before = last["curve"].header["steps"][-1]
            await frame_when(link, lambda status: last["curve"].header["steps"][-1] > before)

    run(scenario)


def test_the_status_is_fresh_while_somebody_watches(tmp_path: Path):
    async def scenario() -> None:
        async with linked(tiny_order(tmp_path)) as link:
            changed = asyncio.Event()
            end = link.on_change(changed.set)
            leave = link.watch()
            await link.ask("start")
            await changed.wait()
            assert link.status["state"] == "training"
            leave()
            leave()
            end()
            end()

    run(scenario)


def test_a_listener_that_fails_keeps_no_other_from_being_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    def fail() -> None:
        raise RuntimeError("a page that is gone")

    async def scenario() -> None:
        async with linked(tiny_order(tmp_path)) as link:
            told: list[str] = []
            link.on_change(fail)
            link.on_change(lambda: told.append(link.status["settings"]["optimizer"]))
            change = {"kind": "setting", "name": "optimizer", "value": "sgd"}
            await link.ask("apply", changes=[change])
            await link.ask("status")
            await link.ask("status")
            assert told == ["sgd"]

    run(scenario)
    assert "a page that is gone" in caplog.text


def test_what_a_page_asks_cannot_close_the_run_or_name_other_things(tmp_path: Path):
    async def scenario() -> None:
        async with linked(tiny_order(tmp_path)) as link:
            for op in ("close", "train", ""):
                with pytest.raises(OperationRefused, match=r"^no operation "):
                    await link.ask(op)
            with pytest.raises(OperationRefused, match=r"^status: op: "):
                await link.ask("status", **{"op": "close"})
            assert (await link.ask("status")).header["step"] == 0

    run(scenario)


def test_a_long_command_is_in_the_status_while_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("workbench.page.link.QUICK_SECONDS", 0.0)

    async def scenario() -> None:
        async with linked(tiny_order(tmp_path)) as link:
            seen: list[str] = []
            link.on_change(lambda: seen.append(link.status.get("doing", "")))
            await link.ask("step")
            assert seen[:2] == ["Training one step", ""]
            assert not link.status["doing"]

    run(scenario)


def test_too_many_requests_are_refused_and_none_is_forgotten(tmp_path: Path):
    async def scenario() -> None:
        async with linked(tiny_order(tmp_path)) as link:
            asked = [asyncio.create_task(link.ask("status")) for _ in range(UNANSWERED_LIMIT + 50)]
            replies = await asyncio.gather(*asked, return_exceptions=True)
            refused = [reply for reply in replies if isinstance(reply, OperationRefused)]
            assert len(refused) == 50
            assert all("requests are waiting already" in str(reply) for reply in refused)
            assert (await link.ask("status")).header["step"] == 0

    run(scenario)


def test_the_loop_goes_on_while_as_many_requests_wait_as_may(tmp_path: Path):
    async def scenario() -> None:
        async with linked(tiny_order(tmp_path)) as link:
            assert link.process_number is not None
            os.kill(link.process_number, signal.SIGSTOP)
            asked = [asyncio.create_task(link.ask("status")) for _ in range(UNANSWERED_LIMIT)]
            await settle()
            leave = link.watch()
            await settle()
            with pytest.raises(OperationRefused, match="requests are waiting already"):
                await link.ask("status")
            os.kill(link.process_number, signal.SIGCONT)
            await asyncio.gather(*asked)
            leave()

    run(scenario)


def test_an_overview_is_there_at_once_until_the_run_is_another(tmp_path: Path):
    async def scenario() -> None:
        async with linked(tiny_order(tmp_path)) as link:
            assert link.process_number is not None
            os.kill(link.process_number, signal.SIGSTOP)
            first = (await link.ask("overview")).header
            os.kill(link.process_number, signal.SIGCONT)
            assert first["machine"]["seed"] == 0
            await link.ask("apply", changes=[{"kind": "setting", "name": "optimizer", "value": "sgd"}])
            await link.ask("status")
            changed = (await link.ask("overview")).header
            assert changed["network"]["memory"] != first["network"]["memory"]
            await link.ask("reset", seed=5)
            await link.ask("status")
            assert (await link.ask("overview")).header["machine"]["seed"] == 5

    run(scenario)


def test_a_request_that_nobody_waits_for_any_more_does_no_harm(tmp_path: Path):
    async def scenario() -> None:
        async with linked(tiny_order(tmp_path)) as link:
            asked = asyncio.create_task(link.ask("status"))
            await settle()
            asked.cancel()
            assert (await link.ask("status")).header["step"] == 0

    run(scenario)


def test_what_was_never_started_is_closed_without_a_word():
    async def scenario() -> None:
        link = Link()
        assert await link.close() == {}
        with pytest.raises(OperationRefused):
            await link.ask("status")

    run(scenario)


def test_frames_take_their_share_of_the_time_and_no_more():
    pace = Throttle(0.04)
    assert pace.due(FRAME_PERIOD) == float("-inf")
    pace.made(10.0, 15.0)  # the first: code was compiled
    assert pace.due(FRAME_PERIOD) == 10.0 + FRAME_PERIOD
    pace.made(16.0, 16.02)
    assert pace.due(FRAME_PERIOD) == pytest.approx(16.5)
    assert pace.due(FRAME_PERIOD, freely=True) == 16.0 + FRAME_PERIOD
    pace.made(17.0, 17.001)
    assert pace.due(FRAME_PERIOD) == 17.0 + FRAME_PERIOD
