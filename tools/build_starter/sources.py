"""The npm packages the starter is made from: exact versions, authors, licences."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Package:
    """One npm package: where its images come from and what it is used for."""

    name: str  # npm name
    version: str  # exact
    role: str  # "task", "emoji" (pre-training), "icons" (pre-training) or "labels"
    title: str  # what people call the set
    authors: str
    licence: str  # SPDX
    home: str  # the project's own page


def _iconify(name: str, version: str, role: str, title: str, authors: str, licence: str, home: str) -> Package:
    return Package(f"@iconify-json/{name}", version, role, title, authors, licence, home)


PACKAGES: tuple[Package, ...] = (
    Package("emojibase-data", "17.0.0", "labels", "Emojibase", "Miles Johnson", "MIT", "https://emojibase.dev"),
    _iconify(
        "noto", "1.2.9", "task", "Noto Emoji", "Google Inc.", "Apache-2.0", "https://github.com/googlefonts/noto-emoji"
    ),
    _iconify(
        "twemoji",
        "1.2.5",
        "task",
        "Twemoji",
        "Twitter, Inc. and other contributors",
        "CC-BY-4.0",
        "https://github.com/jdecked/twemoji",
    ),
    _iconify(
        "openmoji",
        "1.2.29",
        "task",
        "OpenMoji",
        "the OpenMoji project, HfG Schwäbisch Gmünd",
        "CC-BY-SA-4.0",
        "https://openmoji.org",
    ),
    _iconify(
        "fluent-emoji-flat",
        "1.2.6",
        "task",
        "Fluent Emoji, flat",
        "Microsoft Corporation",
        "MIT",
        "https://github.com/microsoft/fluentui-emoji",
    ),
    Package(
        "@lobehub/fluent-emoji-3d",
        "1.1.0",
        "task",
        "Fluent Emoji, 3D",
        "Microsoft Corporation; packed by LobeHub",
        "MIT",
        "https://github.com/microsoft/fluentui-emoji",
    ),
    _iconify(
        "fluent-emoji-high-contrast",
        "1.2.6",
        "task",
        "Fluent Emoji, high contrast",
        "Microsoft Corporation",
        "MIT",
        "https://github.com/microsoft/fluentui-emoji",
    ),
    _iconify(
        "emojione",
        "1.2.3",
        "emoji",
        "EmojiOne 2 (EmojiTwo)",
        "EmojiOne and the EmojiTwo contributors",
        "CC-BY-4.0",
        "https://github.com/EmojiTwo/emojitwo",
    ),
    _iconify(
        "emojione-monotone",
        "1.2.1",
        "emoji",
        "EmojiOne 2, monotone (EmojiTwo)",
        "EmojiOne and the EmojiTwo contributors",
        "CC-BY-4.0",
        "https://github.com/EmojiTwo/emojitwo",
    ),
    _iconify(
        "emojione-v1",
        "1.2.3",
        "emoji",
        "EmojiOne 1",
        "EmojiOne (JoyPixels)",
        "CC-BY-SA-4.0",
        "https://github.com/joypixels/emojione-legacy",
    ),
    _iconify("fxemoji", "1.2.2", "emoji", "FxEmoji", "Mozilla", "Apache-2.0", "https://github.com/mozilla/fxemoji"),
    _iconify(
        "noto-v1",
        "1.2.5",
        "emoji",
        "Noto Emoji 1 (before 2017)",
        "Google Inc.",
        "Apache-2.0",
        "https://github.com/googlefonts/noto-emoji",
    ),
    _iconify(
        "streamline-emojis",
        "1.2.4",
        "emoji",
        "Streamline Emojis",
        "Streamline",
        "CC-BY-4.0",
        "https://www.streamlinehq.com",
    ),
    _iconify(
        "game-icons",
        "1.2.4",
        "icons",
        "Game-icons.net",
        "Lorc, Delapouite and contributors",
        "CC-BY-3.0",
        "https://game-icons.net",
    ),
    _iconify(
        "mdi",
        "1.2.3",
        "icons",
        "Material Design Icons",
        "Pictogrammers",
        "Apache-2.0",
        "https://pictogrammers.com/library/mdi/",
    ),
    _iconify("tabler", "1.2.41", "icons", "Tabler Icons", "Paweł Kuna", "MIT", "https://tabler.io/icons"),
    _iconify("ph", "1.2.2", "icons", "Phosphor", "Phosphor Icons", "MIT", "https://phosphoricons.com"),
    _iconify(
        "fa6-solid",
        "1.2.4",
        "icons",
        "Font Awesome 6 Free, solid",
        "Dave Gandy, Fonticons Inc.",
        "CC-BY-4.0",
        "https://fontawesome.com",
    ),
    _iconify(
        "icon-park", "1.2.4", "icons", "IconPark", "ByteDance", "Apache-2.0", "https://github.com/bytedance/IconPark"
    ),
    _iconify(
        "healthicons", "1.2.13", "icons", "Health Icons", "Resolve to Save Lives", "MIT", "https://healthicons.org"
    ),
    _iconify("maki", "1.2.5", "icons", "Maki", "Mapbox", "CC0-1.0", "https://github.com/mapbox/maki"),
    _iconify(
        "flat-color-icons",
        "1.2.3",
        "icons",
        "Flat Color Icons",
        "Icons8",
        "MIT",
        "https://github.com/icons8/flat-Color-icons",
    ),
    _iconify(
        "fluent-color",
        "1.2.21",
        "icons",
        "Fluent UI System Color Icons",
        "Microsoft Corporation",
        "MIT",
        "https://github.com/microsoft/fluentui-system-icons",
    ),
    _iconify("lucide", "1.2.137", "icons", "Lucide", "Lucide Contributors", "ISC", "https://lucide.dev"),
    _iconify("mingcute", "1.2.8", "icons", "MingCute", "MingCute Design", "Apache-2.0", "https://www.mingcute.com"),
    _iconify(
        "streamline-ultimate-color",
        "1.2.2",
        "icons",
        "Streamline Ultimate color",
        "Streamline",
        "CC-BY-4.0",
        "https://www.streamlinehq.com",
    ),
    _iconify(
        "streamline-plump-color",
        "1.2.2",
        "icons",
        "Streamline Plump color",
        "Streamline",
        "CC-BY-4.0",
        "https://www.streamlinehq.com",
    ),
    _iconify(
        "streamline-kameleon-color",
        "1.2.2",
        "icons",
        "Streamline Kameleon color",
        "Streamline",
        "CC-BY-4.0",
        "https://www.streamlinehq.com",
    ),
    _iconify(
        "streamline-freehand-color",
        "1.2.2",
        "icons",
        "Streamline Freehand color",
        "Streamline",
        "CC-BY-4.0",
        "https://www.streamlinehq.com",
    ),
    _iconify(
        "streamline-flex-color",
        "1.2.2",
        "icons",
        "Streamline Flex color",
        "Streamline",
        "CC-BY-4.0",
        "https://www.streamlinehq.com",
    ),
)


def with_role(role: str) -> tuple[Package, ...]:
    """The packages of one role, in the order above (which fixes the order of everything made from them)."""
    return tuple(package for package in PACKAGES if package.role == role)
