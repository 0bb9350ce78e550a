"""Known answers: streams of keys, ciphertexts of schemes, tags of files, fixed for good in `data/vectors/`.

Properties cannot see a stream that changed its name or a draw that is used twice; these do. Run as a module,
this writes the files, and replaces existing ones only where told to:

    python -m tests.test_known_answers --write
"""

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from lib import Key
from lib.cli.records import ArchiveRecord
from lib.schemes import Scheme, by_name, controls, names

FOLDER = Path(__file__).parent.parent / "data" / "vectors"
KEYS = {"seed 7": Key.from_seed(7), "bytes 0 to 31": Key(bytes(range(32)))}
IDS = [3, 2**63 + 5]
ANSWER = ("first", "shape", "SHA-256")
NOTE = (
    "the value at row r, column c, channel k of image i is "
    "(r * (r + 3 * k + 1) + 31 * c + 7 * r * c + 83 * k + 59 * i) mod 256"
)


def formula(shape) -> np.ndarray:
    """Images without symmetry, from whole numbers: no generator that may change one day."""
    i, r, c, k = np.indices(shape)
    return ((r * (r + 3 * k + 1) + 31 * c + 7 * r * c + 83 * k + 59 * i) % 256).astype(np.uint8)


def digest(array: np.ndarray) -> str:
    """SHA-256 of an array's values in C order, of two bytes, the lower first, where it is uint16."""
    return hashlib.sha256(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()).hexdigest()


# -- keys ----------------------------------------------------------------------------------------------------


def key_answers() -> dict:
    """For each key: its fingerprint, and draws of every kind by label and image."""
    out = {"source": "lib.keys: chunk j = SHAKE-256(secret | length of label | label | image | j)"}
    for name, key in KEYS.items():
        draws = []
        for label in ("", "example", "tanaka/block=4/bits=4/shuffle"):
            for image in (None, 0, 1, 2**63):
                images = None if image is None else [image]
                below = {
                    f"integers below {bound}": key.integers(label, bound, 24, images).ravel().tolist()
                    for bound in (2, 6, 8, 200, 256)
                }
                draws.append({
                    "label": label,
                    "image": image,
                    "bytes": key.bytes(label, 16, image=image).tobytes().hex(),
                    "bytes from 1048568": key.bytes(label, 16, 2**20 - 8, image).tobytes().hex(),
                    **below,
                    "permutation of 12": key.permutation(label, 12, image).tolist(),
                    "permutations of 3": key.permutations(label, 5, 3, image).tolist(),
                    "SHA-256 of permutations of 96": digest(key.permutations(label, 64, 96, image)),
                    "SHA-256 of 2000000 bytes": digest(key.bytes(label, 2_000_000, image=image)),
                })  # fmt: skip
        out[name] = {"fingerprint": key.fingerprint, "draws": draws}
    return out


# -- schemes -------------------------------------------------------------------------------------------------


def cases() -> list[dict]:
    """Every scheme with the settings that matter, each with one key for all images and with a key for
    each."""
    settings = {name: [{}] for name in (*names, *controls)}
    splits = [{"block": block, "bits": bits} for block in (2, 4, 8) for bits in (8, 4, 2, 1)] + [
        {"block": 3, "bits": 4}
    ]
    settings["tanaka"] = settings["ele"] = splits
    settings["skk"] = [{"colour_shuffle": True}, {"colour_shuffle": False}]
    for name in ("etc", "etc-gray", "shf", "np", "ffx"):
        settings[name] = [{"block": block} for block in (2, 3, 4, 8)]
    settings["block-pixel"] = [{"block": block, "whole_pixels": True} for block in (2, 3, 4, 8)]
    settings["block-pixel"] += [{"block": 4, "whole_pixels": False}]
    shares = [{"fixed_blocks": 0.61, "fixed_values": 0.651}, {"fixed_blocks": 0.0, "fixed_values": 0.25}]
    settings["restricted"] = [{"block": block, **share} for block in (3, 8) for share in shares]
    settings["cfe"] = [{"block": block, "own_keys": own} for block in (4, 8, 12) for own in (True, False)]
    out = []
    for name, every in settings.items():
        for fields in every:
            for published in (False, *by_name(name).published):
                for per_image in (True,) if by_name(name).control else (False, True):
                    out.append(
                        {
                            "scheme": name,
                            "version": 1,
                            **fields,
                            "as_published": published,
                            "per_image": per_image,
                        }
                    )
    return out


def shown(fields: dict) -> str:
    """The name of a case."""
    settings = [f"{name}={value}" for name, value in fields.items() if name not in ("scheme", "version")]
    return " ".join([fields["scheme"], *settings])


def cipher_of(fields: dict) -> np.ndarray:
    scheme = Scheme.from_dict(fields, KEYS["seed 7"])
    return scheme.encrypt(formula((2, 24, 48, 3)), ids=IDS if fields["per_image"] else None)


def answer(fields: dict) -> dict:
    cipher = cipher_of(fields)
    return {"first": cipher.ravel()[:12].tolist(), "shape": list(cipher.shape), "SHA-256": digest(cipher)}


