"""What ciphertexts say of themselves: `lib.cli.records`."""

import pytest

from lib.cli.records import Cipher, described
from lib.schemes import SKK, EtC, Tanaka
from tests.cli.helpers import KEY, OTHER


@pytest.mark.parametrize(
    "scheme", [SKK(KEY, per_image=True), EtC(KEY, 8), Tanaka(OTHER)], ids=lambda scheme: scheme.name
)
def test_a_cipher_in_words_is_told_from_another(scheme):
    text = described(Cipher.of(scheme))
    assert scheme.name in text and scheme.key.fingerprint[:8] in text and scheme.key.fingerprint not in text
    assert ("per image True" in text) == scheme.per_image and ("block 8" in text) == (scheme.block == 8)
