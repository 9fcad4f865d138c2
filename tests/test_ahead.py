"""Items made ahead are the same items."""

from collections.abc import Iterator

import pytest

from analyzer.ahead import ahead


def test_the_same_items_in_the_same_order() -> None:
    assert list(ahead(iter([3, None, 1]))) == [3, None, 1]
    assert list(ahead(iter([]))) == []


def test_an_error_comes_after_what_was_made_before_it() -> None:
    def some() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("broken off")

    items = ahead(some())
    assert (next(items), next(items)) == (1, 2)
    with pytest.raises(ValueError, match="broken off"):
        next(items)


def test_no_more_than_one_is_made_ahead() -> None:
    made = []

    def some() -> Iterator[int]:
        for number in range(5):
            made.append(number)
            yield number

    items = ahead(some())
    assert next(items) == 0
    items.close()
    assert made in ([0], [0, 1])
