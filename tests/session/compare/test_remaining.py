"""What lies ahead of a comparison, in numbers and words."""

from mmap_studio.session.compare.remaining import Ahead, said, seconds_left
from mmap_studio.session.compare.trial import Amount

FULL = Amount.parse("full")


def ahead(*seconds):
    """Trials, kept where they take nothing."""
    return [Ahead("coop", FULL, seed, took == 0, took) for seed, took in enumerate(seconds)]


def test_what_is_kept_takes_no_time():
    assert seconds_left(ahead(0, 60, 30)) == 90
    assert said(ahead(0, 60, 30)) == "3 trials, 1 of them done before; the others take roughly 1 min 30 s."


def test_one_that_is_not_known_makes_the_whole_not_known():
    assert seconds_left(ahead(60, None)) is None
    assert said(ahead(60, None)).endswith("how long the others take shows after the first of them.")


def test_all_done_says_no_more():
    assert said(ahead(0)) == "1 trial, 1 of them done before."
    assert seconds_left(ahead(0)) == 0
