"""The key explorer as a reader meets it: JupyterLab in a headless Chromium, clicks and keys, and what is then to be seen.

JupyterLab runs in a folder of its own, with a copy of lesson 09 that ends with the explorer's cell, for what comes after it
is not what is tested here. Nothing is written into the repository.
"""

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest

from lib.lessons import ROOT, paths

PATIENCE = 60_000  # milliseconds; a busy machine takes ten times as long as an idle one
NO_NEWS = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}


@pytest.fixture(scope="module")
def chromium():
    """A headless browser; a run without one is skipped."""
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


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
    environment = os.environ | own | {"HOME": str(home), "IPYTHONDIR": str(home / "ipython"), "PYTHONPATH": str(ROOT)}
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
    """Lesson 09, outputs removed, up to the cell that shows the page, at a size that is quickly attacked."""
    lesson = nbformat.read(next(path for path in paths() if path.name.startswith("09")), as_version=4)
    last = next(i for i, cell in enumerate(lesson.cells) if re.search(r"^explorer\(", cell.source, re.M))
    lesson.cells = lesson.cells[: last + 1]
    for cell in lesson.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
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
def page(chromium, lab):
    """The notebook open, all of its cells run, the explorer on the screen."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE)
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(lab)
    page.locator("#jp-main-statusbar").get_by_text("Idle").first.wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    picture(page).wait_for()
    yield page
    page.close()


def picture(page):
    return page.locator(".jp-OutputArea .widget-html img")


def status(page):
    return page.locator(".jp-OutputArea [role=status]")


def changed(page, before):
    """The picture once it is another one than `before`; fails where it stays the same."""
    page.wait_for_function(
        "old => { const img = document.querySelector('.jp-OutputArea .widget-html img'); return img && img.src !== old; }",
        arg=before,
    )
    return picture(page).get_attribute("src")


def test_choosing_and_attacking_change_what_is_seen(page):
    first = picture(page).get_attribute("src")
    assert len(picture(page).get_attribute("alt")) > 50
    page.get_by_label("scheme").select_option("etc")
    changed(page, first)
    assert "etc" in picture(page).get_attribute("alt")
