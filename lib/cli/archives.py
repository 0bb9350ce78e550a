"""An .npz of image arrays (`x_train, y_train, x_test, y_test` and the like), encrypted and decrypted.

Every uint8 array `(n, h, w, 3)` is encrypted, padded to whole blocks; arrays of at most two dimensions
(labels) are copied as they are, in clear, and any other is an error. The array `record` is a string, JSON as
in `lib.cli.image_files`, with height and width of each encrypted array. Where each image has a key of its
own, `NAME_ids` holds the ids of array NAME: 63 fresh random bits each.

A decrypted archive holds exactly the arrays of the first one; its zip comment names the SHA-256 of its
ciphertext.
"""

import hashlib
import json
import os
import secrets
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lib.atomic import skip_if, whole_file
from lib.cli.image_files import (
    FORMAT,
    PROOF,
    Done,
    cached_scheme,
    parse_record,
    record_head,
    scheme_of,
    settings_text,
)
from lib.cli.jobs import spread
from lib.images import crop, pad
from lib.keys import Key
from lib.schemes import Scheme

RECORD, IDS = "record", "_ids"
SLICE = 500  # images worked on at once
POOL_IMAGES = 5000  # from here on, processes pay where each image has a key of its own


def encrypt_archive(
    source, target, scheme: Scheme, overwrite: bool = False, workers: int | None = None
) -> Done:
    """Encrypt the arrays of images in the .npz `source` into the .npz `target`.

    A target that holds this source under this scheme and key is skipped. Errors: FileExistsError for any
    other target; OSError; ValueError for an archive without images, or with arrays of pictures that schemes
    do not take.
    """
    target, digest = Path(target), _digest(source)
    if not overwrite and os.path.lexists(target):
        found = _existing(target, _record) or {}
        head = record_head(scheme, found.get("image"), digest)
        done = all(found.get(field) == value for field, value in head.items())
        skip_if(done, "ciphertext of this source under this scheme and key")
        return Done(skipped=True)
    with _opened(source) as archive:
        images, copied = _sorted(archive)
        record = record_head(scheme, secrets.randbits(63) if scheme.per_image else None, digest)
        record["arrays"] = {array: {"height": shape[1], "width": shape[2]} for array, shape in images.items()}
        with whole_file(target, overwrite) as file, zipfile.ZipFile(file, "w") as out:
            for array in archive.files:
                if array in copied:
                    _write(out, array, archive[array])
                else:
                    _encrypt_array(out, array, archive[array], scheme, workers)
            _write(out, RECORD, np.array(json.dumps(record)))
    return Done(False, f"copied in clear: {', '.join(copied)}" if copied else None)


def _encrypt_array(out, name, images, scheme, workers):
    ids = _fresh_ids(len(images)) if scheme.per_image else None
    _write(out, name, _work_through(images, ids, _encrypt_part, scheme, workers))
    if ids is not None:
        _write(out, name + IDS, ids)


def decrypt_archive(
    source, target, key: Key, name: str | None = None, overwrite: bool = False, workers: int | None = None
) -> Done:
    """Decrypt `source`, which `encrypt_archive` wrote, into `target`. `name`: the scheme that it has to be
    of.

    A target that names this very ciphertext as its origin is skipped. Errors: as in
    `lib.cli.image_files.decrypt_file`.
    """
    target = Path(target)
    with _opened(source) as archive:
        record = _record(archive)
        if record is None:
            raise ValueError("holds no record: it was never encrypted here")
        scheme, proof = scheme_of(record, key, name), f"{PROOF} sha256 {_digest(source)}"
        _check_arrays(record, archive, scheme)
        note = (
            "exact up to the rounding of etc-gray's colour conversion" if scheme.name == "etc-gray" else None
        )
        if not overwrite and os.path.lexists(target):
            done = _existing(target, lambda archive: archive.zip.comment.decode()) == proof
            skip_if(done, "archive decrypted from this ciphertext")
            return Done(True, note)
        with whole_file(target, overwrite) as file, zipfile.ZipFile(file, "w") as out:
            _decrypt_arrays(out, archive, record["arrays"], scheme, workers)
            out.comment = proof.encode()
    return Done(False, note)


def _decrypt_arrays(out, archive, sizes, scheme, workers):
    extra = {RECORD, *(name + IDS for name in sizes if scheme.per_image)}
    for name in archive.files:
        if name in sizes:
            work = partial(_decrypt_part, size=(sizes[name]["height"], sizes[name]["width"]))
            ids = archive[name + IDS] if scheme.per_image else None
            _write(out, name, _work_through(archive[name], ids, work, scheme, workers))
        elif name not in extra:
            _write(out, name, archive[name])


# -- images --------------------------------------------------------------------------------------------------


