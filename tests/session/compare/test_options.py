"""What a comparison is asked for, as texts: refusals repeat no more of them than can be read."""

import pytest

from mmap_studio.errors import InputError
from mmap_studio.session.compare.options import parse_trials
from mmap_studio.session.compare.protocols.protocol import Protocol
from mmap_studio.session.compare.trial import Amount
from mmap_studio.session.run.seeds import parse_seeds


@pytest.mark.parametrize("parse", [Amount.parse, Protocol.parse, parse_seeds, parse_trials])
def test_a_refusal_is_a_sentence_whatever_was_given(parse):
    with pytest.raises(InputError) as raised:
        parse("x" * 5000)
    assert len(str(raised.value)) < 250
