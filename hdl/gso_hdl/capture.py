# SPDX-License-Identifier: Apache-2.0
"""Capture: puts each header into its slot, checks it, and takes its sums once."""

from amaranth import Array, Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from gso_model.layout import Status

from .primitives import SumTree, at_or_above, delay, fold, tree_levels, words_of
from .records import header_context, header_result, header_row
from .slots import slot_row


class Capture(wiring.Component):
    """Captures headers.

    A row is looked at once for the L3 header and once for the L4 header, in one cycle each and
    only where it has something of it. The same cycles write the row into the frame's slot, and
    into its copy for odd segments where there will be any.

    Fields that edit writes are left out of the sums; edit adds their new values. The L4 sum
    starts with what the descriptor alone says of the pseudo-header.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    context : In stream(header_context)
    row : In stream(header_row)
    slot : Out stream(slot_row)
    free : In(k), slot rows that became free
    result : Out stream(header_result), one a frame; the receiver has room for 16

    Latency: from the last row's last look, 6 cycles and the adder tree's.
    Throughput: a row in one or two cycles. Source: D2, D6, D11 codes 16 to 19, D21.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "context": In(stream.Signature(header_context(config))),
                "row": In(stream.Signature(header_row(config))),
                "slot": Out(stream.Signature(slot_row(config))),
                "free": In((2 * config.header_rows).bit_length()),
                "result": Out(stream.Signature(header_result(config), always_ready=True)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        columns = config.columns
        column_bits = (columns - 1).bit_length()
        address_bits = (config.slot_rows - 1).bit_length()
        context = self.context.payload

        # --- where we are
        number = Signal(context.rows.shape())  # of the row within its header
        second = Signal()  # second look
        base = Signal(address_bits)  # the slot's first row
        used = Signal(address_bits + 1)  # rows in use
        size = Mux(context.several, context.rows << 1, context.rows)
        no_rows = context.rows == 0

        def word(position):
            return position[:column_bits], position[column_bits:]

        l3_row = word(context.l3)[1]
        l4_row = word(context.l4)[1]
        l3_last_row = word((context.l4 - 1)[: config.word_bits])[1]
        addresses = Signal(config.word_bits)  # the IP addresses' first word
        addresses_end = Signal(config.word_bits)
        with m.If(context.ipv4):
            m.d.comb += [addresses.eq(context.l3 + 6), addresses_end.eq(context.l3 + 10)]
        with m.Else():
            m.d.comb += [addresses.eq(context.l3 + 4), addresses_end.eq(context.l3 + 20)]

        l3_here = (
            (context.ipv4 | context.ipv6) & (number >= l3_row) & (number <= l3_last_row)
        )
        l4_here = (number >= l4_row) | (
            context.from_header & (number >= word(addresses)[1])
        )
        twice = context.several | (l3_here & l4_here)
        look_l4 = Mux(context.several, second, l4_here & (~l3_here | second))

        ready = Signal()  # this look can be done
        last_look = Signal()
        last_row = Signal()
        writes = ~second | context.several
        fits = Signal()
        m.d.comb += [
            # Room for the whole header is claimed before its first row.
            fits.eq(used + size <= config.slot_rows),
            last_row.eq(no_rows | (number + 1 == context.rows) | self.row.payload.short),
            last_look.eq(~twice | second),
            ready.eq(
                self.context.valid
                & (
                    no_rows
                    | (
                        self.row.valid
                        & (fits | (number != 0) | second)
                        & (~writes | self.slot.ready)
                    )
                )
            ),
            self.row.ready.eq(ready & ~no_rows & last_look),
            self.context.ready.eq(ready & (no_rows | (last_look & last_row))),
        ]
        done = self.context.ready
        claimed = Mux(ready & (number == 0) & ~second, size, 0)
        m.d.sync += used.eq(used + claimed - self.free)
        with m.If(ready & ~no_rows):
            m.d.sync += second.eq(~last_look)
            with m.If(last_look):
                m.d.sync += number.eq(Mux(last_row, 0, number + 1))
        with m.If(done):
            m.d.sync += base.eq(base + size)

        # --- the slot: the copy for odd segments stands behind the first
        keep_end = Signal(config.lanes)  # nothing behind the header is kept
        full = (number + 1 != context.rows) | (context.end_lane == 0)
        m.d.comb += keep_end.eq(Mux(full, ~0, ~at_or_above(context.end_lane, config.lanes)))

        def here(position, active):
            """One bit a column: is it the word at `position`?"""
            column, row = word(position)
            return Mux(active & (row == number), 1 << column, 0)[:columns]

        checksum = here(context.checksum, context.checksum_on)
        m.d.comb += [
            self.slot.valid.eq(
                self.context.valid
                & self.row.valid
                & ~no_rows
                & writes
                & (fits | (number != 0) | second)
            ),
            self.slot.payload.row.eq(base + number + Mux(second, context.rows, 0)),
            self.slot.payload.data.eq(self.row.payload.data),
            self.slot.payload.keep.eq(
                keep_end & ~Cat(checksum[i // 2] for i in range(config.lanes))
            ),
        ]

        # --- first register: the row, what of it is summed, which words are read out
        def from_here(position):
            """One bit a column: is it at or behind `position`?"""
            column, row = word(position)
            return Mux(
                row == number, at_or_above(column, columns), (number > row).replicate(columns)
            )

        x = Mux(look_l4, context.l4 + 6, context.l3)[: config.word_bits]
        y = (Mux(look_l4, context.l4, context.l3) + 2)[: config.word_bits]
        z = Mux(look_l4, context.l4 + 3, context.l3 + Mux(context.ipv6, 3, 4))[: config.word_bits]
        tcp_edited = look_l4 & context.several & context.tcp
        skip = (
            here((context.l3 + 5)[: config.word_bits], ~look_l4)
            | here((context.l3 + 1)[: config.word_bits], ~look_l4 & context.segmented)
            | here(x, tcp_edited)
            | here(
                y,
                tcp_edited
                | Mux(look_l4, context.segmented & context.udp, context.several),
            )
            | here(z, tcp_edited)
            | here(context.checksum, look_l4 & context.from_header)
        )
        summed = Mux(
            look_l4,
            from_here(context.l4)
            | Mux(
                context.from_header, from_here(addresses) & ~from_here(addresses_end), 0
            ),
            from_here(context.l3) & ~from_here(context.l4),
        )
        row_1 = Signal(config.data_width, reset_less=True)
        mask_1 = Signal(config.lanes, reset_less=True)
        both = summed & ~skip
        m.d.sync += [
            row_1.eq(self.row.payload.data),
            mask_1.eq(keep_end & Cat(both[i // 2] for i in range(config.lanes))),
        ]
        valid_1 = Signal()
        m.d.sync += valid_1.eq(ready)
        flags = {}
        for name, value in {
            "look_l4": look_l4,
            "look_l3": l3_here & ~look_l4,
            "done": done,
            "rows": ~no_rows,
            "short": self.row.payload.short & ~no_rows,
            "starts": (number == 0) & ~second,
            "x_hit": (word(x)[1] == number) & ~no_rows,
            "y_hit": (word(y)[1] == number) & ~no_rows,
            "z_hit": (word(z)[1] == number) & ~no_rows,
        }.items():
            flags[name] = Signal(name=f"{name}_1", reset_less=True)
            m.d.sync += flags[name].eq(value)
        columns_1 = {}
        for name, position in {"x": x, "y": y, "z": z}.items():
            columns_1[name] = Signal(column_bits, name=f"{name}_column", reset_less=True)
            m.d.sync += columns_1[name].eq(word(position)[0])
        kinds = (
            "ipv4 ipv6 tcp udp segmented checksum_on from_header check_protocol l4_fits".split()
        )
        now = {
            name: delay(m, f"{name}_now", getattr(context, name), 2)
            for name in [*kinds, "l3_words", "l4_words"]
        }
        seed_1 = Signal(17, reset_less=True)
        base_1 = Signal(address_bits, reset_less=True)
        m.d.sync += [seed_1.eq(context.seed), base_1.eq(base)]

        # --- second register: masked row and the words read out
        row_2 = Signal(config.data_width, reset_less=True)
        for i in range(config.lanes):
            part = slice(8 * i, 8 * i + 8)
            m.d.sync += row_2[part].eq(Mux(mask_1[i], row_1[part], 0))
        seen = {}
        words = Array(words_of(row_1, columns))
        for name, column in columns_1.items():
            seen[name] = Signal(16, name=f"{name}_word", reset_less=True)
            m.d.sync += seen[name].eq(words[column])
        valid_2 = delay(m, "valid", valid_1, 1, reset_less=False)
        flags_2 = {name: delay(m, f"{name}_2", value, 1) for name, value in flags.items()}
        seed_2 = delay(m, "seed_2", seed_1, 1)

        # --- third: questions to the header, start values
        bad = {name: Signal(name=f"bad_{name}") for name in ("version", "length", "protocol", "l4")}
        ask = {}
        l3_look = valid_2 & flags_2["look_l3"]
        l4_look = valid_2 & flags_2["look_l4"] & flags_2["rows"]
        protocol = Mux(now["ipv4"], seen["z"][:8], seen["z"][8:])
        x_l3, x_l4 = l3_look & flags_2["x_hit"], l4_look & flags_2["x_hit"]
        z_l3 = l3_look & flags_2["z_hit"]
        ask["version"] = x_l3 & (seen["x"][12:] != Mux(now["ipv4"], 4, 6))
        ask["length"] = x_l3 & now["ipv4"] & (seen["x"][8:12] != now["l3_words"])
        ask["protocol"] = z_l3 & now["check_protocol"] & (protocol != Mux(now["udp"], 17, 6))
        ask["l4"] = (
            l4_look
            & now["segmented"]
            & (
                ~now["l4_fits"]
                | (now["tcp"] & flags_2["x_hit"] & (seen["x"][12:] != now["l4_words"]))
            )
        )
        for name, flag in bad.items():
            with m.If(valid_2 & flags_2["starts"]):
                m.d.sync += flag.eq(ask[name])
            with m.Elif(ask[name]):
                m.d.sync += flag.eq(1)
        no_checksum = Signal(reset_less=True)
        ip_id = Signal(16, reset_less=True)
        sequence = Signal(32, reset_less=True)
        tcp_flags = Signal(16, reset_less=True)
        with m.If(l3_look & flags_2["y_hit"]):
            m.d.sync += ip_id.eq(seen["y"])
        with m.If(l4_look & flags_2["y_hit"]):
            m.d.sync += sequence[16:].eq(seen["y"])
        with m.If(l4_look & flags_2["z_hit"]):
            m.d.sync += [
                sequence[:16].eq(seen["z"]),
                no_checksum.eq(now["udp"] & ~now["from_header"] & (seen["z"] == 0)),
            ]
        with m.If(x_l4):
            m.d.sync += tcp_flags.eq(seen["x"])

        # --- the sums
        m.submodules.tree = tree = SumTree(columns, tree_levels(config))
        m.d.comb += tree.i.eq(Cat(words_of(row_2, columns)))
        tree_valid = delay(m, "tree_valid", valid_2, tree.latency, reset_less=False)
        tree_l4 = delay(m, "tree_l4", flags_2["look_l4"], tree.latency)
        tree_starts = delay(m, "tree_starts", flags_2["starts"], tree.latency)
        tree_seed = delay(m, "tree_seed", seed_2, tree.latency)
        extra = (config.header_rows - 1).bit_length() + 1
        ip_total = Signal(len(tree.o) + extra, reset_less=True)
        l4_total = Signal(len(tree.o) + extra, reset_less=True)
        with m.If(tree_valid):
            with m.If(tree_starts):
                m.d.sync += [
                    ip_total.eq(Mux(tree_l4, 0, tree.o)),
                    l4_total.eq(Mux(tree_l4, tree.o, 0) + tree_seed),
                ]
            with m.Elif(tree_l4):
                m.d.sync += l4_total.eq(l4_total + tree.o)
            with m.Else():
                m.d.sync += ip_total.eq(ip_total + tree.o)

        # --- all of it together, when the sums are folded
        wait = tree.latency + 3
        done_2 = valid_2 & flags_2["done"]
        verdict = Signal(3)
        short_3 = Signal(reset_less=True)
        m.d.sync += short_3.eq(flags_2["short"])
        for code, name in reversed(
            [
                (Status.IP_VERSION, "version"),
                (Status.IP_HEADER_LENGTH, "length"),
                (Status.IP_PROTOCOL, "protocol"),
                (Status.L4_HEADER, "l4"),
            ]
        ):
            with m.If(bad[name]):
                m.d.comb += verdict.eq(code - 15)
        result = self.result.payload
        m.d.comb += [
            self.result.valid.eq(delay(m, "result_valid", done_2, wait, reset_less=False)),
            result.ip_sum.eq(fold(m, "ip_folded", ip_total)),
            result.l4_sum.eq(fold(m, "l4_folded", l4_total)),
        ]
        early = {
            "slot": delay(m, "slot_base", base_1, 2),
            "verdict": Mux(short_3, 0, verdict),
            "no_checksum": no_checksum,
            "ip_id": ip_id,
            "sequence": sequence,
            "flags": tcp_flags,
        }
        for name, value in early.items():
            m.d.comb += getattr(result, name).eq(delay(m, f"result_{name}", value, wait - 1))
        return m
