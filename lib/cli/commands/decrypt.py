"""SRC is what encrypt wrote, an image, a folder of images, or an .npz, and DST is of the same kind, outside
SRC. In a folder, files that are no images are left alone, and links are followed. What is done is skipped: to
take up a run that was stopped, run it again. Files that were changed since they were encrypted are refused.
"""

from argparse import ArgumentParser, Namespace
from functools import partial

from lib.cli.commands.encrypt import MORE as MORE
from lib.cli.jobs import work_through
from lib.cli.options import EVERY, add_files, load_key

HELP = "decrypt images"


def arguments(parser: ArgumentParser) -> None:
    """SRC, DST, key, scheme."""
    add_files(parser)
    parser.add_argument("--scheme", choices=EVERY, help="fail for files of another scheme")
    changed = "decrypt changed files as they are, each with a warning"
    parser.add_argument("--unverified", action="store_true", help=changed)


def run(args: Namespace) -> int:
    """Decrypt; the exit status."""
    from lib.cli import jobs
    from lib.cli.archives import decrypt_archive, is_archive
    from lib.cli.image_files import decrypt_file

    key, archive = load_key(args.key), is_archive(args.source)
    plan = jobs.plan(args.source, args.target, ".npz" if archive else ".png", jobs.CIPHER)
    work = partial(decrypt_archive, workers=args.workers) if archive else decrypt_file
    how = {"name": args.scheme, "overwrite": args.overwrite, "unverified": args.unverified}
    work = partial(work, key=key, **how)
    return work_through("decrypted", args, plan, work)