def _work_through(array, ids, work, scheme, workers):
    """`work` on the array slice by slice, over processes where each image has a key of its own and there are
    many."""
    parts = [slice(start, start + SLICE) for start in range(0, len(array), SLICE)]
    jobs = [(array[part], None if ids is None else ids[part]) for part in parts]
    work = partial(work, fields=settings_text(scheme.to_dict()), key=scheme.key)
    if workers is None:
        workers = (os.cpu_count() or 1) if ids is not None and len(array) >= POOL_IMAGES else 1
    out, start = None, 0
    with tqdm(total=len(array), unit=" images", disable=None) as bar:
        for part in spread(work, jobs, workers):
            out = np.empty((len(array), *part.shape[1:]), part.dtype) if out is None else out
            out[start : start + len(part)] = part
            start += len(part)
            bar.update(len(part))
    return out


def _encrypt_part(job, fields, key):
    images, ids = job
    scheme = cached_scheme(fields, key)
    return scheme.encrypt(pad(images, scheme.block), ids)


def _decrypt_part(job, fields, key, size):
    cipher, ids = job
    return crop(cached_scheme(fields, key).decrypt(cipher, ids), size)


def _fresh_ids(count):
    return np.frombuffer(secrets.token_bytes(8 * count), "<u8") >> np.uint64(1)


# -- look inside ---------------------------------------------------------------------------------------------


def find_record(path) -> dict | None:
    """The record of the .npz at `path`, None where it was never encrypted. ValueError for a damaged file or
    record."""
    with _opened(path) as archive:
        return _record(archive)


def read_arrays(path) -> dict[str, np.ndarray]:
    """All arrays of the .npz at `path`, as they are. ValueError for a damaged file."""
    with _opened(path) as archive:
        return {name: _read(archive, name) for name in archive.files}


# -- archives ------------------------------------------------------------------------------------------------


def _opened(path):
    with Path(path).open("rb") as file:  # for is_zipfile, a file that cannot be opened is no zip file
        if not zipfile.is_zipfile(file):
            raise ValueError("is no npz archive, or a broken one")
    try:
        return np.load(path, allow_pickle=False)
    except zipfile.BadZipFile as error:
        raise ValueError(f"is a broken npz archive ({error})") from None


def _sorted(archive):
    """{name: shape} of the arrays to encrypt, and the names of those to copy."""
    images, copied = {}, []
    for name in archive.files:
        array = _read(archive, name)
        if array.dtype == np.uint8 and array.ndim == 4 and array.shape[3] == 3 and array.size:
            images[name] = array.shape
        elif array.ndim > 2:
            raise ValueError(
                f"array {name}, {array.dtype} {array.shape}, holds neither images, uint8 (n, h, w, 3), nor labels; "
                "convert it, or take it out"
            )
        else:
            copied.append(name)
    if RECORD in copied:
        raise ValueError("is a ciphertext already, or has an array named record; decrypt it, or rename that")
    if not images:
        raise ValueError(f"holds no images, uint8 (n, h, w, 3); it has {', '.join(copied) or 'no arrays'}")
    clash = [name for name in archive.files if name.removesuffix(IDS) in images and name not in images]
    if clash:
        raise ValueError(f"has an array named {clash[0]}, which is where ids go; rename it")
    return images, copied


def _read(archive, name):
    try:
        return archive[name]
    except (ValueError, zipfile.BadZipFile, OSError, EOFError) as error:
        raise ValueError(f"array {name} cannot be read ({error})") from None


def _record(archive):
    if RECORD not in archive.files or archive[RECORD].ndim or archive[RECORD].dtype.kind != "U":
        return None
    text = str(archive[RECORD])
    return parse_record(text) if FORMAT in text else None


def _check_arrays(record, archive, scheme):
    arrays = record.get("arrays")
    if not isinstance(arrays, dict) or not arrays:
        raise ValueError("has a damaged record (arrays)")
    for name, size in arrays.items():
        needed = [name, name + IDS] if scheme.per_image else [name]
        missing = [array for array in needed if array not in archive.files]
        if missing:
            raise ValueError(f"lacks the array {missing[0]}; it was changed since it was encrypted")
        if not isinstance(size, dict) or not all(
            isinstance(size.get(side), int) for side in ("height", "width")
        ):
            raise ValueError(f"has a damaged record (size of {name})")


def _existing(target, question):
    """What `question` finds in the archive at `target`; None where that is none."""
    try:
        with _opened(target) as archive:
            return question(archive)
    except (IsADirectoryError, FileNotFoundError, ValueError, zipfile.BadZipFile):
        return None


def _write(out, name, array):
    with out.open(f"{name}.npy", "w", force_zip64=True) as file:
        np.lib.format.write_array(file, array, allow_pickle=False)


def _digest(path) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
