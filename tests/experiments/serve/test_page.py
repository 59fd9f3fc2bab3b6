"""The page of experiments in a real browser: one server for all, and a records file that grows."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from experiments.queue.alive import working
from experiments.queue.jobs import Jobs
from experiments.sweep.loading import load_sweep
from experiments.sweep.training import LOG
from experiments.sweep.trials import Trials
from tests.support import patience
from tests.support.places import ROOT
from tests.support.recorded_runs import add_run, fill
from tests.support.web_browser import Browser, Page, expect
from workbench.page.open_pages import noted
from workbench.records import About, Store
from workbench.records.process import Process, started_at

RUNNING = "running"
SWEEP = ROOT / "experiments" / "sweeps" / "gan_rates.toml"


class Served(NamedTuple):
    address: str
    records: Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of a file with eight runs."""
    from experiments.serving import served_program

    folder = tmp_path_factory.mktemp("serve")
    records = folder / "records.sqlite"
    fill(records, folder / "folders")
    begin_sweep(records)
    words = ("serve", "--records", str(records))
    with served_program(folder, "experiments", *words) as server:
        yield Served(server.address, records)
    assert server.process.returncode == 130


def begin_sweep(records: Path) -> None:
    """Begin a sweep of which half the candidates have ended."""
    sweep = load_sweep(SWEEP)
    with Store.open(records) as store:
        trials = Trials.begin(store, sweep)
        candidates = [
            {"learning_rate": rate, "generator_factor": factor}
            for rate in (0.0003, 0.001)
            for factor in (1.0, 3.0)
            for _ in range(sweep.file.seeds)
        ]
        with store.writing():
            trials.add(0, candidates)
        for number in range(4):
            row = trials.take(number, "worker")
            assert row is not None
            reached = {"objective": 0.5 - 0.1 * number, "used": 20.0}
            trials.release(row, "worker", "done", reason="", attempts=0, statistics=reached)


@pytest.fixture
def page(chromium: Browser, served: Served) -> Iterator[Page]:
    with_page = visit(chromium, served.address)
    yield next(with_page)
    next(with_page, None)


def visit(chromium: Browser, address: str, width: int = 1440, height: int = 900) -> Iterator[Page]:
    """Open the page; any error in it fails the test."""
    context = chromium.new_context(viewport={"width": width, "height": height})
    page, wrong = context.new_page(), []
    page.set_default_timeout(patience.MILLISECONDS)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto(address)
    yield page
    context.close()
    assert not wrong


def fill_in(page: Page, name: str, text: str) -> None:
    page.get_by_test_id(name).fill(text)
    page.get_by_test_id(name).press("Enter")


def numbers(page: Page) -> list[str]:
    """The numbers of the runs that are listed."""
    return page.locator("[data-test=runs] tbody .g-link").all_inner_texts()


def expect_rows(page: Page, count: int) -> None:
    expect(page.get_by_test_id("runs")).to_have_attribute("data-rows", str(count))


def test_runs_are_listed_filtered_and_sorted(page: Page):
    expect_rows(page, 8)
    assert numbers(page) == list("87654321")
    expect(page.get_by_test_id("run-7")).to_contain_text("failed")
    fill_in(page, "where", "units=256 loss>2")
    expect_rows(page, 2)
    fill_in(page, "columns", "units,rate")
    expect(page.get_by_test_id("runs").locator("thead")).to_contain_text("units")
    fill_in(page, "where", "unit=256")
    expect(page.get_by_test_id("runs-problem")).to_contain_text("did you mean units")
    fill_in(page, "where", "units")
    expect(page.get_by_test_id("runs-problem")).to_contain_text("is no condition")
    fill_in(page, "where", "")
    page.get_by_test_id("state-filter").select_option("done")
    expect_rows(page, 6)
    page.get_by_test_id("sort").select_option("loss")
    expect(page.get_by_test_id("sort-loss").locator("..")).to_have_attribute("aria-sort", "ascending")
    expect(page.locator("[data-test=runs] tbody .g-link").first).to_have_text("1")
    page.get_by_test_id("sort-loss").click()
    expect(page.get_by_test_id("sort-loss").locator("..")).to_have_attribute("aria-sort", "descending")
    expect(page.locator("[data-test=runs] tbody .g-link").first).to_have_text("6")
    page.get_by_test_id("show-6").click()
    expect(page.get_by_test_id("details")).to_contain_text("tiny-256-2")
    page.get_by_test_id("details-close").click()


