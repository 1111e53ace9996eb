"""The form of settings: automatic sizes show what they are."""

import pytest

from mmap_studio.config import Settings, settings_from
from mmap_studio.method.automatic import sized
from mmap_studio.ui.panels.settings import SettingsForm

pytestmark = pytest.mark.window


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
