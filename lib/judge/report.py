"""The verdict as one HTML page that a reviewer reads in two minutes: pictures, leaks with intervals, what was
tried. It asks nothing of a network."""

import base64
import io
from html import escape

import numpy as np

from lib.judge.applications import applications
from lib.judge.attempts import Case
from lib.judge.verdict import Verdict

SHOWN, SIDE = 8, 96  # pictures in a strip; pixels that the page gives each
Array = np.ndarray


def strips(case: Case) -> dict[str, str]:
    """Strips of pictures as PNG in base 64: plain ones, their ciphertexts where these are pictures, and what
    the best attack of each threat model made of them."""
    rows = {"plain": case.truth[:SHOWN]}
    if case.dtype == "uint8" and case.ciphers.ndim in (3, 4):
        rows["encrypted"] = case.ciphers[:SHOWN]
    rows |= {threat: estimate[:SHOWN] for threat, (_, estimate) in case.shown.items()}
    return {name: _png(images) for name, images in rows.items()}


def _png(images):
    from PIL import Image

    images = np.repeat(images[..., None], 3, axis=3) if images.ndim == 3 else images[..., :3]
    gap = np.full((len(images), images.shape[1], 2, 3), 255, np.uint8)
    strip = np.concatenate(np.concatenate([images, gap], axis=2), axis=1)
    with io.BytesIO() as file:
        Image.fromarray(strip).save(file, "PNG", optimize=True)
        return base64.b64encode(file.getvalue()).decode()


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; }}
td, th {{ padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top; }}
img {{ image-rendering: pixelated; width: 100%; max-width: 52rem; }}
.bar {{ position: relative; width: 12rem; height: 1rem; border: 1px solid; }}
.bar span {{ position: absolute; top: 25%; height: 50%; background: currentColor; min-width: 3px; }}
.outcome {{ font-size: 1.5rem; font-weight: bold; }}
</style></head><body>
<h1>{title}</h1>
<p class="outcome">{outcome}</p>
{summary}
<h2>What it looks like</h2>
{pictures}
<h2>What an attacker gets</h2>
<p>Leakage is 0 for a one-time pad in the same pipeline and 1 for plain pictures; bars are 95 % intervals.</p>
{attempts}
<h2>What it is</h2>
{structure}
<h2>What it keeps to</h2>
{contract}
<h2>What a network learns</h2>
{learned}
<h2>What it could be used for</h2>
{applications}
<p>{more} {about}</p>
</body></html>
"""


def page(verdict: Verdict) -> str:
    """The verdict as HTML."""
    title = f"Verdict on {verdict.cipher}"
    about = f"{verdict.judge}, budget {verdict.budget}, {verdict.shape[0]}x{verdict.shape[1]} pixels, "
    about += f"{verdict.seconds:.0f} seconds."
    return PAGE.format(
        title=escape(title), outcome=escape(verdict.outcome), summary=_list(verdict.summary),
        pictures="".join(map(_figure, verdict.pictures.items())), attempts=_attempts(verdict),
        structure=_list([*(f"Called: {name}" for name in verdict.structure), *verdict.properties]),
        contract=_list([finding.text for finding in verdict.contract]), learned=_learned(verdict),
        applications=_list([finding.text for finding in applications(verdict)]),
        more=escape(verdict.more), about=escape(about),
    )  # fmt: skip


def _list(lines):
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def _figure(each):
    name, png = each
    text = escape(f"{SHOWN} pictures: {name}")
    return f'<p>{escape(name)}<br><img alt="{text}" src="data:image/png;base64,{png}"></p>'


def _attempts(verdict):
    head = "attacker has", "attack", "needs", "seconds", "exact bytes", "leak", ""
    rows = []
    for each in verdict.attempts:
        needs = ", ".join(f"{count:,} {name}" for name, count in each.needs.items())
        cells = [each.threat, each.attack, needs, f"{each.seconds:.1f}"]
        if each.leak is None:
            rows.append([*map(escape, cells), "", escape(each.refused or ""), ""])
            continue
        low, high = (100 * min(max(end, 0), 1) for end in (each.leak.low, each.leak.high))
        bar = f'<div class="bar"><span style="left:{low:.1f}%;width:{high - low:.1f}%"></span></div>'
        leak = f"{each.leak.value:.2f} ({each.leak.low:.2f} to {each.leak.high:.2f})"
        rows.append([*map(escape, cells), f"{each.exact:.1%}", leak, bar])
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{''.join(f'<th>{name}</th>' for name in head)}</tr>{body}</table>"


def _learned(verdict):
    found = verdict.learnability
    if found is None:
        return "<p>Not tried.</p>"
    shown = {"ciphertexts": found.cipher, "plain pictures": found.plain, "a one-time pad": found.pad,
             "nearest mean colour, plain": found.nearest_mean_colour, "chance": found.chance}  # fmt: skip
    return _list([f"{name}: {share:.1%}" for name, share in shown.items()])
