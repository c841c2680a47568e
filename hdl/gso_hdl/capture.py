# SPDX-License-Identifier: Apache-2.0
"""Capture: puts each header into its slot, checks it, and takes its sums once."""

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .inspect import Inspect
from .layers import SEEDS, layer_names, layers, places
from .primitives import behind_first, mask_code, mask_of
from .records import header_context, header_result, header_row, header_sums
from .slots import slot_row
from .words import columns_behind, look_ahead, of_picked


class Capture(wiring.Component):
    """Captures headers.

    A row is looked at once for each header (layer) that it has something of, one a cycle.
    Meanwhile it is written into the frame's slot: where copies have a memory each, into both at
    once, else where there will be several segments into the copy for odd ones behind the first.

    Fields that edit writes are left out of the sums; edit adds their new values. The sums of L4
    and a tunnel's UDP start with what the descriptor alone says of the pseudo-header.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    context : In stream(header_context)
    row : In stream(header_row)
    slot : Out stream(slot_row)
    slot_soon : In(1), `slot.ready` in the next cycle
    oldest : In(k), the first slot row that is still in use
    result : Out stream(header_result), one a frame; the receiver has room for all under way
    sums : Out stream(header_sums), one a frame, later; likewise
    unwritten : Out(1), with tunnels: not all of the frame with the last `result` is in its slot
    result_soon : Out(1), in a hurry: `result` is valid in the next cycle

    Latency: from the last row's arrival, 6 cycles; sums 1 and the adder tree's later.
    Throughput: a row in as many cycles as it has layers; two with several segments, unless both
    copies are written at once.
    Source: D2, D3, D6, D11 codes 16 to 22, D17, D21.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "context": In(stream.Signature(header_context(config))),
                "row": In(stream.Signature(header_row(config))),
                "slot": Out(stream.Signature(slot_row(config))),
                "slot_soon": In(1),
                "oldest": In((config.slot_rows - 1).bit_length()),
                "result": Out(stream.Signature(header_result(config), always_ready=True)),
                "sums": Out(stream.Signature(header_sums(config), always_ready=True)),
                **({"unwritten": Out(1)} if config.tunnels else {}),
                **({"result_soon": Out(1)} if config.hurried else {}),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        columns = config.columns
        column_bits = (columns - 1).bit_length()
        address_bits = (config.slot_rows - 1).bit_length()
        context = self.context.payload
        names = layer_names(config)
        many = config.many_layers

        # --- walk: what there is in the row that comes next
        following = Signal(context.last_row.shape(), init=1)  # the next row's number in its header
        at_start = Signal(init=1)
        base = Signal(address_bits)  # the slot's first row
        address = Signal(address_bits)  # this row in it
        walk = Signal()
        fits = Signal()
        checksum_row = context.checksum[column_bits:]
        ends_next, checksum_next = Signal(), Signal()
        at_end = Mux(at_start, context.first_ends, ends_next)
        checksum_here = Mux(at_start, context.first_checksum, checksum_next)
        last_row = at_end | self.row.payload.short
        place = places(config)
        for name in names:
            m.submodules[name] = place[name]
            m.d.comb += [
                place[name].position.eq(getattr(context, name)),
                place[name].at_start.eq(at_start),
                place[name].first.eq(getattr(context, f"first_{name}")),
                place[name].following.eq(following),
                place[name].advance.eq(walk),
                place[name].restart.eq(last_row | context.empty),
            ]
        # No row is taken in a context's first cycle, so this may be a cycle old.
        checksum_column = Signal(columns, reset_less=True)
        column = context.checksum[:column_bits]
        m.d.sync += checksum_column.eq(Cat(column == i for i in range(columns)))
        checksum = checksum_column & checksum_here.replicate(columns)
        silent = context.ip_written & ~context.from_header if config.tunnels else 0
        if config.tunnels and config.narrowest:
            # Likewise; the fastest clock has no time for it in front of `here`.
            known = Signal(name="silent", reset_less=True)
            m.d.sync += known.eq(silent)
            silent = known
        layer = layers(config, context, place, checksum_here, checksum, silent)
        # Nothing behind the header is kept.
        header_end = mask_code(context.end_lane, config.lanes)
        header_end &= (at_end & (context.end_lane != 0)).replicate(len(header_end))
        at_once = config.copies_at_once
        rows, writes = context.rows, 1
        if not at_once:
            rows, writes = Mux(context.several, rows << 1, rows), Mux(context.several, 2, 1)
        behind = (base + rows)[:address_bits]
        # Room for the longest header is there before the first row; `base` may be a frame old. Once
        # there it stays: only later frames' headers need more.
        m.d.sync += fits.eq((base - self.oldest)[:address_bits] < config.slot_rows // 2)
        with m.If(walk & ~context.empty):
            m.d.sync += [
                following.eq(following + 1),
                ends_next.eq(following == context.last_row),
                checksum_next.eq(following == checksum_row),
                address.eq(address + 1),
                at_start.eq(0),
            ]
            with m.If(last_row):
                m.d.sync += [
                    following.eq(1),
                    at_start.eq(1),
                    base.eq(behind),
                    address.eq(behind),
                ]

        # What is noted of it waits until nothing is left of the row looked at.
        here = Cat(layer[name].here & ~context.empty for name in names)
        unseeded = Cat(layer[name].here for name in names if name not in SEEDS).any()
        noted = {
            "here": here,
            # The first look at a header is for no sum that has a seed.
            "pause": at_start & ~unseeded,
            "writes": Mux(context.empty, 0, writes),
            "data": self.row.payload.data,
            "header_end": header_end,
            **({} if at_once else {"copy": (address + context.rows)[:address_bits]}),
            "last": context.empty | last_row,
            "rows": ~context.empty,
            "short": self.row.payload.short & ~context.empty,
            "starts": at_start,
            "slot": base,
            "address": address,
        }
        if config.tunnels:
            noted |= {name: getattr(layer["outer_l4"], name) for name in ("but", "also")}
            noted |= {f"taken_off_{name}": layer[name].taken_off for name in ("l3", "l4")}
            noted["sum_alone"] = ~place["outer_l4"].any_word(0, 5)
        for name in names:
            noted[f"mask_{name}"] = layer[name].mask
            for word in "xyz":
                found = getattr(layer[name], word)
                told = found.is_here if many else found.columns
                noted[f"{word}_{name}"] = told(place[name], context)
        # What the later stages want of the context goes along.
        noted["frame"] = context
        waits = Signal()  # there is such a row
        open_ = Signal(init=1)  # nothing is left of the row looked at, so the next one may come
        begin = Signal()
        # `ready`, and `passes` for a context without rows, are registers, worked out with `open_`.
        # They do not know of a context that has just come: nothing is taken in its first cycle.
        ready, passes, next_open = Signal(), Signal(), Signal()
        leaves = passes | (ready & self.row.valid & last_row)
        next_waits = walk | (waits & ~open_)
        may = self.context.valid & ~leaves & (~next_waits | next_open)
        m.d.comb += [
            begin.eq(waits & open_),
            walk.eq(passes | (ready & self.row.valid)),
            self.row.ready.eq(ready),
            self.context.ready.eq(leaves),
        ]
        m.d.sync += [
            waits.eq(next_waits),
            ready.eq(may & ~context.empty & fits),
            passes.eq(may & context.empty),
        ]
        ahead, held = {}, {}
        for name, value in noted.items():
            shape = Value.cast(value).shape()
            ahead[name] = Signal(shape, name=f"ahead_{name}", reset_less=True)
            with m.If(walk):
                m.d.sync += ahead[name].eq(value)
            becomes = ahead[name]
            if name in ("but", "also"):
                continue
            if name == "mask_outer_l4":
                # It has many terms: the last of them between the two registers.
                becomes = (becomes & ~ahead["but"]) | ahead["also"]
            held[name] = Signal(shape, name=f"held_{name}", reset_less=True)
            with m.If(begin):
                m.d.sync += held[name].eq(becomes)
        frame = data.View(context.shape(), held["frame"])

        # --- look: one layer a cycle
        valid_0 = Signal()
        todo = Signal(len(names), reset_less=True)  # the layer looked at, and those behind it
        pause = Signal(reset_less=True)  # this look is at none of them
        first = Signal(reset_less=True)  # look at this row
        writes = Signal(2)  # still to be made of this row
        pick = Signal(len(names))

        def picks(todo, pause):
            return Cat(todo[i] & ~todo[:i].any() & ~pause for i in range(len(names)))

        if not many:
            m.d.comb += pick.eq(picks(todo, pause))
        in_header = ~mask_of(held["header_end"], config.lanes)
        to = held["address"]
        if not at_once:
            to = Mux(frame.several & writes[0], held["copy"], to)
        m.d.comb += [
            self.slot.valid.eq(writes.any()),
            self.slot.payload.row.eq(to),
            self.slot.payload.data.eq(held["data"]),
            self.slot.payload.keep.eq(in_header),
        ]
        # `open_` is worked out a cycle ahead. No look waits for a write, which may come with any.
        rest = todo & ~pick
        written = Mux(self.slot.ready, writes >> 1, writes)
        next_writes = Mux(begin, ahead["writes"], written)
        several_begin = behind_first(ahead["here"]).any() | (ahead["pause"] & ahead["here"].any())
        several_left = Mux(begin, several_begin, behind_first(rest).any())
        m.d.comb += next_open.eq(
            (~begin & open_)
            | (~several_left & ~next_writes[1] & (~next_writes[0] | self.slot_soon))
        )
        if many:
            of_word = {word: [getattr(layer[name], word) for name in names] for word in "xyz"}
            sides = [
                (picks(rest, Const(0, 1)), data.View(context.shape(), held["frame"])),
                (
                    picks(ahead["here"], ahead["pause"]),
                    data.View(context.shape(), ahead["frame"]),
                ),
            ]
            start, numbers = look_ahead(m, begin, sides, names, of_word, pick, columns)
        m.d.sync += [
            todo.eq(Mux(begin, ahead["here"], rest)),
            pause.eq(begin & ahead["pause"]),
            first.eq(begin),
            writes.eq(next_writes),
            valid_0.eq(begin | ~open_),
            open_.eq(next_open),
        ]

        def picked(prefix):
            """What `held` has of the layer looked at."""
            values = [held[f"{prefix}_{name}"] for name in names]
            return of_picked(pick, values) if many else Mux(todo[0], values[0], values[1])

        # All words have been read, once a frame; what is left may be a look for a sum.
        if config.tunnels:
            told = Signal()
            no_more = Mux(held["sum_alone"], ~rest[:-1].any(), open_)
            read = valid_0 & held["last"] & no_more & ~told
            m.d.sync += told.eq(~begin & (told | read))
            m.d.comb += self.unwritten.eq(told & writes.any())

        # --- what the look is for
        m.submodules.inspect = inspect = Inspect(config)
        request = inspect.look.payload
        summed = picked("mask")
        m.d.comb += [
            inspect.look.valid.eq(valid_0),
            request.data.eq(held["data"]),
            request.clear.eq(~(in_header & Cat(summed[i // 2] for i in range(config.lanes)))),
            request.layer.eq(pick & held["rows"].replicate(len(names))),
            request.starts.eq(held["starts"] & first),
            request.short.eq(held["short"]),
            request.done.eq(held["last"] & open_),
            *([request.read.eq(read)] if config.tunnels else []),
            request.slot.eq(held["slot"]),
            *(
                getattr(request.frame, name).eq(getattr(frame, name))
                for name, _ in request.frame.shape()
            ),
        ]
        if config.tunnels:
            taken_off = [
                pick[names.index(name)] & held[f"taken_off_{name}"] for name in ("l3", "l4")
            ]
            m.d.comb += request.taken_off.eq(Cat(taken_off).any())
        for word in "xyz":
            found = picked(word)
            if many:
                # As columns of each layer these would be LUTs by the hundred (docs/timing.md).
                m.d.comb += getattr(request, f"{word}_hit").eq(found)
                found = columns_behind(start, numbers[word], columns)
            m.d.comb += getattr(request, f"{word}_others").eq(~found)
        m.d.comb += [
            self.result.valid.eq(inspect.result.valid),
            self.result.payload.eq(inspect.result.payload),
            self.sums.valid.eq(inspect.sums.valid),
            self.sums.payload.eq(inspect.sums.payload),
        ]
        if config.hurried:
            m.d.comb += self.result_soon.eq(inspect.soon)
        return m
