"""An .npz of image arrays (`x_train, y_train, x_test, y_test` and the like), encrypted and decrypted.

Every uint8 array `(n, h, w, 3)` is encrypted, padded to whole blocks; arrays of at most two dimensions
(labels) are copied in clear, and any other is an error. The array `record` is a string, see
`lib.cli.records`. Where each image has a key of its own, `NAME_ids` holds the ids of array NAME: 63 fresh
random bits each. Every array has a tag in the record, labels and ids too, so that a changed archive is
refused. The zip comment of a decrypted archive names the SHA-256 of its ciphertext.
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

from lib.atomic import is_done, whole_file
from lib.cli.image_files import PROOF, Done, rounding_of
from lib.cli.jobs import spread
from lib.cli.records import CIPHERTEXT, FORMAT, PARSED, RECORD, ArchiveRecord, Cipher, head, is_of, named
from lib.files import check_file
from lib.formats import parse
from lib.images import crop, pad
from lib.keys import Key
from lib.schemes import Scheme

IDS = "_ids"
SLICE = 500  # images worked on at once
POOL_IMAGES = 5000  # from here on, processes pay where each image has a key of its own


def encrypt_archive(source: Path, target: Path, scheme: Scheme, overwrite: bool = False,
                    workers: int | None = None) -> Done:  # fmt: skip
    """Encrypt the arrays of images in the .npz `source` into the .npz `target`, unless that holds them.

    Errors: FileExistsError for any other target; OSError; ValueError for an archive without images, or with
    pictures that schemes do not take.
    """
    about = _digest(source), scheme

    def is_ours(old):
        record = _record(old)
        return is_of(record, *about) and not record.changed(scheme.key, _all_of(old))

    if is_done(target, overwrite, lambda: _existing(target, is_ours), CIPHERTEXT):
        return Done(skipped=True)
    arrays, out, sizes = read_arrays(source), {}, {}
    copied = _copied(arrays)
    for name, array in arrays.items():
        if name in copied:
            out[name] = array
            continue
        ids = np.frombuffer(secrets.token_bytes(8 * len(array)), "<u8") >> np.uint64(1)
        sizes[name] = {"height": array.shape[1], "width": array.shape[2]}
        out[name] = _work_through(array, ids, scheme, None, workers)
        if scheme.per_image:
            out[name + IDS] = ids
    number = secrets.randbits(63) if scheme.per_image else None
    record = ArchiveRecord.new(**head(*about, number), arrays=sizes).tagged(scheme.key, out)
    _write(target, overwrite, out | {RECORD: np.array(json.dumps(record.model_dump()))})
    return Done(False, f"copied in clear: {', '.join(copied)}" if copied else None)


def decrypt_archive(source: Path, target: Path, key: Key, name: str | None = None, overwrite: bool = False,
                    unverified: bool = False, workers: int | None = None) -> Done:  # fmt: skip
    """Decrypt `source`, which `encrypt_archive` wrote, into `target`: as `image_files.decrypt_file`."""
    arrays = read_arrays(source)
    record = _record(arrays)
    if record is None:
        raise ValueError("holds no record: it was never encrypted here")
    warning = record.verify(key, arrays, unverified)
    scheme, proof = record.scheme_with(key, name), f"{PROOF} sha256 {_digest(source)}".encode()
    ids = [name + IDS for name in record.arrays if scheme.per_image]
    for needed in (*record.arrays, *ids):
        if needed not in arrays:
            raise ValueError(f"lacks the array {needed}; it was changed since it was encrypted")
    note, what = record.notes(rounding_of(scheme)), f"archive {PROOF} this ciphertext"
    if is_done(target, overwrite, lambda: _existing(target, lambda old: old.zip.comment) == proof, what):
        return Done(True, note, warning)
    out = {name: array for name, array in arrays.items() if name not in (RECORD, *ids)}
    for name, size in record.arrays.items():
        size = size.height, size.width
        out[name] = _work_through(arrays[name], arrays.get(name + IDS), scheme, size, workers)
    _write(target, overwrite, out, proof)
    return Done(False, note, warning)


def _work_through(array, ids, scheme, size, workers):
    """The array slice by slice, over processes where each of many images has a key of its own."""
    parts = [slice(start, start + SLICE) for start in range(0, len(array), SLICE)]
    jobs = [(array[part], ids[part] if scheme.per_image else None) for part in parts]
    if workers is None:
        workers = (os.cpu_count() or 1) if scheme.per_image and len(array) >= POOL_IMAGES else 1
    done = []
    with tqdm(total=len(array), unit=" images", disable=None) as bar:
        for part in spread(partial(_work, scheme=scheme, size=size), jobs, workers):
            done.append(part)
            bar.update(len(part))
    return np.concatenate(done)


def _work(job, scheme, size):
    """Images and their ids, encrypted; or decrypted, to a size."""
    images, ids = job
    return crop(scheme.decrypt(images, ids), size) if size else scheme.encrypt(pad(images, scheme.block), ids)


# -- archives ------------------------------------------------------------------------------------------------


def cipher_of_archive(path: Path) -> Cipher | None:
    """What made the images of the .npz at `path`: None for plain ones. ValueError for a damaged one."""
    with named(path), _opened(path) as archive:
        record = _record(archive)
    return record and record.cipher


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """All arrays of the .npz at `path`, as they are. ValueError for a damaged file."""
    with _opened(path) as archive:
        return _all_of(archive)


def is_archive(path: Path) -> bool:
    """Whether a path is taken for an .npz of arrays."""
    return path.suffix.lower() == ".npz" and not path.is_dir()


def are_images(array: np.ndarray) -> bool:
    """Whether these are uint8 (n, h, w, 3), one or more."""
    return array.dtype == np.uint8 and array.ndim == 4 and array.shape[3] == 3 and array.size > 0


def _opened(path):
    with check_file(path).open("rb") as file:  # for is_zipfile, a file that cannot be opened is no zip file
        if not zipfile.is_zipfile(file):
            raise ValueError("is no npz archive, or a broken one")
    try:
        return np.load(path, allow_pickle=False)
    except zipfile.BadZipFile as error:
        raise ValueError(f"is a broken npz archive ({error})") from None


def _all_of(archive):
    arrays = {}
    for name in archive.files:
        try:
            arrays[name] = archive[name]
        except (ValueError, zipfile.BadZipFile, OSError, EOFError) as error:
            raise ValueError(f"array {name} cannot be read ({error})") from None
    return arrays


def _copied(arrays):
    """The names of the arrays that are no images and stay in clear. ValueError where that would not do."""
    copied = [name for name, array in arrays.items() if not are_images(array)]
    for name in copied:
        if arrays[name].ndim > 2:
            neither = "neither images, uint8 (n, h, w, 3), nor labels; convert it, or take it out"
            raise ValueError(f"array {name}, {arrays[name].dtype} {arrays[name].shape}, holds {neither}")
        if name.endswith(IDS) and name.removesuffix(IDS) in arrays.keys() - set(copied):
            raise ValueError(f"has an array named {name}, which is where ids go; rename it")
    if RECORD in copied:
        raise ValueError("is a ciphertext already, or has an array named record; decrypt it, or rename that")
    if len(copied) == len(arrays):
        raise ValueError(f"holds no images, uint8 (n, h, w, 3); it has {', '.join(copied) or 'no arrays'}")
    return copied


def _record(archive):
    text = str(archive.get(RECORD, ""))
    return parse(ArchiveRecord, text, PARSED) if FORMAT in text else None


def _existing(target, question):
    """What `question` finds in the archive at `target`; None where that is none."""
    try:
        with _opened(target) as archive:
            return question(archive)
    except (IsADirectoryError, FileNotFoundError, ValueError, zipfile.BadZipFile):
        return None


def _write(target, overwrite, arrays, comment=b""):
    with whole_file(target, overwrite) as file, zipfile.ZipFile(file, "w") as out:
        for name, array in arrays.items():  # np.savez does not take every name
            with out.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
        out.comment = comment


def _digest(path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
