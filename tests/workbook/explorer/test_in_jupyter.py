"""The key explorer as a reader meets it: JupyterLab in a headless Chromium, clicks and keys, and what is then
to be seen.

JupyterLab runs in a folder of its own, with a copy of lesson 09 that ends with the explorer's cell, for what
comes after it is not what is tested here. Nothing is written into the repository.
"""

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest

from lib.workbook.lessons import ROOT, paths

PATIENCE = 60_000  # milliseconds; a busy machine takes ten times as long as an idle one
NO_NEWS = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab that shows a folder with the copy, token and all."""
    folder = tmp_path_factory.mktemp("lab")
    work, home = folder / "work", folder / "home"
    (home / "config" / "labconfig").mkdir(parents=True)
    work.mkdir()
    (home / "config" / "labconfig" / "page_config.json").write_text(json.dumps(NO_NEWS))
    nbformat.write(up_to_the_explorer(), work / "explorer.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    own = {f"JUPYTER_{what.upper()}_DIR": str(home / what) for what in ("config", "data", "runtime")}
    environment = (
        os.environ | own | {"HOME": str(home), "IPYTHONDIR": str(home / "ipython"), "PYTHONPATH": str(ROOT)}
    )
    log = (folder / "log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
         f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={work}",
         f"--IdentityProvider.token={token}"],
        env=environment, cwd=work, stdout=log, stderr=log,
    )  # fmt: skip
    try:
        wait_for(f"http://127.0.0.1:{port}/api/status?token={token}", server, folder / "log")
        yield f"http://127.0.0.1:{port}/lab/tree/explorer.ipynb?token={token}&reset"
    finally:
        server.terminate()  # it ends its kernels
        server.wait(30)
        log.close()


def up_to_the_explorer():
    """Lesson 09 as it is stored, up to the cell that shows the page."""
    lesson = nbformat.read(next(path for path in paths() if path.name.startswith("09")), as_version=4)
    last = next(i for i, cell in enumerate(lesson.cells) if re.search(r"^explorer\(", cell.source, re.M))
    lesson.cells = lesson.cells[: last + 1]
    return lesson


def wait_for(address, server, log):
    for _ in range(PATIENCE // 200):
        assert server.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not answer: {log.read_text()}")


@pytest.fixture(scope="module")
def opened(browser, lab):
    """The notebook on the screen, its kernel ready, nothing run."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE)
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(lab)
    page.locator("#jp-main-statusbar").get_by_text("Idle").first.wait_for()
    yield page
    page.close()


@pytest.fixture(scope="module")
def page(opened):
    """All of its cells run, the explorer on the screen."""
    opened.get_by_role("menuitem", name="Run", exact=True).click()
    opened.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    picture(opened).wait_for()
    return opened


def picture(page):
    return page.locator(".jp-OutputArea .widget-html img")


def status(page):
    return page.locator(".jp-OutputArea [role=status]")


def slider(page, label):
    return page.locator(".widget-hslider", has_text=label).get_by_role("slider")


def seen_after(page, act):
    """What the picture is and says once `act()` has made it another one; fails where it stays the same."""
    before = picture(page).get_attribute("src")
    act()
    page.wait_for_function(
        "old => { const img = document.querySelector('.jp-OutputArea .widget-html img');"
        " return img && img.src !== old; }",
        arg=before,
    )
    return picture(page).get_attribute("alt")


def test_before_anything_runs_the_page_is_a_picture(opened):
    cell = opened.locator(".jp-CodeCell", has_text="explorer(first)")
    stored = cell.locator(".jp-RenderedImage img")
    stored.scroll_into_view_if_needed()
    assert stored.evaluate("img => img.complete && img.naturalWidth > 400")
    assert (
        not cell.locator(".jupyter-widgets").count()
        and not opened.get_by_text("Error displaying widget").count()
    )


def test_scheme_slider_and_box_change_what_is_seen(page):
    assert picture(page).get_attribute("src").startswith("data:image/png;base64,")
    assert "etc, blocks of 16" in picture(page).get_attribute("alt")
    told = seen_after(page, lambda: page.get_by_label("scheme").select_option(label="tanaka (LE)"))
    assert "tanaka, blocks of 16" in told and page.get_by_role("checkbox").count() == 2
    for expected in ("tanaka, blocks of 8", "tanaka, blocks of 4"):  # by the keyboard alone
        slider(page, "block").focus()
        assert expected in seen_after(page, lambda: page.keyboard.press("ArrowLeft"))
    box = page.get_by_role("checkbox", name="reverse")
    box.focus()
    assert "without reverse" in seen_after(page, lambda: page.keyboard.press("Space"))
    assert "without" not in seen_after(page, box.click)
    seen_after(page, lambda: (slider(page, "seed").focus(), page.keyboard.press("ArrowRight")))


def test_the_button_attacks_and_the_status_has_the_score(page):
    page.get_by_label("scheme").select_option(label="tanaka (LE)")
    page.get_by_label("attack", exact=True).select_option(label="table-reader (chosen plaintext)")
    status(page).get_by_text("The button runs table-reader.").wait_for()  # the kernel knows
    told = seen_after(page, page.get_by_role("button", name="Attack", exact=True).click)
    assert "table-reader, with 5 chosen pictures: 100.0% of the bytes exact, SSIM 1.00" in told
    status(page).get_by_text("Verdict: broken.").wait_for()
    assert re.search(r"one-time pad: 0\.\d% of the bytes exact", status(page).inner_text())
    again = seen_after(page, lambda: page.get_by_label("photo").select_option(label="coffee"))
    assert "coffee" in again and status(page).inner_text().startswith("No attack was run.")


def test_controls_that_have_one_choice_are_not_shown_and_nothing_failed(page):
    assert slider(page, "block").is_visible()
    assert "skk" in seen_after(page, lambda: page.get_by_label("scheme").select_option(label="skk"))
    slider(page, "block").wait_for(state="hidden")
    assert "ele, blocks of" in seen_after(
        page, lambda: page.get_by_label("scheme").select_option(label="ele")
    )
    slider(page, "block").wait_for(state="visible")
    assert page.complaints == []
