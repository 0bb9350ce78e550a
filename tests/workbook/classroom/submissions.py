"""Submissions to lesson 02 as students, and others, might send them in; each with the points it deserves, of
1 + 1 + 2."""

import json
import re

PARTS = """\
    found = []
    for _ in range(8 // bits):
        found.insert(0, value % 2**bits)
        value = value // 2**bits
    return found"""
ENCRYPT = """\
    halves = [half for byte in block.ravel().tolist() for half in (byte // 16, byte % 16)]
    turned = [15 - half if flag else half for half, flag in zip(halves, reverse)]
    moved = [turned[i] for i in order]
    return np.array([16 * a + b for a, b in zip(moved[::2], moved[1::2])], np.uint8).reshape(block.shape)"""
DECRYPT = """\
    moved = [half for byte in cipher.ravel().tolist() for half in (byte // 16, byte % 16)]
    turned = [0] * len(order)
    for i, place in enumerate(order):
        turned[place] = moved[i]
    halves = [15 - half if flag else half for half, flag in zip(turned, reverse)]
    joined = [16 * a + b for a, b in zip(halves[::2], halves[1::2])]
    return np.array(joined, np.uint8).reshape(cipher.shape)"""
VECTORS = """\
    halves = np.stack([block >> 4, block & 15], -1).ravel()
    moved = np.where(reverse, 15 - halves, halves)[order].astype(np.uint8)
    return (moved[::2] << 4 | moved[1::2]).reshape(block.shape)"""
RIGHT = {"parts": PARTS, "encrypt_block": ENCRYPT, "decrypt_block": DECRYPT}
LOWEST_FIRST = PARTS.replace("insert(0, ", "append(")
NIBBLES = "    return [value // 16, value % 16]"
WRONG_WAY = ENCRYPT.replace("[turned[i] for i in order]", "[turned[i] for i in np.argsort(order)]")
NOT_REVERSED = DECRYPT.replace("15 - half if flag else half", "half")
RAISES = "    return undefined_name"
LOOP = "    while True:\n        pass"
STUBBORN = """\
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass"""
HOG = "    return [bytearray(1 << 28) for _ in range(1000)]"
CHILDREN = """\
    import os, time
    for _ in range(75):  # bounded, should the fence have a hole
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
    time.sleep(30)"""
LEAVE = "    import os\n    os._exit(0)"
PRINT = "    while True:\n        print('x' * 1_000_000)"


def delete(folder: str) -> str:
    """An answer that, once, deletes what it can of a folder, by Python and by the shell, then solves the
    exercise."""
    return f"""\
    import shutil, subprocess
    if not hasattr(parts, "done"):
        parts.done = True
        shutil.rmtree({folder!r}, ignore_errors=True)
        subprocess.run("rm -rf {folder}/* ~/* /tmp/* /home/* /root/*", shell=True, stderr=subprocess.DEVNULL)
{PARTS}"""


def overwrite(path: str) -> str:
    """An answer that opens a file for writing, and one of lib's, then solves the exercise."""
    return f"""\
    import lib
    for name in ({path!r}, lib.__file__):
        try:
            open(name, "w").write("mine")
        except OSError:
            pass
{PARTS}"""


TELEPHONE = "    import socket\n    socket.create_connection(('192.0.2.1', 80), 5)\n" + PARTS
PATCH = """\
    import lib.workbook.checks.lesson_02 as c
    c.decrypt_block = c.encrypt_block = c.parts = lambda answer: True
    return []"""


def answered(released: str, answers: dict[str, str]) -> str:
    """A released notebook with the stubs of some functions replaced by bodies; JSON."""
    notebook = json.loads(released)
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if name in answers:
            body = answers[name]
            cell["source"] = re.sub(
                r"^    raise NotImplementedError.*$", lambda _, body=body: body, text, flags=re.M
            )
    return json.dumps(notebook)


def edited(released: str, change) -> str:
    """A right submission after `change(cells)`, as made with a text editor."""
    notebook = json.loads(answered(released, RIGHT))
    notebook["cells"] = change(notebook["cells"])
    return json.dumps(notebook)


def is_test(cell) -> bool:
    return bool(cell["metadata"].get("nbgrader", {}).get("grade"))


def no_tests(cells):
    return [cell for cell in cells if not is_test(cell)]


