"""`hf:OWNER/NAME` in place of a path: shown with size and licence, asked on a terminal, downloaded once."""

import typer

from mmap_studio.cli.download import DownloadLine
from mmap_studio.cli.terminal.output import say
from mmap_studio.errors import InputError


def local_data(given: str, ask: bool) -> str:
    """The path that was given; of a data set of the hub where it is, once it is downloaded.

    ask : whether to ask before. InputError when the answer is no
    """
    from mmap_studio.session.hub_data_sets.address import address_of, is_address

    if not is_address(given):
        return given
    from mmap_studio.session.download.transfer import Downloaded
    from mmap_studio.session.hub_data_sets.data_set import fetch, local, look_up

    address = address_of(given)
    if (here := local(address)) is not None:
        return str(here)
    found = look_up(address)
    say(found.sentence)
    if ask and not typer.confirm("Download it?", default=True, err=True):
        raise InputError(f"Nothing was downloaded and nothing made; {address} can be asked for again.")
    shown = DownloadLine()
    for event in fetch(found):
        if isinstance(event, Downloaded):
            shown.close()
            return str(event.path)
        shown.hear(event)
    raise AssertionError("a download ends with its path")
