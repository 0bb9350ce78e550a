"""The shell: `python -m lib --help`. One function a command; the work is done in `lib.cli.jobs` and below."""

import argparse
import importlib
import inspect
import re
import sys
import time
from functools import partial
from pathlib import Path

from lib import Key
from lib.schemes import NO_KEY, by_name, names

ABOUT = """\
Encrypt images so that a network can still learn from them, and decrypt them again; train that network, and ask it.

  python -m lib key new key.json
  python -m lib encrypt photos cipher --scheme etc --key key.json
  python -m lib decrypt cipher back --key key.json
  python -m lib train --data folder:cipher --model blocknet --out model
  python -m lib predict cipher/test answers.csv --model model
  python -m lib attack table-reader --cipher cipher --oracle-key key.json --out read
  python -m lib sweep notebooks/grids/jpeg_quality.yaml --out jpeg
"""
SOURCES = """\
SRC is an image, a folder of images, or an .npz, and DST is of the same kind, outside SRC. In a folder, files that are
no images are left alone, and links are followed. What is done is skipped: to take up a run that was stopped, run it
again.
"""
PRIVACY = """\
Pixels, size and mode come back exactly, but for etc-gray and --jpeg: RGB, grey, black and white, with alpha or without;
a palette comes back as RGB or RGBA, a rotated photo upright. Nothing else of a source is copied: no EXIF, no GPS, no
colour profile. File names, sizes and modes, and the labels in an .npz, stay in clear.
"""
TRAINING = """\
DATA is photos, cifar10, cifar100, stl10, folder:PATH with PATH/train/CLASS/x.png and PATH/test/CLASS/x.png, or npz:PATH
with x_train, y_train, x_test, y_test. Plain images are encrypted on the way where a scheme and a key are given. What
python -m lib encrypt wrote is trained on as it is: with no scheme, and no key.

Each epoch is kept in DIR/checkpoint.pt: to take up a run that was stopped, run it again. At its end, DIR/weights.pt and
DIR/model.json are all that python -m lib predict needs.
"""
PREDICTING = """\
SRC is an image, a folder of images, or an .npz; DST is a .csv with a row for each: file, class, probability. Images are
taken as they are: for a network trained on ciphertexts, those that python -m lib encrypt wrote under the same scheme
and key. No key is needed. Where classes are known, from folders named like them or arrays y_..., accuracy is printed.
"""
ATTACKING = """\
Attack ciphertexts: an image, or a folder of images of one size under one key. Which scheme, block and split they are of,
ciphertexts of python -m lib encrypt say themselves; for others name them. The attack gets what its threat model allows and
no more: with --oracle-key an oracle that encrypts, with --pairs known images, else the ciphertexts alone.
"""
SWEEPING = """\
Run a notebook once for each combination of the values in GRID.yaml: in processes of this machine, or on the cluster of a Dask
scheduler whose machines see DIR under the same path. Names and types of parameters, DIR and workers are checked before
anything starts. DIR gets an executed notebook and a JSON for each run. Finished runs are skipped, failed ones run again: to
take up a sweep that was stopped, run it again. --collect makes DIR/table.csv, DIR/table.parquet and DIR/figure.png.
"""
SCHEME = ("block", "bits", "colour_shuffle", "per_image", "as_published")
RECIPE = ("epochs", "batch", "rate", "weight_decay", "smoothing", "crop", "flip", "augment", "average", "flip_test",
          "bfloat16", "seed")  # fmt: skip


def main(argv=None) -> int:
    """Run a command; the exit status: 0, 1 where something failed, 2 for a wrong call, 130 when
    interrupted."""
    parser = build_parser()
    args = parser.parse_args(argv)
    from lib.cli.jobs import describe

    try:
        return args.command(args)
    except argparse.ArgumentError as error:
        args.parser.error(str(error))
    except KeyboardInterrupt:
        print("stopped; run the same command again to go on", file=sys.stderr)
        return 130
    except (OSError, ValueError, RuntimeError, ArithmeticError) as error:
        print(f"error: {describe(error)}", file=sys.stderr)
        return 1


