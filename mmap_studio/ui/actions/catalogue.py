"""The catalogue of actions: menus, shortcuts, the palette and the toolbar are made from it."""

from dataclasses import dataclass

MENUS = ("Project", "Edit", "Run", "Groups", "View", "Help")


@dataclass(frozen=True)
class ActionSpec:
    key: str
    """Names the command that carries it out, and its shortcut in the preferences."""
    text: str
    """As in the menu: & before the access key, an ellipsis where a dialog follows."""
    menu: str
    tip: str
    shortcut: str = ""
    """In Qt's portable form, such as Ctrl+N."""
    icon: str = ""
    checkable: bool = False
    rule_before: bool = False
    """Whether a separator stands above it in its menu."""


ACTIONS = (
    ActionSpec("new", "&New from folders…", "Project", "Create a project from folders of images", "Ctrl+N", "new"),
    ActionSpec("open", "&Open…", "Project", "Open a project folder", "Ctrl+O", "open"),
    ActionSpec("starter", "Open the s&tarter", "Project", "Open the six drawing styles that come with the studio",
               icon="images"),
    ActionSpec("add_tasks", "&Add folders…", "Project", "Add folders of images as tasks", "Ctrl+Shift+A", "add-folder",
               rule_before=True),
    ActionSpec("add_files", "Add archi&ves or tables…", "Project",
               "Add zip or tar archives of images, or CSV or Parquet tables"),
    ActionSpec("find_moved", "Find &moved images…", "Project",
               "Say where the images of tasks are now whose folders have moved; their splits stay"),
    ActionSpec("save", "&Save", "Project", "Show where every edit is saved as it is made", "Ctrl+S", "save",
               rule_before=True),
    ActionSpec("save_copy", "Save a &copy as…", "Project", "Save a copy of the project with its settings and groups",
               "Ctrl+Shift+S", "copy"),
    ActionSpec("export", "&Export…", "Project", "Export prompts, affinity matrix, results and figures", "Ctrl+E",
               "export", rule_before=True),
    ActionSpec("show_folder", "Show project in &folder", "Project", "Open the project's folder in the file manager"),
    ActionSpec("quit", "&Quit", "Project", "Close the window; a run is stopped, and what is finished is kept", "Ctrl+Q",
               "quit", rule_before=True),
    ActionSpec("undo", "&Undo", "Edit", "Undo the last edit", "Ctrl+Z", "undo"),
    ActionSpec("redo", "&Redo", "Edit", "Redo the edit that was undone last", "Ctrl+Shift+Z", "redo"),
    ActionSpec("rename_task", "Re&name task…", "Edit", "Rename the selected task", "Ctrl+R", "rename",
               rule_before=True),
    ActionSpec("classes", "&Class names…", "Edit", "Edit what CLIP reads: template, names, classes merged or left out",
               "Ctrl+Shift+C", "settings"),
    ActionSpec("backbone", "&Backbone…", "Edit", "Choose, download or load the CLIP that is adapted", "Ctrl+Shift+B"),
    ActionSpec("split", "S&plit…", "Edit", "Choose the images for training, validation and test", "Ctrl+Shift+L"),
    ActionSpec("remove_task", "Re&move task", "Edit", "Remove the selected task from the project; its images stay",
               "Ctrl+Del", "remove"),
    ActionSpec("reset_settings", "Reset &settings", "Edit", "Set every setting to its preset's value", "", "reset",
               rule_before=True),
    ActionSpec("run", "&Run", "Run", "Measure the affinity and train the groups, except what is cached", "F5", "run"),
    ActionSpec("continue", "Contin&ue the interrupted run", "Run",
               "Continue the run that was killed or stopped, with its groups and settings, from the step kept last"),
    ActionSpec("pause", "&Pause", "Run", "Pause after the current step", "F6", "pause"),
    ActionSpec("resume", "Resu&me", "Run", "Resume the paused run", "F7", "run"),
    ActionSpec("stop", "&Stop", "Run", "Stop the run; what is finished is kept", "Shift+F5", "stop"),
    ActionSpec("measure", "Measure &affinity only", "Run", "Measure the affinity and suggest groups, without training",
               "Ctrl+F5", rule_before=True),
    ActionSpec("compare", "Run with &controls or seeds…", "Run", "Train the alternatives too (together, separate, "
               "random groups, a linear probe, full fine-tuning), or repeat the run with several seeds",
               "Ctrl+Shift+F5"),
    ActionSpec("seeds", "Repeat with &3 seeds", "Run",
               "Run the board's groups with three seeds, which tells how far apart their results are"),
    ActionSpec("compare_start", "Compare m&ethods", "Run", "Make the trials of the comparison that are not there yet",
               "F8", rule_before=True),
    ActionSpec("compare_pause", "Pause or resume compar&ing", "Run", "Pause the comparison after its current step, or "
               "resume it", "Ctrl+F8"),
    ActionSpec("compare_stop", "Stop comparin&g", "Run", "Stop the comparison; what is made is kept", "Shift+F8"),
    ActionSpec("compare_seeds", "Compare with more see&ds…", "Run", "Repeat the comparison with more seeds"),
    ActionSpec("compare_report", "Open t&he comparison's report", "Run", "Write the report of the comparison into the "
               "project, and open it"),
    ActionSpec("sweep", "S&weep settings…", "Run", "Search for better settings by accuracy on the validation images",
               rule_before=True),
    ActionSpec("try", "&Try on images…", "Run", "Classify other images, with CLIP alone and with the prompts", "Ctrl+T",
               "images", rule_before=True),
    ActionSpec("run_on", "Ru&n on…", "Run", "Choose where runs and comparisons are computed: in this process, in "
               "several, or on a cluster", rule_before=True),
    ActionSpec("copy_command", "C&opy as command", "Run", "Copy the command that starts the same run", "Ctrl+Alt+C",
               "command"),
    ActionSpec("suggest", "&Suggest groups", "Groups", "Suggest the grouping with the highest score", "Ctrl+G",
               "suggest"),
    ActionSpec("suggest_k", "Suggest a &number of groups…", "Groups",
               "Set the number of groups, and suggest the grouping with the highest score", "Ctrl+Shift+G"),
    ActionSpec("together", "All &together", "Groups", "Put all tasks into one group", rule_before=True),
    ActionSpec("separate", "All s&eparate", "Groups", "Put every task into a group of its own"),
    ActionSpec("keep", "&Keep this grouping…", "Groups", "Keep the grouping under a name, to return to it", "Ctrl+D",
               rule_before=True),
    ActionSpec("theme_system", "&System theme", "View", "Follow the desktop: light or dark", checkable=True),
    ActionSpec("theme_light", "&Light theme", "View", "Dark text on light panels", checkable=True),
    ActionSpec("theme_dark", "&Dark theme", "View", "Light text on dark panels", checkable=True),
    ActionSpec("show_tasks", "Focus &tasks", "View", "Move the keyboard focus to the tasks", "Alt+1", rule_before=True),
    ActionSpec("show_affinity", "Focus &affinity", "View", "Move the keyboard focus to the affinity heatmap", "Alt+2"),
    ActionSpec("show_board", "Focus &groups", "View", "Move the keyboard focus to the groups", "Alt+3"),
    ActionSpec("show_settings", "Focus s&ettings", "View", "Move the keyboard focus to the settings", "Alt+4"),
    ActionSpec("show_curves", "Show &curves", "View", "Show loss and accuracy of every task", "Alt+5"),
    ActionSpec("show_images", "Show &images", "View", "Show images with their class and the predicted one", "Alt+6"),
    ActionSpec("search_images", "Find images by te&xt", "View", "Search images by what they show", "Ctrl+F", "search"),
    ActionSpec("show_map", "Show &map", "View", "Show the image features in two dimensions", "Alt+7"),
    ActionSpec("show_log", "Show l&og", "View", "Show the messages of this session", "Alt+8"),
    ActionSpec("show_results", "Show &results", "View", "Show the results of every method on every task", "Alt+9"),
    ActionSpec("show_confusion", "Show con&fusion", "View", "Show which classes are mistaken for which", "Alt+0"),
    ActionSpec("show_runs", "Show r&uns", "View", "Show the runs of the project: names, notes, what they differ in"),
    ActionSpec("show_compare", "S&how compare", "View", "Show the comparison of methods", "Alt+C"),
    ActionSpec("show_why", "Sho&w why these groups", "View", "Show what speaks for and against the groups"),
    ActionSpec("reset_layout", "Reset la&yout", "View", "Put all panels back where they were at first", "", "layout",
               rule_before=True),
    ActionSpec("guide", "&Guide", "Help", "From folders to prompts, all keys, and where files are kept", "F1"),
    ActionSpec("tour", "&Tour of the window", "Help", "Show what the parts of the window are for, in a minute"),
    ActionSpec("palette", "&All actions…", "Help", "Search every action, setting and word of help", "Ctrl+K", "search"),
    ActionSpec("shortcuts", "&Keyboard shortcuts…", "Help", "View and change the shortcuts of all actions",
               "Ctrl+Alt+K"),
    ActionSpec("about", "A&bout MmAP Studio", "Help", "Show versions and licences", "", "info"),
)  # fmt: skip


def plain(text: str) -> str:
    """The text of an action without access key and ellipsis."""
    return text.replace("&", "").rstrip("…")
