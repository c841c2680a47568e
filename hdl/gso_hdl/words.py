# SPDX-License-Identifier: Apache-2.0
"""Words: where the words that a look reads out of a header stand in the row at hand."""

from dataclasses import dataclass
from functools import reduce
from operator import or_

from amaranth import Cat, Const, Mux, Signal

LAST = 6  # the last word that is read out of any header


@dataclass(frozen=True)
class Word:
    """A word of a header: `usual`, or `other` where the context's field `where` says so."""

    usual: int
    other: int | None = None
    where: str = ""

    def columns(self, place, context):
        """One bit a column of the row at hand: is it there?"""
        return self._either(context, place.is_word)

    def is_here(self, place, context):
        """Does the row at hand hold it?"""
        return self._either(context, lambda j: place.any_word(j, j + 1))

    def numbers(self, chosen, context):
        """Pairs of a word's number and a bit: it is this one, and the header's is `chosen`."""
        if self.other is None:
            return [(self.usual, chosen)]
        where = getattr(context, self.where)
        return [(self.usual, chosen & ~where), (self.other, chosen & where)]

    def _either(self, context, of):
        if self.other is None:
            return of(self.usual)
        return Mux(getattr(context, self.where), of(self.other), of(self.usual))


def by_number(words, chosen, context, columns):
    """Bits by number: the word of that number is read, of the one of `words` whose header's bit in
    `chosen` is 1. Numbers count within a row of `columns`.
    """
    found = {}
    for word, bit in zip(words, chosen, strict=True):
        for number, here in word.numbers(bit, context):
            found[number % columns] = found.get(number % columns, Const(0, 1)) | here
    return found


def columns_behind(start, numbers, columns):
    """One bit a column: does it hold the word whose number's bit in `numbers` is 1, one at most, of
    a header that starts in column `start`?

    Without carry chains: turned in blocks of eight columns, then by blocks; numbers are at most 8.
    """
    block = min(columns, 8)
    low_bits = (block - 1).bit_length()
    low, high = start[:low_bits], start[low_bits:]
    in_block = Cat(
        reduce(or_, (bit & (low == (i - number) % block) for number, bit in numbers.items()))
        for i in range(block)
    )
    if columns == block:
        return in_block
    wraps = (bit & (low >= block - number) for number, bit in numbers.items() if number)
    carries = reduce(or_, wraps)
    blocks = range(columns // block)
    of_block = [Mux(carries, high == (k - 1) % len(blocks), high == k) for k in blocks]
    return Cat(in_block[i % block] & of_block[i // block] for i in range(columns))


def of_picked(pick, values):
    """The one of `values` whose bit in `pick` is 1; 0 where none is."""
    return reduce(or_, (v & bit.replicate(len(v)) for v, bit in zip(values, pick, strict=True)))


def look_ahead(m, begin, sides, names, words, pick, columns):
    """Registers of what goes to all columns in a look, a cycle ahead of it: `pick`, the bit of the
    header, of `names`; the column in which it starts, this row or not; the numbers of its `words`.

    `sides` has two pairs of bits and a frame's context: of the row's next look, and of the first
    look at the next row. Which of them comes, `begin` says, and late: so both are worked out.
    """
    column_bits = (columns - 1).bit_length()
    start = Signal(column_bits, reset_less=True)
    coming = []
    for found, frame in sides:
        starts = [getattr(frame, name)[:column_bits] for name in names]
        side = {"pick": found, "start": of_picked(found, starts)}
        for word, of_layers in words.items():
            side[word] = by_number(of_layers, found, frame, columns)
        coming.append(side)
    following, first = coming
    numbers = {}
    for word in words:
        numbers[word] = {
            number: Signal(name=f"{word}_is_{number}", reset_less=True)
            for number in following[word]
        }
        m.d.sync += [
            bit.eq(Mux(begin, first[word][number], following[word][number]))
            for number, bit in numbers[word].items()
        ]
    m.d.sync += [
        register.eq(Mux(begin, first[name], following[name]))
        for name, register in (("pick", pick), ("start", start))
    ]
    return start, numbers