def build_parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m lib", description=ABOUT, formatter_class=raw)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    add_key(commands)
    encrypting = commands.add_parser(
        "encrypt", help="encrypt images", description=SOURCES, epilog=PRIVACY, formatter_class=raw
    )
    add_encrypt(encrypting)
    decrypting = commands.add_parser(
        "decrypt", help="decrypt images", description=SOURCES, epilog=PRIVACY, formatter_class=raw
    )
    add_decrypt(decrypting)
    training = commands.add_parser("train", help="train a network", description=TRAINING, formatter_class=raw)
    add_train(training)
    predicting = commands.add_parser(
        "predict", help="classify images", description=PREDICTING, formatter_class=raw
    )
    add_predict(predicting)
    attacking = commands.add_parser(
        "attack", help="attack ciphertexts", description=ATTACKING, formatter_class=raw
    )
    add_attack(attacking)
    sweeping = commands.add_parser(
        "sweep", help="run a notebook over parameters", description=SWEEPING, formatter_class=raw
    )
    add_sweep(sweeping)
    return parser


# -- key -----------------------------------------------------------------------------------------------------


def add_key(commands):
    key = commands.add_parser("key", help="make a key").add_subparsers(metavar="COMMAND", required=True)
    new = key.add_parser("new", help="write a new key of 256 bits")
    new.add_argument("path", type=Path, metavar="KEY.json")
    new.set_defaults(command=key_new, parser=new)


def key_new(args) -> int:
    key = Key.generate()
    key.save(args.path)
    print(
        f"{args.path}: key {key.fingerprint[:8]}. Keep a copy in a safe place: without it nothing can be decrypted."
    )
    return 0


def load_key(path: Path) -> Key:
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such key file; python -m lib key new {path} makes a new one")
    key = Key.load(path)
    if key.origin.startswith("UNSAFE"):
        print(
            f"note: {path} is unsafe, a key for lessons: {key.origin.removeprefix('UNSAFE: ')}",
            file=sys.stderr,
        )
    return key


# -- encrypt -------------------------------------------------------------------------------------------------


def add_encrypt(parser):
    add_common(parser)
    add_scheme(parser, required=True)
    parser.add_argument(
        "--jpeg",
        type=quality,
        metavar="QUALITY",
        help="etc, etc-gray: JPEG of quality 1..100 in place of PNG; loses",
    )
    parser.add_argument(
        "--subsampling", choices=("4:4:4", "4:2:0"), help="colour resolution of --jpeg, 4:4:4 if not given"
    )
    parser.set_defaults(command=encrypt, parser=parser)


def add_scheme(parser, required):
    parser.add_argument("--scheme", required=required, choices=(*names, "otp"))
    parser.add_argument(
        "--block", type=count, metavar="N", help="side of a block in pixels; 4 if not given, 8 for etc-gray"
    )
    parser.add_argument(
        "--bits", type=int, choices=(8, 4, 2, 1), help="tanaka, ele: bits of the parts that are shuffled"
    )
    parser.add_argument(
        "--no-colour-shuffle",
        dest="colour_shuffle",
        action="store_false",
        default=None,
        help="skk: signs only",
    )
    parser.add_argument(
        "--per-image", action="store_true", default=None, help="a key of its own for every image"
    )
    parser.add_argument(
        "--as-published",
        nargs="?",
        const=True,
        metavar="NAME",
        help="what a public code computes instead; give it last",
    )


def encrypt(args) -> int:
    from lib.cli import jobs
    from lib.cli.archives import encrypt_archive
    from lib.cli.image_files import check_output, encrypt_in_worker, settings_text

    key = load_key(args.key)
    scheme, jpeg, archive = scheme_of_options(args, key), jpeg_of_options(args), is_archive(args.source)
    if not archive:
        try:
            check_output(scheme, jpeg)
        except ValueError as error:
            raise usage(error) from None
    elif jpeg:
        raise usage("--jpeg is for images, and an .npz holds arrays")
    plan = jobs.plan(args.source, args.target, ".npz" if archive else ".jpg" if jpeg else ".png")
    warn_of_loss(scheme, jpeg)
    options = {"overwrite": args.overwrite}
    if archive:
        return report(
            "encrypted", args, plan, partial(encrypt_archive, scheme=scheme, workers=args.workers, **options)
        )
    options |= {"fields": settings_text(scheme.to_dict()), "key": key, "jpeg": jpeg}
    return report("encrypted", args, plan, partial(encrypt_in_worker, **options))


