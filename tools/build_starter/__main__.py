"""Make the starter again: `python -m tools.build_starter {data,backbone,card,notice,all}`.

data      the six tasks: minutes
backbone  draw the pre-training sets, train, export: one to two hours on one core; run again to resume.
          It goes on from the weights of version 0.1.0 (--anew: from nothing). The rate is level until the
          last DECAY_STEPS: with --steps a run broken off can be ended sooner, or be made longer
card      measure the backbone on the tasks, write MODEL_CARD.md
notice    write NOTICE from the table of sources
all       everything

`--quick` is a smoke test of about a minute: two small sets, a few steps, written to the work folder.
"""

import argparse
from pathlib import Path

import torch

from tools.build_starter.batches import Corpus
from tools.build_starter.card import write_card
from tools.build_starter.corpus import build_corpus
from tools.build_starter.data import make_data
from tools.build_starter.export import export
from tools.build_starter.former import former_weights
from tools.build_starter.notice import notice
from tools.build_starter.packages import install
from tools.build_starter.train import STEPS, train

ROOT = Path(__file__).parents[2]
COMMANDS = ("data", "backbone", "card", "notice", "all")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.build_starter", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--quick", action="store_true", help="smoke test")
    parser.add_argument("--work", type=Path, default=ROOT / "build/starter", help="folder for intermediate files")
    parser.add_argument("--packages", type=Path, help="folder for npm packages (WORK/packages)")
    parser.add_argument("--out", type=Path, help="where the starter goes (resources/starter)")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"training steps ({STEPS})")
    parser.add_argument("--anew", action="store_true", help="train from nothing")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (1 made the weights shipped)")
    options = parser.parse_args(arguments)
    if options.quick:
        options.work = options.work / "quick"
    options.packages = options.packages or options.work / "packages"
    options.out = options.out or (options.work / "out" if options.quick else ROOT / "resources/starter")
    return options


def make_backbone(modules: Path, options: argparse.Namespace) -> None:
    """Draw what is not drawn yet, train what is not trained yet, export."""
    work, quick = options.work, options.quick
    if not (work / "corpus/corpus.json").exists():
        build_corpus(modules, work / "corpus", quick)
    corpus = Corpus(work / "corpus", emoji=32, icons=16) if quick else Corpus(work / "corpus")
    start = None if options.anew else former_weights(ROOT, work / "former.safetensors")
    train(corpus, work / "checkpoint.pt", 10 if quick else options.steps, start)
    export(work / "checkpoint.pt", options.out)


def main() -> None:
    """Run one command, or all."""
    options = parse()
    torch.set_num_threads(options.threads)
    wanted = COMMANDS if options.command == "all" else (options.command,)
    if {"data", "backbone"} & set(wanted):
        modules = install(options.packages)
    if "data" in wanted:
        make_data(modules, options.out)
    if "backbone" in wanted:
        make_backbone(modules, options)
    if "card" in wanted:
        for measure, accuracy in write_card(options.out).items():
            print(measure, {task: round(value, 3) for task, value in accuracy.items()})
    if "notice" in wanted and not options.quick:
        (ROOT / "NOTICE").write_text(notice())


if __name__ == "__main__":
    main()
