"""Attack ciphertexts: an image, or a folder of images of one size under one key. Which scheme, block and
split they are of, ciphertexts of python -m lib encrypt say themselves; for others name them. The attack gets
what its threat model allows and no more: with --oracle-key an oracle that encrypts, with --pairs known
images, else the ciphertexts alone. Tags of ciphertexts are not checked, which would take the key.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from lib.cli.options import Names, add_scheme, load_key, scheme_of, usage
from lib.schemes import NO_KEY, Scheme, by_name, names

HELP = "attack ciphertexts"


def arguments(parser: ArgumentParser) -> None:
    """Attack, ciphertexts, and what the attacker has."""
    add, attacks = parser.add_argument, Names("lib.attacks.catalogue", "names")
    add("name", choices=attacks, metavar="NAME", help="%(choices)s")
    add("--cipher", type=Path, required=True, metavar="SRC", help="ciphertexts under attack")
    add("--out", type=Path, required=True, metavar="DIR", help="for pictures and result.json")
    add("--oracle-key", dest="key", type=Path, metavar="KEY.json", help="for chosen plaintext")
    add("--pairs", nargs=2, type=Path, metavar=("PLAIN", "CIPHERS"), help="for known plaintext")
    add("--truth", type=Path, metavar="PLAIN", help="plain images to score by, once the attack is over")
    add("--overwrite", action="store_true", help="write anew what exists in DIR")
    add_scheme(parser.add_argument_group("of ciphertexts without a record"), required=False)


def run(args: Namespace) -> int:
    """Attack, and keep what came out; the exit status."""
    from lib.attacks import catalogue, oracle_for
    from lib.cli import attack_files

    attack, ciphers = catalogue.by_name(args.name), attack_files.Pictures(args.cipher, args.scheme)
    key = load_key(args.key) if args.key else None
    if key and ciphers.keys - {key.fingerprint}:
        raise ValueError(f"{args.cipher}: encrypted with another key than {args.key}, which this oracle uses")
    if args.scheme is None and ciphers.fields is None:
        how = "name it with --scheme, and --block where it is not 4"
        raise usage(f"the ciphertexts hold no record of their scheme; {how}")
    holder, told = key or NO_KEY, args.scheme is not None
    scheme = scheme_of(args, holder) if told else Scheme.from_dict(ciphers.fields, holder)
    if not attack.fits(scheme):
        fitting = ", ".join(name for name in names if attack.fits(by_name(name)(NO_KEY)))
        raise ValueError(f"{args.name} is no attack on {scheme.label}; it is made for {fitting}")
    attack_files.targets_in(args.out, ciphers, args.overwrite)
    oracle = oracle_for(scheme) if key else None
    known = attack_files.known_of(attack, ciphers, scheme, oracle, args.pairs)
    result = attack.run(known, **attack.options(scheme))
    facts = attack_files.write(result, attack, ciphers, args.out, args.truth, args.overwrite)
    cost = "{queries} queries, {seconds:.2f} s, confidence {confidence:.2f}".format(**facts)
    print(f"{args.out}: {facts['images']:,} images, {cost}")
    for name, score in facts.get("scores", {}).items():
        print(f"{name:<24}{'exact' if score is None else format(score, '.3f'):>8}")
    return 0