def scheme_of_options(args, key):
    kind = by_name(args.scheme)
    given = options_given(args, SCHEME)
    for name in given:
        if name not in inspect.signature(kind).parameters:
            raise usage(f"{args.scheme} has no {flag(name)}")
    try:
        return kind(key, **given)
    except ValueError as error:
        raise usage(error) from None


def jpeg_of_options(args):
    if args.jpeg is None:
        if args.subsampling:
            raise usage("--subsampling needs --jpeg")
        return None
    return {"quality": args.jpeg, "subsampling": args.subsampling or "4:4:4"}


def warn_of_loss(scheme, jpeg):
    if not scheme.invertible and scheme.as_published:
        print(f"note: {scheme.name} as in {scheme.as_published} cannot be decrypted", file=sys.stderr)
    if scheme.name == "etc-gray":
        print(
            "note: etc-gray converts colours, so decrypted pixels are exact up to rounding", file=sys.stderr
        )
    if jpeg:
        side = 16 if scheme.name == "etc" and jpeg["subsampling"] == "4:2:0" else 8
        more = (
            f", and more where blocks of {scheme.block} are no multiple of {side}"
            if scheme.block % side
            else ""
        )
        print(f"note: JPEG loses: decrypted pixels will not be exact{more}", file=sys.stderr)


def options_given(args, names) -> dict:
    return {name: getattr(args, name) for name in names if getattr(args, name) is not None}


# -- decrypt -------------------------------------------------------------------------------------------------


def add_decrypt(parser):
    add_common(parser)
    parser.add_argument("--scheme", choices=(*names, "otp"), help="fail for files of another scheme")
    parser.set_defaults(command=decrypt, parser=parser)


def decrypt(args) -> int:
    from lib.cli import jobs
    from lib.cli.archives import decrypt_archive
    from lib.cli.image_files import decrypt_file

    key, archive = load_key(args.key), is_archive(args.source)
    plan = jobs.plan(args.source, args.target, ".npz" if archive else ".png", jobs.CIPHER)
    work = partial(decrypt_archive, workers=args.workers) if archive else decrypt_file
    return report("decrypted", args, plan, partial(work, key=key, name=args.scheme, overwrite=args.overwrite))


# -- train and predict ---------------------------------------------------------------------------------------


class Names:
    """The names in a tuple of a module that takes seconds to import: only when somebody looks at them."""

    def __init__(self, module, attribute):
        self.module, self.attribute = module, attribute

    def __iter__(self):
        return iter(getattr(importlib.import_module(self.module), self.attribute))


