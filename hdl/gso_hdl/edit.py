# SPDX-License-Identifier: Apache-2.0
"""Edit: writes into a segment's header what differs from segment to segment."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from gso_model.layout import FLAG_CWR, IdMode

from .fields import L4, edit_fields, l4_computed, outer_computed
from .primitives import choose, delay
from .queues import Chain, Queue
from .records import (
    column_write,
    edit_context,
    header_result,
    header_sums,
    segment_plan,
    segment_record,
)
from .steps import Sequence, tracks, wanted_steps
from .track import Track, latency


class Edit(wiring.Component):
    """Edits the header of one segment after the other, one column a cycle and track.

    Each field has its absolute value in a register that advances once a segment; no field is
    read back. What is written is added up on the way, the captured header's sum comes last: first
    the IPv4 header checksums, then a tunnel's UDP checksum, then the part of the L4 checksum that
    is not payload. That one is left to egress, so all of this is done before the payload's sum
    is there; and it begins before the header's sums are.

    A tunnel's UDP checksum needs no payload where the inner L4 checksum is computed: the inner
    part then sums to the complement of its pseudo-header (local checksum offload, D3). Else it
    takes the place of the L4 checksum in the record.

    A segment's slot is its frame's first copy or, for odd segments, the second; from the third
    segment on the one before the last must have been sent.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    context : In stream(edit_context)
    header : In stream(header_result)
    sums : In stream(header_sums), may come later than `header`
    segment : In stream(segment_plan)
    write : Out stream(column_write), one a track; never stalled
    record : Out stream(segment_record)
    unwritten : In(1), with tunnels: the next frame's header may not be in its slot yet
    header_soon : In(1), in a hurry: `header` is valid in the next cycle
    sent : In(1), egress has read a segment's header
    taken : Out(1), a frame was taken in

    Latency: 3 to 6 cycles, and one for each step. Throughput: a segment takes one cycle for each of
    its steps (`steps.py`), at 64 bits 6 at least; with two tracks those for L3 and L4 go side by
    side. Source: D1, D2, D3, D5, D6, D17.
    """

    def __init__(self, config):
        self.config = config
        self.tracks = tracks(config)
        super().__init__(
            {
                "context": In(stream.Signature(edit_context(config))),
                "header": In(stream.Signature(header_result(config))),
                "sums": In(stream.Signature(header_sums(config))),
                "segment": In(stream.Signature(segment_plan())),
                "write": Out(stream.Signature(column_write(config), always_ready=True)).array(
                    len(self.tracks)
                ),
                "record": Out(stream.Signature(segment_record(config))),
                **({"unwritten": In(1)} if config.tunnels else {}),
                **({"header_soon": In(1)} if config.hurried else {}),
                "sent": In(1),
                "taken": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config
        column_bits = (config.columns - 1).bit_length()

        # --- the frame and the segment in work
        frame = Signal(edit_context(config), reset_less=True)
        header = Signal(header_result(config), reset_less=True)
        segment = Signal(segment_plan(), reset_less=True)
        busy = Signal()
        idle = Signal(init=1)  # not `busy`, a register of its own for what has no time
        new = Signal(init=1)  # the next segment is a new frame's first
        number = Signal(2)  # 0, 1, 2 for all later ones
        odd = Signal()

        fire_end = Signal()
        load = Signal()
        load_frame = Signal()
        unsent = Signal(5)
        sent = Signal()
        m.d["comb" if config.hurried else "sync"] += sent.eq(self.sent)
        with m.If(fire_end & ~sent):
            m.d.sync += unsent.eq(unsent + 1)
        with m.Elif(sent & ~fire_end):
            m.d.sync += unsent.eq(unsent - 1)
        # May the next segment be loaded? Its plan is there and, for a frame's first, context and
        # header are; for a later one its slot is free.
        may = Signal()
        coming = Mux(number == 2, number, number + 1)
        # A slot's copy is free when at most the segment in work, or the last one, is still unsent.
        shared = Mux(busy, coming, number) == 2
        unsent_next = [(unsent == i) | ((unsent == i + 1) & sent) for i in range(2)]
        free = ~shared | unsent_next[0] | (~busy & unsent_next[1])
        header_there = self.header.valid
        if config.hurried:
            header_there = header_there | self.header_soon
        records_there = self.context.valid & header_there
        if config.tunnels:
            records_there &= ~self.unwritten
        # Where there is little time a frame's steps are worked out in a cycle more.
        waits = config.narrow and not config.narrowest
        if waits:
            waited = Signal()
            m.d.sync += waited.eq(records_there & ~load_frame)
            records_there = records_there & waited
        there = Mux(new, records_there, free)
        m.d.sync += may.eq(~load & self.segment.valid & there)

        def after_end(rests):
            """The next segment may begin: a narrow core waits for `rests`, a register."""
            return rests if config.narrow else fire_end | rests

        go = after_end(~busy)
        m.d.comb += [
            load.eq(go & may),
            load_frame.eq(after_end(idle) & new & may),
            self.context.ready.eq(load_frame),
            self.taken.eq(load_frame),
            self.header.ready.eq(load_frame),
            self.segment.ready.eq(load),
            self.sums.ready.eq(fire_end & new),
        ]
        with m.If(load):
            m.d.sync += [busy.eq(1), idle.eq(0), new.eq(self.segment.payload.last)]
        with m.Elif(fire_end):
            m.d.sync += [busy.eq(0), idle.eq(1)]
        with m.If(fire_end):
            m.d.sync += [number.eq(Mux(new, 0, coming)), odd.eq(~new & ~odd)]
        # What is in these means nothing between segments; so they need not wait for `load`.
        with m.If(go):
            m.d.sync += segment.eq(self.segment.payload)
            with m.If(new):
                m.d.sync += [frame.eq(self.context.payload), header.eq(self.header.payload)]

        # --- fields that advance
        def advance(value, mode):
            """The identification of the segment behind the one that has `value` (D5)."""
            counted = (value + 1)[:16]
            top = Mux(mode == IdMode.MOD15, value[15], counted[15])
            return Mux(mode == IdMode.FIXED, value, Cat(counted[:15], top))

        advanced = {
            "ip_id": advance(header.ip_id, frame.ip_id),
            "sequence": (header.sequence + frame.mss_less_1 + 1)[:32],
        }
        if config.tunnels:
            advanced["outer_ip_id"] = advance(header.outer_ip_id, frame.outer_ip_id)
        with m.If(fire_end | (idle & new)):
            for name, value in advanced.items():
                first = getattr(self.header.payload, name)
                m.d.sync += getattr(header, name).eq(Mux(new, first, value))

        # --- the segment's TCP flags
        mask = Signal(12)
        with m.If(number == 0):
            m.d.comb += mask.eq(config.flag_mask_first)
        with m.Elif(segment.last):
            m.d.comb += mask.eq(config.flag_mask_last)
        with m.Else():
            m.d.comb += mask.eq(config.flag_mask_middle)

        # --- the tracks
        masked = header.flags[:12] & (mask | Mux(frame.keep_cwr, FLAG_CWR, 0))
        flags = Cat(masked, header.flags[12:])
        fresh = Signal()  # the L4 part's sum begins with its next step
        fields = edit_fields(config, frame, header, self.sums.payload, segment, flags, fresh)
        l4_length = fields["l4_length"]
        l4_start = Mux(frame.add_length, (l4_length.addend + l4_length.augend)[:16], 0)
        wanted = wanted_steps(config, self.context.payload, self.header.payload)
        slot = Signal(len(header.slot))
        sequences, tracks, late, writes = [], [], [], []
        copies = config.copies_at_once
        m.d.comb += slot.eq(header.slot + (0 if copies else Mux(odd, frame.rows, 0)))
        for i, names in enumerate(self.tracks):
            sequence = Sequence(len(names))
            m.submodules[f"sequence_{i}"] = sequence
            m.submodules[f"track_{i}"] = track = Track(config)
            step = Signal(track.step.payload.shape(), name=f"step_{i}")
            is_late = Signal(name=f"late_{i}")
            acts = sequence.active & ~sequence.hold
            chosen = [fields[name] for name in names]

            def choice(attribute, chosen=chosen, sequence=sequence):
                return choose(sequence.step, [getattr(field, attribute) for field in chosen])

            same = ("base", "offset", "addend", "augend", "write", "invert", "no_zero", "restart")
            same += ("sum",) if config.tunnels else ()
            if config.begins_with_length:
                m.d.comb += step.start.eq(Mux(step.sum == L4, l4_start, 0))
            m.d.comb += [getattr(step, name).eq(choice(name)) for name in same]
            m.d.comb += is_late.eq(choice("late"))
            if names[-1] == "end":
                with m.If(acts):
                    m.d.sync += fresh.eq(fresh & choice("fresh"))
            coming = Cat(wanted[i][name] for name in names)
            m.d.comb += [
                step.slot.eq(slot),
                *([step.copy.eq(odd)] if copies else []),
                # A frame's steps are worked out while it waits: `may` is a cycle behind.
                sequence.coming.eq(delay(m, f"wanted_{i}", coming, int(waits))),
                sequence.load.eq(load),
                sequence.new.eq(new),
                track.step.valid.eq(acts),
                track.step.payload.eq(step),
                self.write[i].valid.eq(track.write.valid),
                self.write[i].payload.eq(track.write.payload),
            ]
            sequences.append(sequence)
            tracks.append(track)
            late.append(is_late & sequence.active & ~self.sums.valid)
            writes.append((step.write & sequence.active, step.base[0] ^ step.offset[0]))
        with m.If(load):
            m.d.sync += fresh.eq(1)

        def at(track, name):
            """The track's step is the one called `name`, if there is one."""
            return sequences[track].step == self.tracks[track].index(name)

        at_end = sequences[-1].at_last
        others, clash = Const(0, 1), Const(0, 1)
        if config.two_tracks:
            # Two columns of one parity cannot be written in one cycle, but for the two checksums of
            # a tunnel that may be (`Configuration.bank_bits`); L3 goes first.
            (writes_l3, parity_l3), (writes_l4, parity_l4) = writes
            clash = writes_l3 & ~late[0] & writes_l4 & (parity_l3 == parity_l4)
            if config.hurried:
                checksums = at(0, "outer_ip_checksum") & at(1, "outer_udp_checksum")
                clash &= ~(checksums & frame.checksums_apart)
            # The segment may end with the last of L3's steps: none is late when it does. In a hurry
            # a header's first row is read a cycle earlier, so L3 may not write into that any more.
            others = sequences[0].more
            if config.hurried:
                others |= sequences[0].active & ~(at(0, "ip_checksum") & frame.l3_far)
            m.d.comb += sequences[0].hold.eq(late[0])
        m.d.comb += sequences[-1].hold.eq(late[-1] | clash | (at_end & ~fire_end))

        # --- the record, when its sum is there; all that are under way must find a place
        made = Signal(segment_record(config), reset_less=True)
        ended = [fire_end]
        for i in range(latency(config)):
            ended.append(delay(m, f"ended_{i + 1}", ended[-1], 1, reset_less=False))
        crowded = Signal()
        if config.narrowest:
            m.submodules.records = records = Chain(segment_record(config), 1)
            m.d.sync += crowded.eq(records.full | Cat(ended).any())
        else:
            m.submodules.records = records = Queue(segment_record(config), passing=config.widest)
            m.d.sync += crowded.eq(unsent[3:].any() | fire_end)
        m.d.comb += fire_end.eq(at_end & self.sums.valid & ~others & ~crowded)
        computed = l4_computed(frame, header)
        checksum_on, place = computed, frame.checksum
        if config.tunnels:
            checksum_on = computed | outer_computed(frame, header)
            place = Mux(computed, frame.checksum, frame.outer_l4 + 3)[: config.word_bits]
        # Nothing but a flip-flop waits for the end, which is late.
        m.d.sync += [
            made.slot.eq(slot),
            *([made.copy.eq(odd)] if copies else []),
            made.rows.eq(frame.rows),
            made.payload_row.eq(frame.header_length >> config.lane_bits),
            made.length.eq(frame.header_length + segment.length),
            made.payload.eq(segment.length),
            made.checksum_row.eq(place >> column_bits),
            made.checksum_column.eq(place[:column_bits]),
            made.checksum_on.eq(checksum_on),
            made.no_zero.eq(frame.udp | (~computed if config.tunnels else 0)),
            made.first.eq(number == 0),
            made.last.eq(segment.last),
            made.status.eq(
                Mux(~frame.accepted, frame.refused, Mux(header.good, 0, header.verdict + 15))
            ),
            made.counted.eq(frame.counted),
            made.request_id.eq(frame.request_id),
            made.user.eq(frame.user),
            made.timestamp.eq(frame.timestamp & segment.last),
        ]
        kept = Signal(made.shape(), reset_less=True)
        with m.If(ended[1]):
            m.d.sync += kept.eq(made)
        m.d.comb += [
            records.i.valid.eq(ended[-1]),
            records.i.payload.eq(kept),
            records.i.payload.partial.eq(tracks[-1].total),
            self.record.valid.eq(records.o.valid),
            self.record.payload.eq(records.o.payload),
            records.o.ready.eq(self.record.ready),
        ]
        return m
