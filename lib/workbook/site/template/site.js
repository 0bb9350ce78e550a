// A box that scrolls sideways is reached with the keyboard; one that does not is no stop on the way.
"use strict";
function boxes() {
  for (const box of document.querySelectorAll(".scroll, pre")) {
    const scrolls = box.scrollWidth > box.clientWidth;
    box.toggleAttribute("data-scrolls", scrolls);
    if (scrolls) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", box.matches("pre") ? "Code or output, scrolls sideways" : "Table, scrolls sideways");
    } else if (box.tabIndex === 0) {
      for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    }
  }
}
boxes();
addEventListener("resize", boxes);
addEventListener("toggle", boxes, true); // what was folded has no width until it is opened