def add_train(parser):
    parser.add_argument("--data", required=True, metavar="DATA")
    parser.add_argument(
        "--model", required=True, choices=Names("lib.models", "names"), metavar="NAME", help="%(choices)s"
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR")
    parser.add_argument(
        "--adaptation",
        choices=Names("lib.models", "adaptations"),
        metavar="NAME",
        help="put in front: %(choices)s",
    )
    parser.add_argument(
        "--patch",
        type=count,
        metavar="N",
        help="side of the blocks that a network reads; the cipher's, or 4, if not given",
    )
    parser.add_argument(
        "--limit", type=count, metavar="N", help="at most so many images of each split, classes balanced"
    )
    add_machine(parser)
    cipher = parser.add_argument_group("encryption of plain images, before or while training")
    add_scheme(cipher, required=False)
    cipher.add_argument("--key", type=Path, metavar="KEY.json")
    add_recipe(parser.add_argument_group("recipe: AdamW, the rate on one cycle"))
    parser.set_defaults(command=train, parser=parser)


def add_recipe(group):
    add = group.add_argument
    add("--epochs", type=count, metavar="N", help="10 if not given")
    add("--batch", type=count, metavar="N", help="images a step, 128 if not given")
    add("--rate", type=real, metavar="X", help="the highest learning rate, 0.003 if not given")
    add("--weight-decay", type=real, metavar="X", help="0.05 if not given")
    add("--smoothing", type=share, metavar="X", help="of labels, from 0 to 1; 0 if not given")
    add(
        "--crop",
        type=whole,
        metavar="N",
        help="shift images by up to so many pixels at random; 0 if not given",
    )
    add("--flip", action="store_true", default=None, help="mirror every second image, at random")
    add(
        "--augment",
        choices=("before", "after"),
        help="shift and mirror before encryption (if not given), or after it",
    )
    add(
        "--average",
        type=share,
        metavar="X",
        help="decay of a running mean of the weights, such as 0.99; none if not given",
    )
    add(
        "--flip-test",
        action="store_true",
        default=None,
        help="when testing, add the scores of the mirrored image",
    )
    add("--bfloat16", action="store_true", default=None, help="compute in bfloat16 where the device has it")
    add("--seed", type=whole, metavar="N", help="of all that is drawn in training; 0 if not given")


def train(args) -> int:
    scheme = scheme_of_training(args)
    from lib.cli import model_folder
    from lib.training import Recipe

    network = {"name": args.model, "adaptation": args.adaptation, "block": args.patch}
    recipe = options_given(args, RECIPE)
    run, before = model_folder.train(
        args.data, network, args.out, recipe, scheme=scheme, limit=args.limit, device=model_folder.device_of(args.device),
        threads=args.threads, progress=sys.stderr.isatty() or epoch_lines(Recipe(**recipe).epochs),
    )  # fmt: skip
    last = run.history[-1]
    tested = f", test accuracy {last['test_accuracy']:.4f}" if "test_accuracy" in last else ", no test images"
    print(f"{args.out}: {'was finished before' if before else 'finished'}, {last['epoch']} epochs{tested}")
    return 0


def scheme_of_training(args):
    if args.scheme is None:
        for name in ("key", *SCHEME):
            if getattr(args, name) is not None:
                raise usage(f"{flag(name)} needs --scheme; data that are encrypted already need neither")
        return None
    if args.key is None:
        raise usage("--scheme needs --key; python -m lib key new KEY.json makes one")
    return scheme_of_options(args, load_key(args.key))


def epoch_lines(epochs):
    """Where no terminal shows a bar: a line an epoch, with the time that is left by those of this call."""
    start, done = time.monotonic(), []

    def line(entry):
        done.append(entry)
        left = (time.monotonic() - start) / len(done) * (epochs - entry["epoch"])
        tested = f", test accuracy {entry['test_accuracy']:.4f}" if "test_accuracy" in entry else ""
        print(
            f"epoch {entry['epoch']} of {epochs}: loss {entry['loss']:.4f}{tested}; {left:.0f} s to go",
            file=sys.stderr,
            flush=True,
        )

    return line


def add_predict(parser):
    parser.add_argument("source", type=Path, metavar="SRC")
    parser.add_argument("target", type=Path, metavar="DST")
    parser.add_argument(
        "--model", required=True, type=Path, metavar="DIR", help="the folder that train wrote"
    )
    parser.add_argument("--overwrite", action="store_true", help="write DST anew if it exists")
    add_machine(parser)
    parser.set_defaults(command=predict, parser=parser)


def predict(args) -> int:
    if args.target.suffix.lower() != ".csv":
        raise usage(f"DST is a table; name it {args.target.with_suffix('.csv')}")
    if args.target.exists() and not args.overwrite:
        raise FileExistsError(f"{args.target} exists; choose another name, or overwrite it (--overwrite)")
    from lib.cli import model_folder, predictions

    model = model_folder.load(args.model, model_folder.device_of(args.device))
    answers = predictions.predict(model, args.source, threads=args.threads)
    predictions.write(answers, args.target, args.overwrite)
    note_left(answers.left)
    for line in predictions.mismatches(model, answers):
        print(f"warning: {line}", file=sys.stderr)
    print("\n".join([f"{args.target}: {len(answers.rows):,} rows", *predictions.accuracies(answers)]))
    return 0


# -- attack --------------------------------------------------------------------------------------------------


def add_attack(parser):
    names = Names("lib.attacks.catalogue", "names")
    parser.add_argument("name", choices=names, metavar="NAME", help="%(choices)s")
    parser.add_argument("--cipher", type=Path, required=True, metavar="SRC", help="ciphertexts under attack")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="for pictures and result.json")
    parser.add_argument(
        "--oracle-key", dest="key", type=Path, metavar="KEY.json", help="for chosen plaintext"
    )
    parser.add_argument(
        "--pairs", nargs=2, type=Path, metavar=("PLAIN", "CIPHERS"), help="for known plaintext"
    )
    parser.add_argument(
        "--truth", type=Path, metavar="PLAIN", help="plain images to score by, once the attack is over"
    )
    parser.add_argument("--overwrite", action="store_true", help="write anew what exists in DIR")
    add_scheme(parser.add_argument_group("of ciphertexts without a record"), required=False)
    parser.set_defaults(command=attack, parser=parser)