def no_names(cells):
    for cell in cells:
        cell["metadata"].pop("nbgrader", None)
    return cells


def rich(cells):
    """Tests that ask for nothing and give a thousand points."""
    for cell in filter(is_test, cells):
        cell["source"], cell["metadata"]["nbgrader"]["points"] = "pass", 1000
    return cells


def twice(cells):
    return cells + [dict(cell, id=f"again-{i}") for i, cell in enumerate(cells)]


def helper(cells):
    """A helper in a cell of its own, before the first answer, which needs it."""
    at = next(
        i for i, cell in enumerate(cells) if cell["metadata"].get("nbgrader", {}).get("grade_id") == "parts"
    )
    text = "def my_parts(value, bits):\n" + PARTS
    cells[at]["source"] = "def parts(value, bits):\n    return my_parts(value, bits)\n\n\ncheck.parts(parts)"
    cell = {
        "cell_type": "code",
        "id": "mine",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": text,
    }
    return [*cells[:at], cell, *cells[at:]]


def shadow(cells):
    """A check of the student's own making, in a cell of its own."""
    text = "class check:\n    parts = encrypt_block = decrypt_block = staticmethod(lambda answer: True)"
    cell = {
        "cell_type": "code",
        "id": "mine",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": text,
    }
    for answer in cells:
        if answer["metadata"].get("nbgrader", {}).get("solution"):
            answer["source"] = "parts = encrypt_block = decrypt_block = None"
    return [*cells[:3], cell, *cells[3:]]


def thirty(released: str, canary: str, course: str) -> dict[str, tuple[str, float]]:
    """name: (text of the notebook, points); `canary` is a folder outside of the course that must outlive them
    all."""

    def points(**answers):
        return answered(released, answers)

    e, d = {"encrypt_block": ENCRYPT}, {"decrypt_block": DECRYPT}
    return {
        "right-loops": (answered(released, RIGHT), 4),
        "right-vectors": (answered(released, RIGHT | {"encrypt_block": VECTORS}), 4),
        "right-helper-cell": (edited(released, helper), 4),
        "right-tests-deleted": (edited(released, no_tests), 4),
        "right-metadata-lost": (edited(released, no_names), 4),
        "right-every-cell-twice": (edited(released, twice), 4),
        "part-one": (points(parts=PARTS), 1),
        "part-two": (points(**e), 1),
        "part-three": (points(**d), 2),
        "part-one-and-two": (points(parts=PARTS, **e), 2),
        "part-two-and-three": (points(**e, **d), 3),
        "part-one-wrong": (points(parts=LOWEST_FIRST, **e, **d), 3),
        "part-last-wrong": (answered(released, RIGHT | {"decrypt_block": NOT_REVERSED}), 2),
        "wrong-untouched": (released, 0),
        "wrong-all": (points(parts=NIBBLES, encrypt_block=WRONG_WAY, decrypt_block=NOT_REVERSED), 0),
        "wrong-lowest-first": (points(parts=LOWEST_FIRST), 0),
        "wrong-way": (points(encrypt_block=WRONG_WAY), 0),
        "broken-name": (answered(released, RIGHT | {"parts": RAISES}), 3),
        "broken-syntax": (answered(released, RIGHT | {"encrypt_block": "    return (("}), 3),
        "broken-leaves": (answered(released, RIGHT | {"decrypt_block": LEAVE}), 2),
        "broken-no-notebook": ("{ this is no notebook", 0),
        "hostile-loop": (answered(released, RIGHT | {"encrypt_block": LOOP}), 3),
        "hostile-stubborn-loop": (answered(released, RIGHT | {"decrypt_block": STUBBORN}), 2),
        "hostile-hog": (answered(released, RIGHT | {"encrypt_block": HOG}), 3),
        "hostile-children": (answered(released, RIGHT | {"decrypt_block": CHILDREN}), 2),
        "hostile-delete": (answered(released, RIGHT | {"parts": delete(canary)}), 4),
        "hostile-overwrite": (answered(released, RIGHT | {"parts": overwrite(f"{course}/gradebook.db")}), 4),
        "hostile-telephone": (answered(released, RIGHT | {"parts": TELEPHONE}), 3),
        "hostile-patch": (points(parts=PATCH), 0),
        "hostile-shadow-rich": (edited(released, lambda cells: shadow(rich(cells))), 0),
    }