def scheme_answers() -> dict:
    """For each case the digest of two ciphertexts of 24x48 pixels, and their first values."""
    images = formula((2, 24, 48, 3))
    about = {"key": "Key.from_seed(7)", "ids": IDS, "images": NOTE, "SHA-256 of the images": digest(images)}
    return {**about, "cases": {shown(fields): fields | answer(fields) for fields in cases()}}


# -- tags ----------------------------------------------------------------------------------------------------


def tagged_archive(key: Key) -> tuple[dict, dict[str, np.ndarray]]:
    """The record of an archive but for its tags, and its arrays, images and labels."""
    cipher = {
        "scheme": Scheme.from_dict({"scheme": "etc", "version": 1}, key).to_dict(),
        "key": key.fingerprint,
    }
    size = {"x": {"height": 3, "width": 5}}
    record = ArchiveRecord.new(**cipher, image=None, source="0123456789abcdef" * 2, arrays=size)
    return record.model_dump(), {"x": formula((2, 4, 6, 3)), "y": np.array([[3], [1]], "<i8")}


def tag_answers() -> dict:
    """For each key: what the tags are made with, a record without its tags, and these."""
    out = {"source": "lib.cli.records", "x": NOTE, "y": [[3], [1]]}
    for name, key in KEYS.items():
        fields, arrays = tagged_archive(key)
        secret = key.bytes("files/tag", 32).tobytes().hex()
        tags = ArchiveRecord(**fields).tagged(key, arrays).tags
        out[name] = {"key of the tags": secret, "record": fields, "tags": tags}
    return out


# -- compare -------------------------------------------------------------------------------------------------


def stored(name: str) -> dict:
    return json.loads((FOLDER / name).read_text())


@pytest.mark.parametrize("name", KEYS)
def test_streams_of_keys_are_what_they_always_were(name):
    known, now = stored("keys.json")[name], key_answers()[name]
    assert now["fingerprint"] == known["fingerprint"]
    assert len(now["draws"]) == len(known["draws"]) == 12
    for mine, theirs in zip(now["draws"], known["draws"], strict=True):
        assert mine == theirs


@pytest.mark.parametrize("name", stored("schemes.json")["cases"])
def test_ciphertexts_are_what_they_always_were(name):
    known = stored("schemes.json")["cases"][name]
    fields = {part: value for part, value in known.items() if part not in ANSWER}
    assert shown(fields) == name and answer(fields) == {part: known[part] for part in ANSWER}


@pytest.mark.parametrize("name", KEYS)
def test_tags_are_what_they_always_were(name):
    assert tag_answers()[name] == stored("tags.json")[name]


def test_every_case_and_image_is_the_one_that_was_stored():
    """A scheme that has vectors has all of them; one of your own has none until they are written."""
    known = stored("schemes.json")
    schemes = {case["scheme"] for case in known["cases"].values()}
    assert schemes >= {"tanaka", "ele", "skk", "etc", "etc-gray", "shf", "np", "ffx", "otp"}
    assert list(known["cases"]) == [shown(fields) for fields in cases() if fields["scheme"] in schemes]
    assert len({case["SHA-256"] for case in known["cases"].values()}) == len(known["cases"])
    assert (
        known["SHA-256 of the images"] == digest(formula((2, 24, 48, 3)))
        and known["images"] == NOTE
        and known["ids"] == IDS
    )


def test_vectors_are_not_overwritten_unless_asked(tmp_path, capsys):
    assert main([], tmp_path) == 1 and not list(tmp_path.iterdir())
    assert "--write" in capsys.readouterr().err
    (tmp_path / "keys.json").write_text("old")
    assert main(["--write"], tmp_path, {"keys.json": dict, "schemes.json": dict}) == 0
    assert (tmp_path / "keys.json").read_text() == (tmp_path / "schemes.json").read_text() == "{}\n"
    assert len(list(tmp_path.iterdir())) == 2


# -- write ---------------------------------------------------------------------------------------------------


def lines(answers: dict) -> str:
    """JSON with each draw and each case on a line of its own."""
    text = json.dumps(answers, separators=(",", ": "))
    text = re.sub(r'"[^"]+": {"scheme"', r"\n\g<0>", text)
    for opening in ('{"label"', '"seed 7"', '"bytes 0 to 31"', '"cases"'):
        text = text.replace(opening, "\n" + opening)
    return text + "\n"


VECTORS = {"keys.json": key_answers, "schemes.json": scheme_answers, "tags.json": tag_answers}


def main(arguments, folder=FOLDER, files=None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.test_known_answers")
    parser.add_argument(
        "--write",
        action="store_true",
        help="write the vectors anew, which declares all earlier ciphertexts void",
    )
    if not parser.parse_args(arguments).write:
        print(
            "nothing written: --write replaces the vectors, and all earlier ciphertexts with them",
            file=sys.stderr,
        )
        return 1
    for name, answers in (files or VECTORS).items():
        temporary = folder / f".{name}.tmp"
        temporary.write_text(lines(answers()))
        temporary.replace(folder / name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