def attack(args) -> int:
    from lib.attacks import oracle_for
    from lib.attacks.catalogue import by_name as attack_by_name
    from lib.cli import attack_files

    chosen, ciphers = attack_by_name(args.name), attack_files.Pictures(args.cipher, args.scheme)
    key = load_key(args.key) if args.key else None
    if key and ciphers.keys - {key.fingerprint}:
        raise ValueError(f"{args.cipher}: encrypted with another key than {args.key}, which this oracle uses")
    scheme = scheme_under_attack(args, ciphers.fields, key or NO_KEY)
    if not chosen.fits(scheme):
        fitting = ", ".join(name for name in names if chosen.fits(by_name(name)(NO_KEY)))
        raise ValueError(f"{args.name} is no attack on {scheme.label}; it is made for {fitting}")
    attack_files.targets_in(args.out, ciphers, args.overwrite)
    known = attack_files.known_of(chosen, ciphers, scheme, oracle_for(scheme) if key else None, args.pairs)
    result = chosen.run(known, **chosen.options(scheme))
    facts = attack_files.write(result, chosen, ciphers, args.out, args.truth, args.overwrite)
    print(
        f"{args.out}: {facts['images']:,} images, {facts['queries']} queries, {facts['seconds']:.2f} s, "
        f"confidence {facts['confidence']:.2f}"
    )
    for name, score in facts.get("scores", {}).items():
        print(f"{name:<24}{'exact' if score is None else format(score, '.3f'):>8}")
    return 0


def scheme_under_attack(args, fields, key):
    from lib.schemes import Scheme

    if fields and args.scheme is None:
        return Scheme.from_dict(fields, key)
    if args.scheme is None:
        raise usage(
            "the ciphertexts hold no record of their scheme; name it with --scheme, and --block where it is not 4"
        )
    return scheme_of_options(args, key)


# -- sweep ---------------------------------------------------------------------------------------------------


def add_sweep(parser):
    parser.add_argument(
        "grid", nargs="?", type=Path, metavar="GRID.yaml", help="such as those in notebooks/grids"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="for the runs")
    parser.add_argument("--scheduler", metavar="tcp://HOST:PORT", help="of a Dask cluster that runs already")
    parser.add_argument(
        "--workers", type=count, metavar="N", help="processes on this machine; one a core if not given"
    )
    parser.add_argument("--overwrite", action="store_true", help="run anew what is finished")
    parser.add_argument(
        "--collect", type=Path, metavar="DIR", help="make a table and a figure of the runs in DIR"
    )
    parser.set_defaults(command=sweep, parser=parser)


