"""What a cipher could be used for, and what its attacks do to that: read off a verdict, nothing is run anew.

Two applications are proposed for keyed transforms of pictures, beside training on ciphertexts.

- A *model that holds the key* (H. Kiya et al., 2022): a network trained on plain pictures is given the key
  and scores ciphertexts as it scored pictures. `lib.judge.served` tried it.
- A *keyed defence* (M. AprilPyone and H. Kiya, 2021): the transform, one key for all pictures, stands before
  a classifier, and adversarial examples made with another key do little. It holds while nobody else has the
  transform: who can compute it differentiates through it, and the accuracy of lesson 31's defences falls to
  nothing. Whatever attack gives all of a ciphertext's bytes back gives the transform.
"""

from lib.attacks.catalogue import CHOSEN, MANY, ONE, PAIRS
from lib.judge.served import SERVED
from lib.judge.verdict import LEAKS, Attempt, Finding, Verdict

EXACT = 0.99  # of bytes: from here on the transform is taken as read
ORDER = ONE, MANY, PAIRS, CHOSEN  # the least an attacker can have comes first


def applications(verdict: Verdict) -> list[Finding]:
    """Whether a model can hold the key, and what a keyed defence is worth; `good` says whether it stands."""
    return [_holds_the_key(verdict), _defends(verdict)]


def _holds_the_key(verdict):
    name, tried = "model that holds the key", [each for each in verdict.attempts if each.threat == SERVED]
    if not tried or tried[0].leak is None:
        text = "No table was read that the patch map of a network could hold, so no model is given its key."
        return Finding(name=name, good=None, text=text)
    leak = tried[0].leak
    text = (f"A transformer can hold its key and loses nothing. Its weights, beside the checkpoint that they "
            f"were made from, give pictures back: leak {leak.value:.2f} ({leak.low:.2f} to "
            f"{leak.high:.2f}).")  # fmt: skip
    return Finding(name=name, good=False, text=text)


def _defends(verdict):
    name, reader = "keyed defence", _reader(verdict)
    if _own_keys(verdict):
        text = "A defence needs one key for all pictures, and here each has its own."
        return Finding(name=name, good=None, text=text)
    if reader is None:
        leak = verdict.leak()
        stands = None if leak is None or leak.low > LEAKS else True
        text = "No attack gave the transform back byte for byte."
        if stands is None:
            text += " Some gave a part of the pictures; whether such a part is enough was not tried."
        return Finding(name=name, good=stands, text=text)
    needs = ", ".join(f"{count:,} {what}" for what, count in reader.needs.items())
    text = (f"Whoever has {needs} has the transform ({reader.attack}), and differentiates through it as if "
            "there were no key.")  # fmt: skip
    return Finding(name=name, good=False, text=text)


def _reader(verdict: Verdict) -> Attempt | None:
    """The attack that gave the transform back to whoever had least."""
    read = [each for each in verdict.attempts if each.exact is not None and each.exact >= EXACT]
    return min((each for each in read if each.threat in ORDER), key=lambda each: ORDER.index(each.threat),
               default=None)  # fmt: skip


def _own_keys(verdict: Verdict) -> bool:
    """Whether pictures have keys of their own: then nobody can ask under one of them, and nothing was."""
    return not any(each.threat in (PAIRS, CHOSEN) for each in verdict.attempts)