def test_chosen_runs_are_drawn_and_compared_and_the_address_keeps_them(page: Page):
    for number in range(1, 7):
        page.get_by_test_id(f"choose-{number}").click()
    chart = page.get_by_test_id("curves-0")
    expect(chart).to_have_attribute("data-points", "6")  # two lines of three points
    expect(chart).to_have_attribute(
        "aria-label", "loss over step: units 8 (3 runs): 1.131; units 256 (3 runs): 2.1"
    )
    page.get_by_test_id("over").select_option("minutes")
    expect(chart).to_have_attribute(
        "aria-label", "loss over minutes: units 8 (3 runs): 1.131; units 256 (3 runs): 2.1"
    )
    page.get_by_test_id("log").click()
    page.get_by_test_id("add-chart").click()
    expect(page.get_by_test_id("curves-1")).to_have_attribute("data-points", "6")
    expect(page.get_by_test_id("comparison")).to_contain_text("units")
    page.reload()
    expect(page.get_by_test_id("curves-1")).to_have_attribute("data-points", "6")
    expect(page.get_by_test_id("over")).to_have_value("minutes")
    expect(page.get_by_test_id("choose-4")).to_be_checked()
    page.get_by_test_id("choose-all").click()  # two more
    page.get_by_test_id("choose-all").click()
    expect(page.get_by_test_id("curves-0")).to_be_hidden()
    assert page.evaluate("location.search") != ""


def test_two_pages_agree_on_a_run_while_it_goes_on_and_when_its_process_is_gone(
    page: Page, chromium: Browser, served: Served
):
    others = visit(chromium, served.address, 390, 844)
    other = next(others)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = Process.own()._replace(number=child.pid, started=started_at(child.pid) or 0)
    with Store.open(served.records) as store, noted(process, "http://127.0.0.1:1/?token=x"):
        number = add_run(store, About("live"), state=RUNNING, process=process, curves={"loss": [4.0, 3.0]})
        for each in (page, other):
            expect(each.get_by_test_id(f"run-{number}")).to_contain_text(RUNNING)
            link = each.get_by_test_id(f"open-{number}")
            expect(link).to_have_attribute("href", "http://127.0.0.1:1/?token=x")
            each.get_by_test_id(f"choose-{number}").click()
            expect(each.get_by_test_id("curves-0")).to_have_attribute("data-points", "2")
        with store.writing():
            store.write_statistics(number, 30, {"loss": 1.5})
    for each in (page, other):
        expect(each.get_by_test_id("curves-0")).to_have_attribute("aria-label", "loss over step: live: 1.5")
    assert other.evaluate("document.documentElement.scrollWidth") == 390
    child.communicate(b"\n")
    for each in (page, other):
        expect(each.get_by_test_id(f"run-{number}")).to_contain_text("lost")
    next(others, None)


def test_a_file_that_cannot_be_read_is_said_to_be_and_read_again(page: Page, served: Served):
    expect(page.get_by_test_id("run-1")).to_be_visible()
    away = served.records.with_suffix(".away")
    os.rename(served.records, away)
    expect(page.get_by_test_id("problem")).to_contain_text("there is none yet")
    os.rename(away, served.records)
    expect(page.get_by_test_id("problem")).to_be_hidden()
    expect(page.get_by_test_id("run-1")).to_be_visible()