def sweep(args) -> int:
    if args.collect:
        if args.grid or args.out or args.scheduler or args.workers or args.overwrite:
            raise usage("--collect DIR stands alone")
        return collect(args.collect)
    if not args.grid or not args.out:
        raise usage("expected GRID.yaml and --out DIR, or --collect DIR")
    if args.scheduler and args.workers:
        raise usage("--workers is for this machine; a cluster has as many as were started")
    from lib.workbook.sweeps import experiments, grids

    grid, started = grids.read_grid(args.grid), time.monotonic()
    runs = grid.runs()
    print(f"{grid.title}: {len(runs)} runs of {grid.notebook.name}", file=sys.stderr)
    done = experiments.sweep(runs, args.out, grid.title, args.scheduler, args.workers, args.overwrite)
    failed, before = [facts["status"] != "finished" for facts in done], [facts["before"] for facts in done]
    ran = len(done) - sum(failed) - sum(before)
    for note in experiments.notes(done):
        print(f"note: {note}", file=sys.stderr)
    print(
        f"{args.out}: finished {ran}, skipped {sum(before)} done before, failed {sum(failed)}, "
        f"in {time.monotonic() - started:.1f} s; python -m lib sweep --collect {args.out} makes a table"
    )
    return 1 if any(failed) else 0


def collect(folder: Path) -> int:
    from lib.workbook.sweeps import collected

    table, notes = collected.collect(folder)
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    for path in collected.write(folder, table):
        print(path)
    print(f"{len(table)} rows, {', '.join(table)}")
    return 0


def add_machine(parser):
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="auto: a GPU where there is one"
    )
    parser.add_argument("--threads", type=count, default=1, metavar="N", help="of the CPU, 1 if not given")


# -- shared --------------------------------------------------------------------------------------------------


def add_common(parser):
    parser.add_argument("source", type=Path, metavar="SRC")
    parser.add_argument("target", type=Path, metavar="DST")
    parser.add_argument("--key", type=Path, required=True, metavar="KEY.json")
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="write anew what exists; otherwise done files are skipped, others an error",
    )
    parser.add_argument("--workers", type=count, metavar="N", help="processes; one a core if not given")


def report(verb, args, plan, work) -> int:
    """Run the plan and print what became of it; the exit status."""
    from lib.cli.jobs import run

    tally = run(work, plan.jobs, args.workers)
    for note, number in tally.notes.items():
        print(f"note: {number:,} file{'s' * (number != 1)}: {note}", file=sys.stderr)
    note_left(plan.left)
    print_failures(tally, len(plan.jobs))
    print(
        f"{verb} {tally.done:,}, skipped {tally.skipped:,} done before, failed {len(tally.failed):,}, "
        f"in {tally.seconds:.1f} s"
    )
    return 1 if tally.failed else 0


def note_left(files):
    if files:
        several = "s" * (len(files) != 1)
        print(f"note: {len(files):,} other file{several} left alone, such as {files[0]}", file=sys.stderr)


def print_failures(tally, number):
    failed = tally.failed
    if len(failed) == number > 10 and len({outcome.error for outcome in failed}) == 1:
        print(f"failed: all {number:,} files: {failed[0].error}", file=sys.stderr)
    else:
        for outcome in failed:
            print(f"failed: {outcome.job.source}: {outcome.error}", file=sys.stderr)
    if tally.stopped:
        print(
            "error: stopped, for no other file would fare better; run the same command again to go on",
            file=sys.stderr,
        )


def is_archive(path: Path) -> bool:
    return path.suffix.lower() == ".npz" and not path.is_dir()


def usage(message) -> argparse.ArgumentError:
    return argparse.ArgumentError(None, str(message))


def flag(name) -> str:
    return "--no-colour-shuffle" if name == "colour_shuffle" else f"--{name.replace('_', '-')}"


def count(text) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 on, got {text!r}")
    return int(text)


def whole(text) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 on, got {text!r}")
    return int(text)


def real(text) -> float:
    if not re.fullmatch(r"\d*\.?\d+(e-?\d+)?", text):
        raise argparse.ArgumentTypeError(f"expected a number from 0 on, got {text!r}")
    return float(text)


def share(text) -> float:
    if not real(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to less than 1, got {text!r}")
    return float(text)


def quality(text) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"expected a quality from 1 to 100, got {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
