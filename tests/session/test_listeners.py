import pytest

from mmap_studio.session.listeners import Listeners


def test_all_are_called_in_order_until_they_stop():
    told, heard = Listeners(), []
    stop = told.listen(lambda value: heard.append(("a", value)))
    told.listen(lambda value: heard.append(("b", value)))
    told(1)
    stop()
    stop()
    told(2)
    assert heard == [("a", 1), ("b", 1), ("b", 2)]


def test_several_changes_that_are_held_are_told_once_at_the_outermost_end():
    told, heard = Listeners(), []
    told.listen(heard.append)
    with told.held():
        told(1)
        with told.held():
            told(2)
        assert heard == []
    assert heard == [2]
    with told.held():
        pass
    assert heard == [2]


def test_what_was_changed_before_an_exception_is_told():
    told, heard = Listeners(), []
    told.listen(heard.append)

    def change_and_fail() -> None:
        with told.held():
            told(1)
            raise KeyError

    with pytest.raises(KeyError):
        change_and_fail()
    assert heard == [1]


def test_what_the_first_listener_changes_is_heard_by_the_others_in_the_same_call():
    told, heard = Listeners(), []
    told.listen(lambda: heard.append("view"))
    told.listen(lambda: (heard.append("first"), told()), first=True)
    told()
    assert heard == ["first", "view"]
    told()
    assert heard == ["first", "view"] * 2
