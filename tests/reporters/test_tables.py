"""Tables of the terminal: cells keep their words, and are wrapped where the page is too narrow."""

import io

from minmax_lint.reporters.terminal.page import Page

WORDS = " ".join(f"word{i}" for i in range(150))


def table(*rows: tuple[str, ...]) -> list[str]:
    out = io.StringIO()
    Page(out).table([""] * len(rows[0]), rows)
    return out.getvalue().splitlines()


def test_the_last_column_keeps_its_words_however_many() -> None:
    lines = table(("key", WORDS))
    assert " ".join(lines).split() == ["key", *WORDS.split()]
    assert max(map(len, lines)) <= 80


def test_a_name_stays_in_one_piece() -> None:
    lines = table(("net/" + "a" * 100, "text"), ("b", "more"))
    assert lines[0] == f"   net/{'a' * 100}  text"


def test_of_two_columns_the_wider_is_wrapped() -> None:
    lines = table(
        ("a key", "a text of many words that needs more than half of the page's width, and more", "end")
    )
    assert lines[0].startswith("   a key  a text of many words")
    assert lines[0].endswith("  end")
