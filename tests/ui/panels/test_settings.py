"""The form of settings: automatic sizes show what they are."""

import pytest
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox

from mmap_studio.config import Settings, settings_from
from mmap_studio.method.automatic import sized
from mmap_studio.ui.kit import theme
from mmap_studio.ui.panels.settings import SettingsForm

pytestmark = pytest.mark.window


def test_every_choice_is_seen_whole(qtbot):
    theme.apply("light")
    form = SettingsForm()
    qtbot.addWidget(form)
    form.show()
    for box in form.findChildren(QComboBox):
        option = QStyleOptionComboBox()
        box.initStyleOption(option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        room = box.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, box).width()
        cut = [text for i in range(box.count()) if box.fontMetrics().horizontalAdvance(text := box.itemText(i)) > room]
        assert not cut, box.accessibleName()


def test_automatic_sizes_show_the_number_they_have_now(qtbot):
    form = SettingsForm()
    qtbot.addWidget(form)
    tokens = form._fields["prompt.tokens"].widget
    assert tokens.text() == "auto"
    form.show_sizes(sized(Settings().prompt, 128, 192, 4))
    assert tokens.text() == "auto: 4"
    form.show_sizes(None)
    assert tokens.text() == "auto"


def test_a_size_that_is_given_is_shown_and_goes_back_to_automatic(qtbot):
    form = SettingsForm()
    qtbot.addWidget(form)
    form.show_settings(settings_from({}, {"prompt.tokens": 8}))
    field = form._fields["prompt.tokens"]
    assert (field.widget.text(), field.value) == ("8", 8)
    with qtbot.waitSignal(form.changed) as told:
        field.widget.setValue(0)
    assert told.args[0].prompt.tokens == 0
    assert field.widget.text() == "auto"
