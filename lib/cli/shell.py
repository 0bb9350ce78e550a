"""From the words of a command line to an exit status; `lib.__main__` says which commands there are."""

import argparse
import sys
from pathlib import Path
from types import ModuleType


def main(commands: tuple[ModuleType, ...], argv: list[str] | None = None) -> int:
    """Run a command; the exit status: 0, 1 for a failure, 2 for a wrong call, 130 when interrupted."""
    parser, words = build_parser(commands), sys.argv[1:] if argv is None else argv
    if nothing := [word for word in words if word.startswith("--") and word.endswith("=--")]:
        parser.error(f"{nothing[0]}: a value is missing")  # argparse would take it for an empty list
    args = parser.parse_args(words)
    from lib.cli.jobs import describe

    try:
        return args.run(args)
    except argparse.ArgumentError as error:
        args.parser.error(str(error))
    except KeyboardInterrupt:
        print("stopped; run the same command again to go on", file=sys.stderr)
        return 130
    except (OSError, ValueError, RuntimeError, ArithmeticError, MemoryError) as error:
        print(f"error: {describe(error)}", file=sys.stderr)
        return 1


def build_parser(commands: tuple[ModuleType, ...]) -> argparse.ArgumentParser:
    """The parser of all commands, modules as `lib.cli.commands` says."""
    raw, about = argparse.RawDescriptionHelpFormatter, Path(__file__).with_name("about.txt")
    whole = argparse.ArgumentParser("python -m lib", description=about.read_text(), formatter_class=raw)
    parsers = whole.add_subparsers(metavar="COMMAND", required=True)
    for command in commands:
        texts = {"description": command.__doc__, "epilog": getattr(command, "MORE", None)}
        texts |= {"help": command.HELP, "formatter_class": raw}
        parser = parsers.add_parser(command.__name__.rpartition(".")[2], **texts)
        parser.set_defaults(run=command.run, parser=parser)
        command.arguments(parser)
    return whole
