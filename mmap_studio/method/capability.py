"""Which prompts a backbone takes. No torch here: commands and windows read it of architectures that are not built."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Capability:
    """Which prompts a backbone takes; of a tower that takes none the reason, in half a sentence."""

    no_image: str = ""
    no_text: str = ""

    @property
    def image(self) -> bool:
        """Whether the image tower takes prompts."""
        return not self.no_image

    @property
    def text(self) -> bool:
        """Whether the text tower takes prompts."""
        return not self.no_text

    @property
    def prompts(self) -> str:
        """ "image and text", "image", "text" or "none"."""
        return " and ".join(["image"] * self.image + ["text"] * self.text) or "none"

    @property
    def why(self) -> str:
        """Why not both; empty where both are taken."""
        return "; ".join(filter(None, (self.no_image, self.no_text)))

    def sentence(self, name: str) -> str:
        """What a backbone of this name takes, where that is not everything; empty otherwise."""
        if not self.why:
            return ""
        taken = {"none": "no prompts"}.get(self.prompts, f"{self.prompts} prompts only")
        return f"Backbone {name!r} takes {taken}: {self.why}."
