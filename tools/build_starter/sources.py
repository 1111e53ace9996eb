"""The npm packages the starter is made from: exact versions, authors, licences."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Package:
    """One npm package: where its images come from and what it is used for."""

    name: str  # npm name
    version: str  # exact
    role: str  # "task", "emoji" and "icons" (pre-training), or "labels"
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
    _iconify(
        "akar-icons", "1.2.7", "icons", "Akar Icons", "Arturo Wibawa", "MIT", "https://github.com/artcoholic/akar-icons"
    ),
    _iconify(
        "basil",
        "1.2.4",
        "icons",
        "Basil",
        "Craftwork",
        "CC-BY-4.0",
        "https://www.figma.com/community/file/931906394678748246",
    ),
    _iconify(
        "bi", "1.2.7", "icons", "Bootstrap Icons", "The Bootstrap Authors", "MIT", "https://github.com/twbs/icons"
    ),
    _iconify("bx", "1.2.3", "icons", "BoxIcons v2", "Boxicons", "MIT", "https://github.com/box-icons/boxicons"),
    _iconify("bxs", "1.2.3", "icons", "BoxIcons v2, solid", "Boxicons", "MIT", "https://github.com/box-icons/boxicons"),
    _iconify(
        "carbon",
        "1.2.29",
        "icons",
        "Carbon",
        "IBM",
        "Apache-2.0",
        "https://github.com/carbon-design-system/carbon/tree/main/packages/icons",
    ),
    _iconify("clarity", "1.2.4", "icons", "Clarity", "VMware", "MIT", "https://github.com/vmware/clarity"),
    _iconify("duo-icons", "1.2.2", "icons", "Duoicons", "fernandcf", "MIT", "https://github.com/fazdiu/duo-icons"),
    _iconify(
        "f7",
        "1.2.2",
        "icons",
        "Framework7 Icons",
        "Vladimir Kharlampidi",
        "MIT",
        "https://github.com/framework7io/framework7-icons",
    ),
    _iconify(
        "fa7-solid",
        "1.2.5",
        "icons",
        "Font Awesome 7 Free, solid",
        "Dave Gandy, Fonticons Inc.",
        "CC-BY-4.0",
        "https://fontawesome.com",
    ),
    _iconify("famicons", "1.2.2", "icons", "Famicons", "Family", "MIT", "https://github.com/familyjs/famicons"),
    _iconify(
        "fluent",
        "1.2.60",
        "icons",
        "Fluent UI System Icons",
        "Microsoft Corporation",
        "MIT",
        "https://github.com/microsoft/fluentui-system-icons",
    ),
    _iconify(
        "fontisto", "1.2.1", "icons", "Fontisto", "Kenan Gündoğan", "MIT", "https://github.com/kenangundogan/fontisto"
    ),
    _iconify(
        "gis", "1.2.5", "icons", "Font-GIS", "Jean-Marc Viglino", "CC-BY-4.0", "https://github.com/viglino/font-gis"
    ),
    _iconify(
        "grommet-icons",
        "1.2.4",
        "icons",
        "Grommet Icons",
        "Grommet",
        "Apache-2.0",
        "https://github.com/grommet/grommet-icons",
    ),
    _iconify("guidance", "1.2.2", "icons", "Guidance", "Streamline", "CC-BY-4.0", "https://www.streamlinehq.com"),
    _iconify("hugeicons", "1.2.35", "icons", "Huge Icons", "Hugeicons", "MIT", "https://hugeicons.com"),
    _iconify(
        "icon-park-twotone",
        "1.2.4",
        "icons",
        "IconPark, two-tone",
        "ByteDance",
        "Apache-2.0",
        "https://github.com/bytedance/IconPark",
    ),
    _iconify(
        "iconamoon",
        "1.2.2",
        "icons",
        "IconaMoon",
        "Dariush Habibpour",
        "CC-BY-4.0",
        "https://github.com/dariushhpg1/IconaMoon",
    ),
    _iconify("iconoir", "1.2.11", "icons", "Iconoir", "Luca Burgio", "MIT", "https://github.com/iconoir-icons/iconoir"),
    _iconify(
        "icons8",
        "1.2.1",
        "icons",
        "Icons8 Windows 10 Icons",
        "Icons8",
        "MIT",
        "https://github.com/icons8/windows-10-icons",
    ),
    _iconify("ion", "1.2.7", "icons", "IonIcons", "Ben Sperry", "MIT", "https://github.com/ionic-team/ionicons"),
    _iconify("la", "1.2.1", "icons", "Line Awesome", "Icons8", "Apache-2.0", "https://github.com/icons8/line-awesome"),
    _iconify(
        "lineicons", "1.2.6", "icons", "Lineicons", "Lineicons", "MIT", "https://github.com/LineiconsHQ/Lineicons"
    ),
    _iconify(
        "lucide-lab",
        "1.2.3",
        "icons",
        "Lucide Lab",
        "Lucide Contributors",
        "ISC",
        "https://github.com/lucide-icons/lucide-lab",
    ),
    _iconify(
        "mage", "1.2.4", "icons", "Mage Icons", "MageIcons", "Apache-2.0", "https://github.com/Mage-Icons/mage-icons"
    ),
    _iconify(
        "majesticons",
        "1.2.5",
        "icons",
        "Majesticons",
        "Gerrit Halfmann",
        "MIT",
        "https://github.com/halfmage/majesticons",
    ),
    _iconify(
        "material-symbols",
        "1.2.93",
        "icons",
        "Material Symbols",
        "Google",
        "Apache-2.0",
        "https://github.com/google/material-design-icons",
    ),
    _iconify(
        "medical-icon",
        "1.2.0",
        "icons",
        "Medical Icons",
        "Samuel Frémondière",
        "MIT",
        "https://github.com/samcome/webfont-medical-icons",
    ),
    _iconify(
        "meteocons", "1.2.4", "icons", "Meteocons", "Bas Milius", "MIT", "https://github.com/basmilius/weather-icons"
    ),
    _iconify(
        "mynaui",
        "1.2.19",
        "icons",
        "Myna UI Icons",
        "Praveen Juge",
        "MIT",
        "https://github.com/praveenjuge/mynaui-icons",
    ),
    _iconify(
        "pepicons-pop", "1.2.4", "icons", "Pepicons Pop!", "CyCraft", "CC-BY-4.0", "https://github.com/CyCraft/pepicons"
    ),
    _iconify(
        "pixel",
        "1.2.2",
        "icons",
        "Pixel Icon",
        "HackerNoon",
        "CC-BY-4.0",
        "https://github.com/hackernoon/pixel-icon-library",
    ),
    _iconify(
        "pixelarticons",
        "1.2.9",
        "icons",
        "Pixelarticons",
        "Gerrit Halfmann",
        "MIT",
        "https://github.com/halfmage/pixelarticons",
    ),
    _iconify(
        "proicons", "1.2.20", "icons", "ProIcons", "ProCode", "MIT", "https://github.com/ProCode-Software/proicons"
    ),
    _iconify(
        "ri", "1.2.10", "icons", "Remix Icon", "Remix Design", "Apache-2.0", "https://github.com/cyberalien/RemixIcon"
    ),
    _iconify(
        "si", "1.2.17", "icons", "Sargam Icons", "Abhimanyu Rana", "MIT", "https://github.com/planetabhi/sargam-icons"
    ),
    _iconify(
        "solar",
        "1.2.13",
        "icons",
        "Solar",
        "480 Design",
        "CC-BY-4.0",
        "https://www.figma.com/community/file/1166831539721848736",
    ),
    _iconify("stash", "1.2.4", "icons", "Stash Icons", "Pingback LLC", "MIT", "https://github.com/stash-ui/icons"),
    _iconify(
        "streamline", "1.2.5", "icons", "Streamline Core", "Streamline", "CC-BY-4.0", "https://www.streamlinehq.com"
    ),
    _iconify(
        "streamline-flex",
        "1.2.3",
        "icons",
        "Streamline Flex",
        "Streamline",
        "CC-BY-4.0",
        "https://www.streamlinehq.com",
    ),
    _iconify(
        "streamline-pixel",
        "1.2.0",
        "icons",
        "Streamline Pixel",
        "Streamline",
        "CC-BY-4.0",
        "https://www.streamlinehq.com",
    ),
    _iconify(
        "streamline-plump",
        "1.2.0",
        "icons",
        "Streamline Plump",
        "Streamline",
        "CC-BY-4.0",
        "https://www.streamlinehq.com",
    ),
    _iconify(
        "streamline-ultimate",
        "1.2.2",
        "icons",
        "Streamline Ultimate",
        "Streamline",
        "CC-BY-4.0",
        "https://www.streamlinehq.com",
    ),
    _iconify(
        "tdesign", "1.2.19", "icons", "TDesign Icons", "TDesign", "MIT", "https://github.com/Tencent/tdesign-icons"
    ),
    _iconify("teenyicons", "1.2.2", "icons", "Teenyicons", "smhmd", "MIT", "https://github.com/teenyicons/teenyicons"),
    _iconify("uil", "1.2.3", "icons", "Unicons", "Iconscout", "Apache-2.0", "https://github.com/Iconscout/unicons"),
    _iconify(
        "uim", "1.2.3", "icons", "Unicons Monochrome", "Iconscout", "Apache-2.0", "https://github.com/Iconscout/unicons"
    ),
    _iconify(
        "vaadin", "1.2.1", "icons", "Vaadin Icons", "Vaadin", "Apache-2.0", "https://github.com/vaadin/web-components"
    ),
    _iconify(
        "wi",
        "1.2.1",
        "icons",
        "Weather Icons",
        "Erik Flowers",
        "OFL-1.1",
        "https://github.com/erikflowers/weather-icons",
    ),
)


def with_role(role: str) -> tuple[Package, ...]:
    """The packages of one role, in the order above (which fixes the order of everything made from them)."""
    return tuple(package for package in PACKAGES if package.role == role)
