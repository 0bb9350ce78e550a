// Finds the sections that have all words; sections whose heading has them come first. The index is a script beside the page.
"use strict";
const LIMIT = 50;
const AROUND = 80;

function score(record, words) {
  const [, title, heading, text] = record.map((part) => part.toLowerCase());
  let total = 0;
  for (const word of words) {
    const times = text.split(word).length - 1;
    const points = 20 * heading.includes(word) + 5 * title.includes(word) + Math.min(times, 10);
    if (!points) return 0;
    total += points;
  }
  return total;
}

function excerpt(text, words) {
  const at = Math.max(0, Math.min(...words.map((word) => text.toLowerCase().indexOf(word)).filter((place) => place >= 0), text.length));
  const start = Math.max(0, at === text.length ? 0 : at - AROUND);
  const piece = text.slice(start, start + 3 * AROUND);
  return (start ? "… " : "") + piece + (start + 3 * AROUND < text.length ? " …" : "");
}

function item([url, title, heading, text], words) {
  const link = Object.assign(document.createElement("a"), { href: url, textContent: heading || title });
  const line = document.createElement("li");
  line.append(link, heading && heading !== title ? ` (${title})` : "");
  line.append(Object.assign(document.createElement("p"), { textContent: excerpt(text, words) }));
  return line;
}

function find(query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = words.length
    ? SEARCH_INDEX.map((record) => [score(record, words), record]).filter(([points]) => points).sort((a, b) => b[0] - a[0])
    : [];
  document.getElementById("results").replaceChildren(...found.slice(0, LIMIT).map(([, record]) => item(record, words)));
  const shown = found.length > LIMIT ? `, the first ${LIMIT} shown` : "";
  document.getElementById("count").textContent = words.length ? `${found.length} found${shown}.` : "";
}

const box = document.getElementById("q");
box.value = new URLSearchParams(location.search).get("q") ?? "";
box.addEventListener("input", () => find(box.value));
document.getElementById("search-form").addEventListener("submit", (event) => {
  event.preventDefault();
  find(box.value);
});
find(box.value);
