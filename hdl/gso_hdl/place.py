# SPDX-License-Identifier: Apache-2.0
"""Place: where a header starts within rows of 16-bit columns, and so where each of its words is."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In


class Place(wiring.Component):
    """Follows the rows of a frame's header and tells which columns hold which words.

    Nothing is subtracted: the column where the header starts is decoded once; word j then stands
    j columns further, in this row or a later one, which is wiring.

    Parameters
    ----------
    columns : int
        16-bit columns in a row, a power of two from 4.
    furthest : int
        The last word that will be asked for.
    bits : int
        Bits of `position`.

    Members
    -------
    position : In(bits), the header's first word, counted from the frame's start; stable from the
        cycle before the frame's first `advance`
    at_start : In(1), the row at hand is the frame's first
    first : In(1), the header starts in the first row
    following : In(k), number of the row behind it
    advance : In(1), the next cycle has the next row
    restart : In(1), with `advance`: or a new frame's first

    Latency: none; rows are compared a row ahead. `restart` also ends a frame without rows.
    """

    def __init__(self, columns, furthest, bits):
        self.columns = columns
        self.column_bits = (columns - 1).bit_length()
        # Rows that words up to `furthest` can reach, and one for all that are further.
        self.rows = (furthest + columns - 1) // columns + 2
        super().__init__(
            {
                "position": In(bits),
                "at_start": In(1),
                "first": In(1),
                "following": In(bits - self.column_bits),
                "advance": In(1),
                "restart": In(1),
            }
        )
        self.row = [Signal(name=f"row_{i}") for i in range(self.rows)]
        self.start = Signal(columns, reset_less=True)  # one-hot
        self.behind = Signal(columns, reset_less=True)  # ones from there on
        self.passed = Signal()  # the header starts in an earlier row

    def elaborate(self, platform):
        m = Module()
        column, row = self.position[: self.column_bits], self.position[self.column_bits :]
        next_here = Signal()
        m.d.sync += [
            self.start.eq(Cat(column == i for i in range(self.columns))),
            self.behind.eq(Cat(column <= i for i in range(self.columns))),
        ]
        m.d.comb += self.row[0].eq(Mux(self.at_start, self.first, next_here))
        with m.If(self.advance):
            m.d.sync += [self.row[i].eq(self.row[i - 1]) for i in range(1, self.rows)]
            m.d.sync += [
                next_here.eq(self.following == row),
                self.row[-1].eq(self.row[-1] | self.row[-2]),
                self.passed.eq(self.reached()),
            ]
            with m.If(self.restart):
                m.d.sync += [later.eq(0) for later in [*self.row[1:], self.passed]]
        return m

    def reached(self):
        """Does the header start in the row at hand or an earlier one?"""
        return self.passed | self.row[0]

    def any_word(self, first, end):
        """Does the row at hand hold one of the words from `first` to `end` - 1?"""
        found = Const(0, 1)
        for k, row in enumerate(self.row):
            low, high = k * self.columns - end + 1, (k + 1) * self.columns - first
            found |= row & self.start[max(low, 0) : max(min(high, self.columns), 0)].any()
        return found

    def in_front_of(self, end):
        """Does the row at hand hold a word of this header in front of the header `end`?"""
        return self.reached() & ~end.passed & ~(end.row[0] & end.start[0])

    def is_word(self, j):
        """One bit a column: does it hold word `j`?"""
        bits = []
        for i in range(self.columns):
            source = (i - j) % self.columns
            bits.append(self.start[source] & self.row[(source + j) // self.columns])
        return Cat(bits)

    def at_or_behind(self, j):
        """One bit a column: does it hold word `j` or a later one?"""
        bits = []
        for i in range(self.columns):
            terms = Const(0, 1)
            for k, row in enumerate(self.row):
                source = i + k * self.columns - j
                if source >= self.columns - 1 or k == self.rows - 1:
                    terms |= row
                elif source >= 0:
                    terms |= row & self.behind[source]
            bits.append(terms)
        return Cat(bits)

    def words(self, first, end):
        """One bit a column: does it hold one of the words from `first` to `end` - 1?"""
        return self.at_or_behind(first) & ~self.at_or_behind(end)
