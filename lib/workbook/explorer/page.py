"""The page of the key explorer: controls on the left, picture and outcome on the right, in ipywidgets."""

import base64
import html
import threading
from dataclasses import replace

from ipywidgets import HTML, Button, Checkbox, Dropdown, HBox, IntSlider, Layout, SelectionSlider, VBox

from lib import figures
from lib.attacks import catalogue
from lib.workbook.explorer import outcome as attacking
from lib.workbook.explorer.choice import BLOCKS, PHOTOS, SCHEMES, SEEDS, SIZES, Choice, blocks, parts
from lib.workbook.explorer.seen import figure, in_words, sentence

WIDTH = "23em"  # of the controls; what is left of the page is for the picture
LABELS = {"tanaka": "tanaka (LE)", "otp": "otp (one-time pad, the control)"}


class Page(HBox):
    """Choose and see. A slider or box that moves draws anew; an attack runs when its button is pressed."""

    def __init__(self, choice: Choice):
        named, last = [(LABELS.get(name, name), name) for name in SCHEMES], max(SEEDS[-1], choice.seed)
        self.photo = _control(Dropdown, "photo", "what is encrypted", options=PHOTOS, value=choice.photo)
        self.size = _control(SelectionSlider, "side", "in pixels", options=SIZES, value=choice.size)
        self.scheme = _control(Dropdown, "scheme", "how it is encrypted", options=named, value=choice.scheme)
        self.block = _control(SelectionSlider, "block", "side of a block, in pixels", options=BLOCKS)
        self.seed = _control(IntSlider, "seed", "of the key", min=SEEDS[0], max=last, value=choice.seed)
        self.attack = _control(Dropdown, "attack", "who has what, and does what with it", options=["none"])
        self.button = Button(description="Attack", button_style="primary", layout=Layout(width=WIDTH))
        self.steps, self.picture, self.status = VBox(), HTML(), HTML()
        # JupyterLab hands on what is done to controls in a thread of its own, also while an attack runs.
        self._lock, self._filling, self._running, self._outcome = threading.RLock(), False, False, None
        parted = [HTML("<b>Parts of the key</b>"), self.steps, self.seed, HTML("<b>Who attacks</b>")]
        left = VBox([self.photo, self.size, self.scheme, self.block, *parted, self.attack, self.button])
        left.layout = Layout(flex=f"0 0 {WIDTH}", min_width=WIDTH)
        right = VBox([self.picture, self.status], layout=Layout(flex="1 1 24em", min_width="0"))
        super().__init__([left, right], layout=Layout(flex_flow="row wrap"))
        self._fill(choice)
        for each in (self.size, self.block, self.seed):
            # a picture for every place that a slider passes would lag behind it
            each.continuous_update = False
        for each in (self.photo, self.seed, self.attack):
            each.observe(self._changed, "value")
        for each in (self.size, self.scheme, self.block):
            each.observe(self._refill, "value")
        self.button.on_click(self._attacked)

    @property
    def choice(self) -> Choice:
        """What is chosen now."""
        return self._chosen(self._taken())

    def _taken(self):
        return tuple(box.description for box in self.steps.children if box.value)

    def _chosen(self, steps):
        photo, size, scheme = self.photo.value, self.size.value, self.scheme.value
        return Choice(photo, size, scheme, self._block(), steps, self.seed.value)

    def _block(self):
        """The block, or the one nearest to it that fits."""
        fitting = blocks(self.scheme.value, self.size.value)
        return min(fitting, key=lambda each: abs(each - self.block.value))

    # -- from the controls to a picture ----------------------------------------------------------------------

    def _refill(self, change):
        """Scheme, block or size changed: keep what was chosen and fits; another scheme begins anew."""
        with self._lock:
            if self._filling:
                return
            choice = self._chosen(None)
            if change["owner"] is self.scheme:
                self._fill(choice)
            else:
                self._fill(replace(choice, steps=self._taken()), self.attack.value)

    def _fill(self, choice, attack=None):
        self._filling = True
        fitting, there = blocks(choice.scheme, choice.size), attacking.attacks(choice)
        # a slider with one place cannot be drawn
        self.block.layout.display = "none" if len(fitting) == 1 else None
        if len(fitting) > 1:
            self.block.options, self.block.value = fitting, choice.block
        if [box.description for box in self.steps.children] != list(parts(choice)):
            self.steps.children = [Checkbox(True, description=name, indent=False) for name in parts(choice)]
            for box in self.steps.children:
                box.observe(self._changed, "value")
        for box in self.steps.children:
            box.value = box.description in choice.steps
        named = [(f"{name} ({catalogue.by_name(name).threat})", name) for name in there]
        self.attack.options = [("none", "none"), *named]
        self.attack.value = attack if attack in ("none", *there) else attacking.strongest(choice)
        self._filling = False
        self._changed()

    def _changed(self, _=None):
        with self._lock:
            if not self._filling:
                name = self.attack.value
                self.button.disabled = self._running or name == "none"
                self._show(None, "" if name == "none" else f" The button runs {name}.")

    def _show(self, outcome, more=""):
        choice, self._outcome = self.choice, outcome
        data, text = _drawn(choice, outcome)
        source = f"data:image/png;base64,{data}"
        self.picture.value = f'<img src="{source}" alt="{html.escape(text)}" style="max-width: 100%">'
        self._say(in_words(choice, outcome) + more)

    def _say(self, text):
        style = "max-width: 56em; line-height: 1.4"
        self.status.value = f'<p role="status" style="{style}">{html.escape(text)}</p>'

    # -- attack ----------------------------------------------------------------------------------------------

    def _attacked(self, _):
        asked = choice, name = self.choice, self.attack.value
        self._runs(True)
        self._say(f"{name} runs, for {attacking.PATIENCE:g} seconds at most ...")
        try:
            outcome = attacking.attack(choice, name)
            if outcome.estimate is not None:
                self._told(asked, outcome, " Now the same attack on a one-time pad ...")
                outcome = attacking.with_control(choice, outcome)
            self._told(asked, outcome)
        except Exception as error:  # a page tells what went wrong, and goes on
            self._say(f"{name} failed: {type(error).__name__}: {error}")
        finally:
            self._runs(False)

    def _told(self, asked, outcome, more=""):
        """Show an outcome, unless something else was chosen meanwhile."""
        with self._lock:
            if asked == (self.choice, self.attack.value):
                self._show(outcome, more)

    def _runs(self, running):
        with self._lock:
            self._running, self.button.description = running, "Attacking ..." if running else "Attack"
            self.button.disabled = running or self.attack.value == "none"

    # -- without a kernel ------------------------------------------------------------------------------------

    def _repr_mimebundle_(self, **kwargs):
        """The widget, and beside it a picture for where there is none, as in a stored notebook."""
        data = super()._repr_mimebundle_(**kwargs)
        data["image/png"], text = _drawn(self.choice, self._outcome)
        data["text/plain"] = "key explorer"
        return data, {"image/png": {"alt": text}}


def _drawn(choice, outcome) -> tuple[str, str]:
    """The figure as PNG in base64, and what it shows in words."""
    text = sentence(choice, outcome)
    return base64.b64encode(figures.png(figure(choice, outcome), text)).decode(), text


def _control(kind, label, tooltip, **options):
    style, layout = {"description_width": "4em"}, Layout(width=WIDTH)
    return kind(description=label, tooltip=tooltip, style=style, layout=layout, **options)
