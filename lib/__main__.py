"""The shell: `python -m lib --help`. One function a command; the work is done in `lib.batch` and below."""

import argparse
import inspect
import sys
from functools import partial
from pathlib import Path

from lib import Key
from lib.schemes import by_name, names

ABOUT = """\
Encrypt images so that a network can still learn from them, and decrypt them again.

  python -m lib key new key.json
  python -m lib encrypt photos cipher --scheme etc --key key.json
  python -m lib decrypt cipher back --key key.json
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


def main(argv=None) -> int:
    """Run a command; the exit status: 0, 1 where something failed, 2 for a wrong call, 130 when interrupted."""
    parser = build_parser()
    args = parser.parse_args(argv)
    from lib.batch import describe

    try:
        return args.command(args)
    except argparse.ArgumentError as error:
        args.parser.error(str(error))
    except KeyboardInterrupt:
        print("stopped; run the same command again to go on", file=sys.stderr)
        return 130
    except (OSError, ValueError, RuntimeError) as error:
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
    return parser


# -- key --------------------------------------------------------------------------------------------------------------


def add_key(commands):
    key = commands.add_parser("key", help="make a key").add_subparsers(metavar="COMMAND", required=True)
    new = key.add_parser("new", help="write a new key of 256 bits")
    new.add_argument("path", type=Path, metavar="KEY.json")
    new.set_defaults(command=key_new, parser=new)


def key_new(args) -> int:
    key = Key.generate()
    key.save(args.path)
    print(f"{args.path}: key {key.fingerprint[:8]}. Keep a copy in a safe place: without it nothing can be decrypted.")
    return 0


def load_key(path: Path) -> Key:
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such key file; python -m lib key new {path} makes a new one")
    key = Key.load(path)
    if key.origin.startswith("UNSAFE"):
        print(f"note: {path} is unsafe, a key for lessons: {key.origin.removeprefix('UNSAFE: ')}", file=sys.stderr)
    return key


# -- encrypt ----------------------------------------------------------------------------------------------------------


def add_encrypt(parser):
    add_common(parser)
    parser.add_argument("--scheme", required=True, choices=(*names, "otp"))
    parser.add_argument(
        "--block", type=count, metavar="N", help="side of a block in pixels; 4 if not given, 8 for etc-gray"
    )
    parser.add_argument(
        "--bits", type=int, choices=(8, 4, 2, 1), help="tanaka, ele: bits of the parts that are shuffled"
    )
    parser.add_argument(
        "--no-colour-shuffle", dest="colour_shuffle", action="store_false", default=None, help="skk: signs only"
    )
    parser.add_argument("--per-image", action="store_true", default=None, help="a key of its own for every image")
    parser.add_argument(
        "--as-published",
        nargs="?",
        const=True,
        metavar="NAME",
        help="what a public code computes instead; give it last",
    )
    parser.add_argument(
        "--jpeg", type=quality, metavar="QUALITY", help="etc, etc-gray: JPEG of quality 1..100 in place of PNG; loses"
    )
    parser.add_argument(
        "--subsampling", choices=("4:4:4", "4:2:0"), help="colour resolution of --jpeg, 4:4:4 if not given"
    )
    parser.set_defaults(command=encrypt, parser=parser)


def encrypt(args) -> int:
    from lib import batch
    from lib.archives import encrypt_archive
    from lib.files import check_output, encrypt_in_worker, settings_text

    key = load_key(args.key)
    scheme, jpeg, archive = scheme_of_options(args, key), jpeg_of_options(args), is_archive(args.source)
    if not archive:
        try:
            check_output(scheme, jpeg)
        except ValueError as error:
            raise usage(error) from None
    elif jpeg:
        raise usage("--jpeg is for images, and an .npz holds arrays")
    plan = batch.plan(args.source, args.target, ".npz" if archive else ".jpg" if jpeg else ".png")
    warn_of_loss(scheme, jpeg)
    options = {"overwrite": args.overwrite}
    if archive:
        return report("encrypted", args, plan, partial(encrypt_archive, scheme=scheme, workers=args.workers, **options))
    options |= {"fields": settings_text(scheme.to_dict()), "key": key, "jpeg": jpeg}
    return report("encrypted", args, plan, partial(encrypt_in_worker, **options))


def scheme_of_options(args, key):
    kind = by_name(args.scheme)
    given = {name: getattr(args, name) for name in ("block", "bits", "colour_shuffle", "per_image", "as_published")}
    given = {name: value for name, value in given.items() if value is not None}
    for name in given:
        if name not in inspect.signature(kind).parameters:
            option = "--no-colour-shuffle" if name == "colour_shuffle" else f"--{name}"
            raise usage(f"{args.scheme} has no {option}")
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
        print("note: etc-gray converts colours, so decrypted pixels are exact up to rounding", file=sys.stderr)
    if jpeg:
        side = 16 if scheme.name == "etc" and jpeg["subsampling"] == "4:2:0" else 8
        more = f", and more where blocks of {scheme.block} are no multiple of {side}" if scheme.block % side else ""
        print(f"note: JPEG loses: decrypted pixels will not be exact{more}", file=sys.stderr)


# -- decrypt ----------------------------------------------------------------------------------------------------------


def add_decrypt(parser):
    add_common(parser)
    parser.add_argument("--scheme", choices=(*names, "otp"), help="fail for files of another scheme")
    parser.set_defaults(command=decrypt, parser=parser)


def decrypt(args) -> int:
    from lib import batch
    from lib.archives import decrypt_archive
    from lib.files import decrypt_file

    key, archive = load_key(args.key), is_archive(args.source)
    plan = batch.plan(args.source, args.target, ".npz" if archive else ".png", batch.CIPHER)
    work = partial(decrypt_archive, workers=args.workers) if archive else decrypt_file
    return report("decrypted", args, plan, partial(work, key=key, name=args.scheme, overwrite=args.overwrite))


# -- shared -----------------------------------------------------------------------------------------------------------


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
    from lib.batch import run

    tally = run(work, plan.jobs, args.workers)
    for note, number in tally.notes.items():
        print(f"note: {number:,} file{'s' * (number != 1)}: {note}", file=sys.stderr)
    if plan.left:
        print(
            f"note: {len(plan.left):,} other file{'s' * (len(plan.left) != 1)} left alone, such as {plan.left[0]}",
            file=sys.stderr,
        )
    print_failures(tally, len(plan.jobs))
    print(
        f"{verb} {tally.done:,}, skipped {tally.skipped:,} done before, failed {len(tally.failed):,}, "
        f"in {tally.seconds:.1f} s"
    )
    return 1 if tally.failed else 0


def print_failures(tally, number):
    failed = tally.failed
    if len(failed) == number > 10 and len({outcome.error for outcome in failed}) == 1:
        print(f"failed: all {number:,} files: {failed[0].error}", file=sys.stderr)
    else:
        for outcome in failed:
            print(f"failed: {outcome.job.source}: {outcome.error}", file=sys.stderr)
    if tally.stopped:
        print(
            "error: stopped, for no other file would fare better; run the same command again to go on", file=sys.stderr
        )


def is_archive(path: Path) -> bool:
    return path.suffix.lower() == ".npz" and not path.is_dir()


def usage(message) -> argparse.ArgumentError:
    return argparse.ArgumentError(None, str(message))


def count(text) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 on, got {text!r}")
    return int(text)


def quality(text) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"expected a quality from 1 to 100, got {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