def test_a_sweep_is_reported_while_it_goes_on(page: Page, served: Served):
    page.get_by_test_id("part-sweeps").click()
    expect(page.get_by_test_id("sweep-states")).to_have_text("Trials: 4 waiting, 4 done.")
    first = page.get_by_test_id("candidates").locator("tbody tr").first
    expect(first).to_contain_text("0.25 ± 0.071")
    expect(page.get_by_test_id("sweep-command")).to_contain_text("--generator-factor 3.0 --seed 0")
    expect(page.get_by_test_id("best")).to_have_attribute("data-points", "2")
    expect(page.get_by_test_id("parallel")).to_have_attribute("data-lines", "4")
    with Store.open(served.records) as store:
        trials = Trials.known(store, load_sweep(SWEEP))
        assert trials is not None
        row = trials.take(4, "worker")
        assert row is not None
        reached = {"objective": 0.1, "used": 20.0}
        trials.release(row, "worker", "done", reason="", attempts=0, statistics=reached)
    expect(page.get_by_test_id("sweep-states")).to_have_text("Trials: 3 waiting, 5 done.")


def test_a_job_is_checked_submitted_ordered_watched_cancelled_and_tried_again(page: Page, served: Served):
    page.get_by_test_id("part-queue").click()
    page.get_by_test_id("new-job").click()
    page.get_by_test_id("find-setting").fill("epochs")
    page.get_by_test_id("set-epochs").fill("-4")
    page.get_by_test_id("job-submit").click()
    expect(page.get_by_test_id("job-problem")).to_have_text(
        "epochs=-4: it should be a whole number of at least 1"
    )
    page.get_by_test_id("set-epochs").fill("7")
    page.get_by_test_id("term-retries").fill("many")
    page.get_by_test_id("job-submit").click()
    expect(page.get_by_test_id("job-problem")).to_contain_text("Retries")
    page.get_by_test_id("term-retries").fill("1")
    page.get_by_test_id("term-notice").fill(" phone ")
    page.get_by_test_id("find-setting").fill("input")
    page.get_by_test_id("set-input-directory").fill("two words")
    page.get_by_test_id("job-submit").click()
    job = page.get_by_test_id("job-1")
    expect(job).to_contain_text("autoencoder train --input-directory 'two words' --epochs 7")
    expect(page.get_by_test_id("job-command")).to_have_text(
        "autoencoder train --input-directory 'two words' --epochs 7"
    )
    expect(page.get_by_test_id("job-head")).to_contain_text("waiting, submitted 20")
    expect(page.get_by_test_id("queue-idle")).to_contain_text(
        "No worker is there: python -m experiments worker"
    )
    with working(served.records.parent / "jobs"):
        expect(page.get_by_test_id("queue-idle")).to_be_hidden()
        expect(page.get_by_test_id("queue-count")).to_have_text("0 running, 1 waiting, a worker is there")
    fill_in(page, "job-priority", "5")
    with Store.open(served.records) as store:
        jobs = Jobs(store)
        patience.wait_until(lambda: jobs.job(1).priority == 5)
        taken = jobs.take(1, "worker")
        assert taken is not None and (taken.retries, taken.notice) == (1, "phone")
        (taken.folder / LOG).write_text("reading\r 10%\r 20%\nepoch 3\n")
        expect(page.get_by_test_id("job-log")).to_have_text(" 20%\nepoch 3\n", use_inner_text=True)
        page.set_viewport_size({"width": 1300, "height": 800})
        frame = page.locator(".g-panel-queue .g-table-frame")
        assert frame.evaluate("frame => frame.scrollWidth <= frame.clientWidth")
        page.get_by_test_id("job-cancel").click()
        patience.wait_until(lambda: jobs.job(1).state == "cancelled")  # nobody held its lock
    expect(page.get_by_test_id("job-head")).to_contain_text("cancelled")
    page.get_by_test_id("job-retry").click()
    expect(job).to_contain_text("waiting")

    page.get_by_test_id("new-job").click()
    expect(page.get_by_test_id("job-watch")).to_have_count(0)  # `autoencoder serve` is the page of that
    page.get_by_test_id("job-program").select_option("video")
    page.get_by_test_id("job-watch").check()
    page.get_by_test_id("job-submit").click()
    expect(page.get_by_test_id("job-command")).to_have_text("video train --watch --close")
