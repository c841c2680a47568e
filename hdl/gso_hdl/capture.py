# SPDX-License-Identifier: Apache-2.0
"""Capture: puts each header into its slot, checks it, and takes its sums once."""

from amaranth import Array, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .header_sum import HeaderSum
from .place import Place
from .primitives import at_or_above, delay, words_of
from .records import header_context, header_result, header_row, header_sums
from .slots import slot_row
from .verdict import Verdict


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
    oldest : In(k), the first slot row that is still in use
    result : Out stream(header_result), one a frame; the receiver has room for all under way
    sums : Out stream(header_sums), one a frame, later; likewise

    Latency: from the last row's arrival, 5 cycles; sums 3 and the adder tree's later.
    Throughput: a row in one or two cycles. Source: D2, D6, D11 codes 16 to 19, D21.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "context": In(stream.Signature(header_context(config))),
                "row": In(stream.Signature(header_row(config))),
                "slot": Out(stream.Signature(slot_row(config))),
                "oldest": In((config.slot_rows - 1).bit_length()),
                "result": Out(stream.Signature(header_result(config), always_ready=True)),
                "sums": Out(stream.Signature(header_sums(config), always_ready=True)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        columns = config.columns
        column_bits = (columns - 1).bit_length()
        address_bits = (config.slot_rows - 1).bit_length()
        context = self.context.payload

        # --- walk: what there is in the row at hand
        number = Signal(context.last_row.shape())  # of the row within its header
        at_start = Signal(init=1)
        base = Signal(address_bits)  # the slot's first row
        address = Signal(address_bits)  # this row in it
        walk = Signal()
        fits = Signal()
        last_row = (number == context.last_row) | self.row.payload.short
        m.submodules.l3 = l3 = Place(columns, 20, len(context.l3))
        m.submodules.l4 = l4 = Place(columns, 6, len(context.l4))
        for place, position in ((l3, context.l3), (l4, context.l4)):
            m.d.comb += [
                place.position.eq(position),
                place.number.eq(number),
                place.advance.eq(walk),
                place.restart.eq(last_row | context.empty),
            ]
        from_l3, from_l4 = l3.at_or_behind(0), l4.at_or_behind(0)
        addresses = Mux(
            context.ipv4,
            l3.at_or_behind(6) & ~l3.at_or_behind(10),
            l3.at_or_behind(4) & ~l3.at_or_behind(20),
        ) & context.from_header.replicate(columns)
        l3_here = (context.ipv4 | context.ipv6) & (from_l3 & ~from_l4).any()
        l4_here = from_l4[-1] | addresses.any()
        tcp_edited = context.several & context.tcp
        skip_l3 = (
            l3.is_word(5)
            | (l3.is_word(1) & context.segmented.replicate(columns))
            | (l3.is_word(2) & context.several.replicate(columns))
        )
        skip_l4 = ((l4.is_word(3) | l4.is_word(6)) & tcp_edited.replicate(columns)) | (
            l4.is_word(2) & (tcp_edited | (context.segmented & context.udp)).replicate(columns)
        )
        checksum_here = number == context.checksum[column_bits:]
        checksum = Cat(
            checksum_here & (context.checksum[:column_bits] == i) for i in range(columns)
        )
        # Nothing behind the header is kept.
        whole = (number != context.last_row) | (context.end_lane == 0)
        in_header = ~at_or_above(context.end_lane, config.lanes) | whole.replicate(config.lanes)
        following = (base + Mux(context.several, context.rows << 1, context.rows))[:address_bits]
        m.d.comb += [
            self.row.ready.eq(walk & ~context.empty),
            self.context.ready.eq(walk & (context.empty | last_row)),
        ]
        # Room for the longest header is there before the first row; `base` may be a frame old.
        m.d.sync += fits.eq((base - self.oldest)[:address_bits] < config.slot_rows // 2)
        with m.If(walk & ~context.empty):
            m.d.sync += [
                number.eq(number + 1),
                address.eq(address + 1),
                at_start.eq(0),
            ]
            with m.If(last_row):
                m.d.sync += [
                    number.eq(0),
                    at_start.eq(1),
                    base.eq(following),
                    address.eq(following),
                ]

        # --- look: once or twice at a row
        held = {}
        kinds = "ipv4 tcp udp segmented from_header check_protocol l4_fits l3_words l4_words"
        find = {}
        # Words read out: by name, its number within the L3 header and within the L4 header.
        for name, (in_l3, in_l4) in {
            "x": (Const(0, 3), Const(6, 3)),
            "y": (Const(2, 3), Const(2, 3)),
            "z": (Mux(context.ipv6, Const(3, 3), Const(4, 3)), Const(3, 3)),
        }.items():
            find[f"{name}_hit_l3"], find[f"{name}_column_l3"] = l3.find(in_l3)
            find[f"{name}_hit_l4"], find[f"{name}_column_l4"] = l4.find(in_l4)
        noted = {
            "data": self.row.payload.data,
            "in_header": in_header,
            "keep": in_header
            & ~Cat(checksum[i // 2] & context.checksum_on for i in range(config.lanes)),
            "sum_l3": from_l3 & ~from_l4 & ~skip_l3,
            "sum_l4": (from_l4 | addresses)
            & ~skip_l4
            & ~(checksum & context.from_header.replicate(columns)),
            "copy": (address + context.rows)[:address_bits],
            "several": context.several,
            "twice": context.several | (l3_here & l4_here),
            "l4_only": ~context.several & l4_here & ~l3_here,
            "l3_here": l3_here,
            "last": context.empty | last_row,
            "rows": ~context.empty,
            "short": self.row.payload.short & ~context.empty,
            "starts": at_start,
            "seed": context.seed,
            "slot": base,
            "address": address,
            **find,
            **{name: getattr(context, name) for name in kinds.split()},
        }
        valid_0 = Signal()
        for name, value in noted.items():
            value = Value.cast(value)
            held[name] = Signal(value.shape(), name=f"held_{name}", reset_less=True)
            with m.If(walk):
                m.d.sync += held[name].eq(value)
        second = Signal()  # second look
        look = Signal()
        last_look = ~held["twice"] | second
        look_l4 = second | held["l4_only"]
        writes = held["rows"] & (~second | held["several"])
        m.d.comb += [
            self.slot.valid.eq(valid_0 & writes),
            self.slot.payload.row.eq(Mux(second, held["copy"], held["address"])),
            self.slot.payload.data.eq(held["data"]),
            self.slot.payload.keep.eq(held["keep"]),
            look.eq(valid_0 & (~writes | self.slot.ready)),
            walk.eq(
                (~valid_0 | (look & last_look))
                & self.context.valid
                & (context.empty | (self.row.valid & (fits | ~at_start)))
            ),
        ]
        with m.If(look):
            m.d.sync += second.eq(~last_look)
        with m.If(walk | (look & last_look)):
            m.d.sync += valid_0.eq(walk)

        # --- first register: the row, what of it is summed, which words are read out
        row_1 = Signal(config.data_width, reset_less=True)
        mask_1 = Signal(config.lanes, reset_less=True)
        summed = Mux(look_l4, held["sum_l4"], held["sum_l3"])
        m.d.sync += [
            row_1.eq(held["data"]),
            mask_1.eq(held["in_header"] & Cat(summed[i // 2] for i in range(config.lanes))),
        ]
        valid_1 = Signal()
        m.d.sync += valid_1.eq(look)
        columns_1 = {}
        flags = {}
        for name in "xyz":
            columns_1[name] = Signal(column_bits, name=f"{name}_column", reset_less=True)
            m.d.sync += columns_1[name].eq(
                Mux(look_l4, held[f"{name}_column_l4"], held[f"{name}_column_l3"])
            )
            flags[f"{name}_hit"] = Mux(look_l4, held[f"{name}_hit_l4"], held[f"{name}_hit_l3"])
        flags |= {
            "look_l4": look_l4 & held["rows"],
            "look_l3": held["l3_here"] & ~look_l4 & held["rows"],
            "done": held["last"] & last_look,
            "short": held["short"],
            "starts": held["starts"] & ~second,
        }
        flags = {name: delay(m, f"{name}_1", value, 1) for name, value in flags.items()}
        now = {name: delay(m, f"{name}_now", held[name], 2) for name in kinds.split()}
        seed_1 = delay(m, "seed_1", held["seed"], 1)
        base_1 = delay(m, "slot_1", held["slot"], 1)

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

        # --- third: start values and the verdict
        l3_look = valid_2 & flags_2["look_l3"]
        l4_look = valid_2 & flags_2["look_l4"]
        x_l4 = l4_look & flags_2["x_hit"]
        m.submodules.verdict = verdict = Verdict()
        m.d.comb += [
            verdict.context[name].eq(now[name]) for name in verdict.context.shape().members
        ]
        m.d.comb += [
            verdict.starts.eq(valid_2 & flags_2["starts"]),
            verdict.l3_first.eq(l3_look & flags_2["x_hit"]),
            verdict.l3_protocol.eq(l3_look & flags_2["z_hit"]),
            verdict.l4.eq(l4_look),
            verdict.l4_flags.eq(x_l4),
            verdict.short.eq(flags_2["short"]),
            verdict.first.eq(seen["x"]),
            verdict.protocol.eq(seen["z"]),
        ]
        no_checksum = Signal(reset_less=True)
        ip_id = Signal(16, reset_less=True)
        sequence = Signal(32, reset_less=True)
        tcp_flags = Signal(16, reset_less=True)
        # A generic header may end before the word that would say so.
        with m.If(valid_2 & flags_2["starts"]):
            m.d.sync += no_checksum.eq(0)
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
        m.submodules.sums = sums = HeaderSum(config)
        m.d.comb += [
            sums.row.eq(row_2),
            sums.valid.eq(valid_2),
            sums.is_l4.eq(flags_2["look_l4"]),
            sums.starts.eq(flags_2["starts"]),
            sums.seed.eq(seed_2),
        ]

        # --- the words are there at once, the sums when they are folded
        done_2 = valid_2 & flags_2["done"]
        sums_out, result = self.sums.payload, self.result.payload
        m.d.comb += [
            self.sums.valid.eq(delay(m, "sums_valid", done_2, sums.latency, reset_less=False)),
            sums_out.ip_sum.eq(sums.ip_sum),
            sums_out.l4_sum.eq(sums.l4_sum),
            self.result.valid.eq(delay(m, "result_valid", done_2, 1, reset_less=False)),
            result.slot.eq(delay(m, "slot_base", base_1, 2)),
            result.verdict.eq(verdict.code),
            result.no_checksum.eq(no_checksum),
            result.ip_id.eq(ip_id),
            result.sequence.eq(sequence),
            result.flags.eq(tcp_flags),
        ]
        return m
