"""The text of NOTICE: whose images are shipped, and on whose images the backbone was trained."""

from tools.build_starter.sources import Package, with_role

NOTICE = """MmAP Studio
Copyright the MmAP Studio authors, under the Apache License 2.0 (see LICENSE).


IMAGES SHIPPED (resources/starter/*.webp; docs/example.png is one of Noto Emoji)

The starter contains images of six open sets, scaled down to 64 pixels, laid on white and rounded to 6 bits a colour
channel. They keep their own licences. In particular the images of OpenMoji (resources/starter/openmoji.webp) are
licensed under CC BY-SA 4.0 and stay so, this adapted form included: who shares them must do so under the same licence.

{task}

Labels and groups of the pictograms:

{labels}


IMAGES THE STARTER'S BACKBONE WAS TRAINED ON (not shipped)

resources/starter/backbone.safetensors was trained on images of these sets, and on none of the six above. See
resources/starter/MODEL_CARD.md.

{training}


LICENCES

Apache-2.0    https://www.apache.org/licenses/LICENSE-2.0
CC-BY-3.0     https://creativecommons.org/licenses/by/3.0/
CC-BY-4.0     https://creativecommons.org/licenses/by/4.0/
CC-BY-SA-4.0  https://creativecommons.org/licenses/by-sa/4.0/
CC0-1.0       https://creativecommons.org/publicdomain/zero/1.0/
ISC           https://opensource.org/license/isc-license-txt
MIT           https://opensource.org/license/mit
OFL-1.1       https://openfontlicense.org
"""


def notice() -> str:
    """NOTICE, whole."""
    return NOTICE.format(
        task=entries(with_role("task")),
        labels=entries(with_role("labels")),
        training=entries((*with_role("emoji"), *with_role("icons"))),
    )


def entries(packages: tuple[Package, ...]) -> str:
    """Title, authors, licence and home page of each set."""
    return "\n".join(f"- {p.title}\n  by {p.authors}; {p.licence}\n  {p.home}" for p in packages)
