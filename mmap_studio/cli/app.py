"""The application of all commands: errors become one sentence and exit code 1 or 2; signals end with 130 or 143."""

import difflib
import os
import sys
import traceback
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mmap_studio.cli import backbones, convert, download, export, info, inspect, new, results, window
from mmap_studio.cli import run as run
from mmap_studio.cli.experiments import compare, sweep
from mmap_studio.cli.gallery import search
from mmap_studio.cli.terminal.output import UsageError, finish_output, say, system_error
from mmap_studio.cli.terminal.signals import STOPPER
from mmap_studio.cli.trained import predict, score
from mmap_studio.cli.upkeep import cache, doctor, relocate, runs
from mmap_studio.errors import StudioError

FAILED, USAGE = 1, 2
DEBUG, RESET_LAYOUT = "--debug", "--reset-layout"


class CommandGroup(TyperGroup):
    """Takes a project where a command is expected (then opens the window), and turns errors into sentences."""

    debug = False

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """`--debug` is understood anywhere before a `--`."""
        end = args.index("--") if "--" in args else len(args)
        self.debug = DEBUG in args[:end]
        return super().parse_args(ctx, [one for one in args[:end] if one != DEBUG] + args[end:])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The named command; `open` for a project."""
        name = args[0]
        if self.get_command(ctx, name) is not None or name.startswith("-"):
            return super().resolve_command(ctx, args)
        if name == "starter" or os.path.exists(name) or os.sep in name:
            return "open", self.get_command(ctx, "open"), args + [RESET_LAYOUT] * ctx.params["reset_layout"]
        near = difflib.get_close_matches(name, self.list_commands(ctx), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "; see `mmap-studio --help`."
        ctx.fail(f"{name!r} is neither a command nor a project{hint}")

    def invoke(self, ctx: Any) -> Any:
        """Run it; every failure becomes one sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except UsageError as error:
            raise self._ended(error, USAGE) from None
        except StudioError as error:
            raise self._ended(error, FAILED) from None
        except OSError as error:  # such as a name that is too long for any file
            raise self._ended(system_error(error), FAILED) from None
        except Exception as error:
            if hasattr(error, "exit_code"):  # typer's own: wrong usage
                raise
            raise self._unexpected(error) from None

    def _ended(self, error: Exception, code: int) -> typer.Exit:
        say(traceback.format_exc() if self.debug else str(error))
        return typer.Exit(code)

    def _unexpected(self, error: Exception) -> typer.Exit:
        what = f"{type(error).__name__}: {error}".strip().splitlines()[0]
        if self.debug:
            say(traceback.format_exc())
        else:
            from mmap_studio.session.results.diagnostics import write_report

            path = write_report(traceback.format_exc())
            where = f"the traceback is in {path}" if path else f"run it again with {DEBUG} for the traceback"
            say(f"Something unexpected happened ({what}); {where}.")
        return typer.Exit(FAILED)


app = typer.Typer(
    cls=CommandGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    add_completion=False,
    context_settings={"max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        from mmap_studio.version import __version__

        typer.echo(f"mmap-studio {__version__}")
        raise typer.Exit()


@app.callback()
def studio(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option(DEBUG, help="Print tracebacks of errors; every command takes it.")] = False,
    reset_layout: Annotated[bool, typer.Option(RESET_LAYOUT, help=window.RESET_HELP)] = False,
) -> None:
    """Adapt one frozen CLIP to many image domains at once with multi-modal alignment prompts (MmAP).

    `mmap-studio [PROJECT]` opens the window; the first time, on the starter project. All else is below. A PROJECT is
    a folder that `mmap-studio new` made, or the word starter. Exit codes: 0 done, 1 failed, 2 usage, 130 interrupted.
    """
    if ctx.invoked_subcommand is None:
        window.open_project(None, reset_layout)
    elif reset_layout and ctx.invoked_subcommand != "open":
        raise UsageError(f"{RESET_LAYOUT} resets the window, and {ctx.invoked_subcommand} opens none; leave it out.")


app.command("open", hidden=True)(window.open_project)
app.command("run")(run.run)
app.command("affinity")(run.affinity)
app.command("compare")(compare.compare)
app.command("sweep")(sweep.sweep)
app.command("search")(search.search)
app.command("tags")(search.tags)
app.command("results")(results.results)
app.command("new")(new.new)
app.command("export")(export.export)
app.command("predict")(predict.predict)
app.command("score")(score.score)
app.command("relocate")(relocate.relocate)
app.command("inspect")(inspect.inspect)
app.add_typer(runs.app, name="runs")
app.add_typer(cache.app, name="cache")
app.command("backbones")(backbones.backbones)
app.command("download")(download.download)
app.command("convert")(convert.convert)
app.command("doctor")(doctor.doctor)
app.command("info")(info.info)


def start() -> None:
    """The command `mmap-studio`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a folder's name may be anything
    try:
        app(prog_name="mmap-studio")
    except OSError as error:  # of help and version, which are written before a command is there to say it
        say(str(system_error(error)))
        os._exit(FAILED)
    finally:
        finish_output()
        STOPPER.hurry()
