"""Every action of the window, once: menus, shortcuts, the searchable list and the toolbar are made from this."""

from dataclasses import dataclass

MENUS = ("Project", "Edit", "Run", "Groups", "View", "Help")


@dataclass(frozen=True)
class ActionSpec:
    """One thing the window can do."""

    key: str
    """The command `do_<key>` carries it out."""
    text: str
    menu: str
    tip: str
    shortcut: str = ""
    icon: str = ""
    checkable: bool = False
    rule_before: bool = False
    """A line above it in its menu."""


ACTIONS = (
    ActionSpec("new", "&New from folders…", "Project", "Make a project from a folder of domains", "Ctrl+N", "new"),
    ActionSpec("open", "&Open…", "Project", "Open a project folder", "Ctrl+O", "open"),
    ActionSpec("starter", "Open the s&tarter", "Project", "Open the six drawing styles that ship with the studio",
               icon="images"),
    ActionSpec("add_tasks", "&Add folders…", "Project", "Add folders of images as tasks", "Ctrl+Shift+A", "add-folder",
               rule_before=True),
    ActionSpec("add_files", "Add archi&ves or tables…", "Project",
               "Add zip or tar files of images, CSV or Parquet tables"),
    ActionSpec("save", "&Save", "Project", "Every edit is saved as it is made; this says where", "Ctrl+S", "save",
               rule_before=True),
    ActionSpec("save_copy", "Save a &copy as…", "Project", "A project of its own with these tasks, settings, groups",
               "Ctrl+Shift+S", "copy"),
    ActionSpec("export", "&Export…", "Project", "Write prompts, matrix, results and figures", "Ctrl+E", "export",
               rule_before=True),
    ActionSpec("show_folder", "Show project in &folder", "Project", "Open the project's folder in the file manager"),
    ActionSpec("quit", "&Quit", "Project", "Close the window; a run is stopped and what is finished kept", "Ctrl+Q",
               "quit", rule_before=True),
    ActionSpec("undo", "&Undo", "Edit", "Take the last edit back", "Ctrl+Z", "undo"),
    ActionSpec("redo", "&Redo", "Edit", "Do it again", "Ctrl+Shift+Z", "redo"),
    ActionSpec("rename_task", "Re&name task…", "Edit", "Give the chosen task another name", "Ctrl+R", "rename",
               rule_before=True),
    ActionSpec("classes", "&Class names…", "Edit", "Edit what CLIP reads: template, names, classes merged or left out",
               "Ctrl+Shift+C", "settings"),
    ActionSpec("backbone", "&Backbone…", "Edit", "Choose, fetch or load the CLIP that is adapted", "Ctrl+Shift+B"),
    ActionSpec("split", "S&plit…", "Edit", "Which images are trained on, validate and test", "Ctrl+Shift+L"),
    ActionSpec("remove_task", "Re&move task", "Edit", "Take the chosen task out of the project; its images stay",
               "Ctrl+Del", "remove"),
    ActionSpec("reset_settings", "Reset &settings", "Edit", "Back to the values of the preset", "", "reset",
               rule_before=True),
    ActionSpec("run", "&Run", "Run", "Measure affinity where it is not known, then train what is not trained", "F5",
               "run"),
    ActionSpec("pause", "&Pause", "Run", "Rest after the step that is being computed", "F6", "pause"),
    ActionSpec("resume", "Resu&me", "Run", "Go on after a pause", "F7", "run"),
    ActionSpec("stop", "&Stop", "Run", "End soon; what is finished is kept", "Shift+F5", "stop"),
    ActionSpec("measure", "Measure &affinity only", "Run", "Stage 1 and the suggestion, no training", "Ctrl+F5",
               rule_before=True),
    ActionSpec("compare", "Run with &controls or seeds…", "Run", "Train the alternatives too: together, separate, "
               "random, a linear probe, full fine-tuning; or all of it with several seeds", "Ctrl+Shift+F5"),
    ActionSpec("try", "&Try on images…", "Run", "What CLIP alone, and with the prompts, says of other images",
               "Ctrl+T", "images"),
    ActionSpec("copy_command", "C&opy as command", "Run", "The same run for the command line", "Ctrl+Alt+C", "command",
               rule_before=True),
    ActionSpec("suggest", "&Suggest groups", "Groups", "The grouping that scores best by the affinity measured",
               "Ctrl+G", "suggest"),
    ActionSpec("suggest_k", "Suggest a &number of groups…", "Groups", "The best grouping with so many groups",
               "Ctrl+Shift+G"),
    ActionSpec("together", "All &together", "Groups", "One group of all tasks", rule_before=True),
    ActionSpec("separate", "All s&eparate", "Groups", "Every task on its own"),
    ActionSpec("keep", "&Keep this grouping…", "Groups", "Keep the grouping under a name, to come back to it", "Ctrl+D",
               rule_before=True),
    ActionSpec("theme_system", "&System theme", "View", "Light or dark as the desktop is", checkable=True),
    ActionSpec("theme_light", "&Light theme", "View", "Dark text on light panels", checkable=True),
    ActionSpec("theme_dark", "&Dark theme", "View", "Light text on dark panels", checkable=True),
    ActionSpec("show_tasks", "Focus &tasks", "View", "Put the keyboard on the tasks", "Alt+1", rule_before=True),
    ActionSpec("show_affinity", "Focus &affinity", "View", "Put the keyboard on the heatmap", "Alt+2"),
    ActionSpec("show_board", "Focus &groups", "View", "Put the keyboard on the board", "Alt+3"),
    ActionSpec("show_settings", "Focus s&ettings", "View", "Put the keyboard on the settings", "Alt+4"),
    ActionSpec("show_curves", "Show &curves", "View", "Loss and accuracy of every task", "Alt+5"),
    ActionSpec("show_images", "Show &images", "View", "Images with truth and prediction", "Alt+6"),
    ActionSpec("show_map", "Show &map", "View", "Image features in the plane", "Alt+7"),
    ActionSpec("show_log", "Show l&og", "View", "What happened", "Alt+8"),
    ActionSpec("show_results", "Show &results", "View", "Methods by tasks", "Alt+9"),
    ActionSpec("show_confusion", "Show con&fusion", "View", "Which classes are taken for which", "Alt+0"),
    ActionSpec("reset_layout", "Reset la&yout", "View", "All panels where they were at first", "", "layout",
               rule_before=True),
    ActionSpec("guide", "&Guide", "Help", "From folders to prompts, every key, and where things are kept", "F1"),
    ActionSpec("palette", "&All actions…", "Help", "Search every action", "Ctrl+K", "search"),
    ActionSpec("shortcuts", "&Keyboard shortcuts…", "Help", "See the keys of every action, and give it others",
               "Ctrl+Alt+K"),
    ActionSpec("about", "A&bout MmAP Studio", "Help", "Versions, licences and where things are", "", "info"),
)  # fmt: skip


def plain(text: str) -> str:
    """The text of an action without access key and ellipsis."""
    return text.replace("&", "").rstrip("…")
