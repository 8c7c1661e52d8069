"""Code 128 by the standard's own vectors: symbol widths, sets, check symbols, quiet zones (ISO/IEC 15417)."""

import re

import pytest

from documents import code128

START_A = 103


@pytest.mark.parametrize(
    "values, check",
    [
        # "PJJ123C" in set A and "Wikipedia" in set B are the published worked examples.
        ([START_A, 48, 42, 42, 17, 18, 19, 35], 54),
        ([code128.START_B, 55, 73, 75, 73, 80, 69, 68, 73, 65], 88),
        # "0123456789" as five pairs in set C.
        ([code128.START_C, 1, 23, 45, 67, 89], 73),
    ],
)
def test_the_check_symbol_is_the_weighted_sum_modulo_103(values, check):
    assert code128.check(values) == check


def test_every_symbol_has_six_widths_of_eleven_modules_and_is_unlike_every_other():
    assert len(code128.WIDTHS) == len(set(code128.WIDTHS)) == 106
    for widths in code128.WIDTHS:
        assert len(widths) == 6
        assert sum(map(int, widths)) == 11
        # Bars have an even number of modules in all: the standard's parity.
        assert sum(map(int, widths[::2])) % 2 == 0


@pytest.mark.parametrize(
    "text, values",
    [
        ("Wikipedia", [104, 55, 73, 75, 73, 80, 69, 68, 73, 65, 88]),
        ("0123456789", [105, 1, 23, 45, 67, 89, 73]),
        # Two letters, then an odd run: the odd digit stays in set B.
        ("JC01202611200001011", [104, 42, 35, 16, 99, 12, 2, 61, 12, 0, 0, 10, 11, 55]),
        # Too short a run of digits for a change of set.
        ("AB12CD", [104, 33, 34, 17, 18, 35, 36, 101]),
    ],
)
def test_letters_are_written_in_set_b_and_runs_of_digits_in_set_c(text, values):
    assert code128.symbols(text) == values


@pytest.mark.parametrize("text", ["", "岚溪", "A\tB"])
def test_what_the_set_cannot_write_is_refused(text):
    with pytest.raises(ValueError, match="Code 128"):
        code128.symbols(text)


@pytest.mark.parametrize("text", ["JC01202611200001011", "A", "12", "JC0120261120000102X7", "9876543"])
def test_the_bars_read_back_to_the_text(text):
    row = code128.modules(text)

    assert read(row) == text


def test_the_drawing_keeps_ten_modules_of_quiet_on_both_sides():
    drawn = str(code128.svg("JC01202611200001011", label="JC"))
    width = int(re.search(r'viewBox="0 0 (\d+) ', drawn)[1])
    starts = [int(x) for x in re.findall(r"M(\d+) 0h", drawn)]
    ends = [int(x) + int(w) for x, w in re.findall(r"M(\d+) 0h(\d+)", drawn)]

    assert width == len(code128.modules("JC01202611200001011")) + 20
    assert (min(starts), max(ends)) == (10, width - 10)


def read(row: str) -> str:
    """A reader written from the standard's side: widths to symbols to text, check symbol asked."""
    widths = "".join(str(len(run[0])) for run in re.finditer(r"1+|0+", row))
    assert widths.endswith(code128.STOP)
    body = widths[: -len(code128.STOP)]
    values = [code128.WIDTHS.index(body[place : place + 6]) for place in range(0, len(body), 6)]
    start, *data, check = values
    total = start + sum((place + 1) * value for place, value in enumerate(data))
    assert total % 103 == check
    in_c, text = start == 105, ""
    for value in data:
        if in_c and value < 100:
            text += f"{value:02}"
        elif in_c:
            assert value == 100
            in_c = False
        elif value == 99:
            in_c = True
        else:
            text += chr(value + 32)
    return text
