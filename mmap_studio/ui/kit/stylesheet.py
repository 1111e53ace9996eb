"""The style sheet of the window, made of tokens. Widgets ask for a look by the property `role` or `kind`."""

from string import Template

from mmap_studio.ui.kit.design_tokens import Tokens

_SHEET = Template("""
QWidget { color: $text; }
QMainWindow, QDialog { background: $ground; }
QToolTip { background: $panel; color: $text; border: 1px solid $strong_line; padding: 4px 8px; }
QLabel { background: transparent; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="small"] { color: $muted; font-size: ${small}pt; }
QLabel[role="heading"] { color: $muted; font-size: ${small}pt; font-weight: 600; }
QLabel[role="title"] { font-size: ${title}pt; font-weight: 600; }
QLabel[role="display"] { font-size: ${display}pt; font-weight: 600; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="good"] { color: $good; }
QLabel[role="bad"] { color: $bad; }
QLabel[role="badge"] { color: $accent; background: $accent_tint; border-radius: 8px; padding: 1px 8px;
  min-height: 16px; font-size: ${small}pt; }
QFrame[kind="panel"] { background: $panel; border: 1px solid $line; border-radius: 6px; }
QFrame[kind="notice"] { background: $accent_tint; border: 1px solid $line; border-radius: 6px; }
QFrame[kind="notice"][level="warning"] { background: $panel; border-color: $warning; }
QFrame[kind="dock-title"] { background: $panel; border: 1px solid $line; border-bottom: none;
  border-top-left-radius: 6px; border-top-right-radius: 6px; }
QFrame[kind="dock-body"] { background: $panel; border: 1px solid $line; border-top: none;
  border-bottom-left-radius: 6px; border-bottom-right-radius: 6px; }
QFrame[kind="dock-body"][tabbed="true"] { border-top: 1px solid $line; border-radius: 6px; }
QMainWindow::separator { background: transparent; width: 8px; height: 8px; }
QMainWindow::separator:hover { background: $line; }
QFrame[kind="tour"] { background: $panel; border: 2px solid $accent; border-radius: 6px; }
QFrame[kind="card"] { background: $panel; border: 1px solid $line; border-radius: 6px; }
QFrame[kind="well"] { background: $well; border: none; border-radius: 6px; }
QFrame[kind="rule"] { background: $line; border: none; max-height: 1px; min-height: 1px; }
QWidget[kind="plain"], QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; border: none; }

QPushButton, QToolButton { background: $control; border: 1px solid $line; border-radius: 4px;
  padding: 4px 12px; min-height: 18px; }
QPushButton:hover, QToolButton:hover { background: $hover; }
QPushButton:focus, QToolButton:focus { border-color: $accent; }
QPushButton:pressed, QToolButton:pressed, QToolButton:checked { background: $accent_tint; }
QPushButton:disabled, QToolButton:disabled { color: $disabled; }
QPushButton:default, QPushButton[kind="primary"], QToolButton[kind="primary"] { background: $accent;
  color: $on_accent; border-color: $accent; }
QPushButton[kind="primary"], QToolButton[kind="primary"] { font-weight: 600; }
QPushButton[kind="primary"]:disabled, QToolButton[kind="primary"]:disabled { background: $control; color: $disabled;
  border-color: $line; }
QPushButton[kind="primary"]:focus, QToolButton[kind="primary"]:focus { border-color: $text; }
QPushButton[kind="link"], QToolButton[kind="link"] { background: transparent; border-color: transparent;
  color: $muted; padding: 2px 4px; }
QPushButton[kind="link"]:hover, QToolButton[kind="link"]:hover { color: $text; background: $hover; }
QPushButton[kind="link"]:focus, QToolButton[kind="link"]:focus { border-color: $accent; }
QToolButton[kind="chip"] { background: $accent_tint; color: $accent; border-color: transparent; border-radius: 9px;
  padding: 1px 10px; }
QToolButton[kind="chip"]:hover, QToolButton[kind="chip"]:focus { border-color: $accent; }
QToolButton[kind="fold"] { background: transparent; border: 1px solid transparent; padding: 4px 0 2px 0;
  font-weight: 600; }
QToolButton[kind="fold"]:focus { border-color: $accent; }
QToolButton::menu-indicator { image: none; }
QLineEdit QToolButton { background: transparent; border: none; padding: 0; min-height: 0; }

QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QComboBox { background: $control; border: 1px solid $line;
  border-radius: 4px; padding: 3px 8px; selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:hover, QAbstractSpinBox:hover, QComboBox:hover { border-color: $strong_line; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QAbstractSpinBox:focus, QComboBox:focus {
  border-color: $accent; }
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled { color: $disabled; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 0; border: none; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox[kind="narrow"] { padding: 3px 0 3px 6px; }
QComboBox[kind="narrow"]::drop-down { width: 16px; }
QComboBox::down-arrow { image: url($arrow); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $panel; border: 1px solid $strong_line; outline: none;
  selection-background-color: $accent_tint; selection-color: $text; }

QAbstractItemView { background: $panel; border: none; outline: none; alternate-background-color: $well;
  selection-background-color: $accent_tint; selection-color: $text; }
QAbstractItemView::item:selected { background: $accent_tint; color: $text; }
QAbstractItemView::item:disabled { color: $disabled; }
QDialog QAbstractItemView, QDialog QPlainTextEdit { border: 1px solid $line; border-radius: 4px; }
QDialog QHeaderView { border: none; }
QDialog QAbstractItemView:focus { border-color: $accent; }
QTableView::item { padding: 0 5px; }
QFileDialog QToolButton { padding: 4px; }
QDialog QLineEdit, QDialog QComboBox { padding: 4px 8px; min-height: 18px; }
QDialog QAbstractItemView QLineEdit { padding: 0 4px; min-height: 0; }
QDialog QListView::item { padding: 2px 4px; }
QDialog QTreeView::item { padding: 3px 5px; }
QFileDialog QTreeView::item { padding: 3px 0; }
QDialog[kind="popup"] { background: $panel; border: 1px solid $strong_line; }
QDialog[kind="popup"] QListView { border: none; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QHeaderView { background: $panel; }
QHeaderView::section { background: $panel; color: $muted; border: none; border-bottom: 1px solid $line;
  padding: 4px 8px; }
QTableView[kind="frozen"] { border-right: 1px solid $line; }
QTableCornerButton::section { background: $panel; border: none; }

QMessageBox QTextEdit { min-width: 480px; }
QMessageBox QFrame[frameShape="4"] { background: $line; border: none; max-height: 1px; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QTabWidget::pane { border: none; }
QTabBar { background: transparent; }
QTabBar::tab { background: transparent; color: $muted; border: none; border-bottom: 2px solid transparent;
  padding: 4px 2px 4px 2px; margin-right: 16px; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:focus { color: $accent; }
QTabBar::tab:selected { color: $text; font-weight: 600; border-bottom-color: $accent; }

QMenuBar { background: $ground; }
QMenuBar::item { padding: 4px 8px; background: transparent; border-radius: 4px; }
QMenuBar::item:selected { background: $hover; }
QMenu { background: $panel; border: 1px solid $line; padding: 4px; }
QMenu::item { padding: 4px 24px 4px 24px; border-radius: 4px; }
QMenu::item:selected { background: $accent_tint; }
QMenu::item:disabled { color: $disabled; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }

QProgressBar { background: $line; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QSlider::groove:horizontal { background: $line; height: 4px; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; height: 4px; border-radius: 2px; }
QSlider::handle:horizontal { background: $panel; border: 1px solid $strong_line; width: 12px; height: 12px;
  margin: -5px 0; border-radius: 6px; }
QSlider::handle:horizontal:focus { border: 2px solid $accent; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $strong_line; border-radius: 3px; margin: 2px; min-height: 24px; min-width: 24px; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page { background: none;
  border: none; height: 0; width: 0; }
QSplitter::handle { background: transparent; }
QSplitter::handle:hover { background: $line; }
QStatusBar { background: $ground; }
QStatusBar::item { border: none; }
QCheckBox, QRadioButton { background: transparent; spacing: 8px; }
QCheckBox::indicator, QAbstractItemView::indicator { width: 14px; height: 14px; border: 1px solid $strong_line;
  border-radius: 3px; background: $control; }
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked { background: $accent;
  border-color: $accent; image: url($check); }
QAbstractItemView::indicator:indeterminate { background: $accent; border-color: $accent; image: url($dash); }
QCheckBox::indicator:disabled { border-color: $line; }
QCheckBox::indicator:focus { border-color: $text; }
QCheckBox:focus, QRadioButton:focus { color: $accent; }
QGroupBox { border: none; margin-top: 20px; font-weight: 600; }
QGroupBox::title { subcontrol-origin: margin; left: 0; }
""")


def style_sheet(tokens: Tokens, point_size: float, arrow: str = "", check: str = "", dash: str = "") -> str:
    """The sheet of one theme; sizes follow the system's font. `arrow`, `check` and `dash`: images of boxes."""
    values = {name: value for name, value in vars(tokens).items() if isinstance(value, str)}
    sizes = {"small": 0.88, "title": 1.2, "display": 1.7}
    points = {name: f"{point_size * factor:.1f}" for name, factor in sizes.items()}
    return _SHEET.substitute(values, arrow=arrow, check=check, dash=dash, **points)
