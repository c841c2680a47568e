# SPDX-License-Identifier: Apache-2.0
"""Inspect: reads words out of header rows, checks them, and takes the headers' sums."""

from functools import reduce
from operator import or_

from amaranth import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .header_sum import HeaderSum
from .layers import SEEDS, layer_names
from .primitives import cleared, delay, words_of
from .records import header_context, header_result, header_sums
from .verdict import Verdict, look_layout, verdict_context

SUMS = {"outer_l3": "outer_ip_sum", "outer_l4": "outer_sum", "l3": "ip_sum", "l4": "l4_sum"}


def seed_bits(config):
    """The layers that have a sum, and the bits of the seed that it starts with, or 0."""
    context = header_context(config)
    bits = {
        name: context[seed].width for name, seed in SEEDS.items() if name in layer_names(config)
    }
    return {name: bits.get(name, 0) for name in layer_names(config) if name in SUMS}


def look_frame(config):
    """What a look needs of its frame's header_context."""
    context = header_context(config)
    verdict = verdict_context(config, context)
    fields = {name: field.shape for name, field in verdict}
    more = ["from_header"] + [SEEDS[name] for name, bits in seed_bits(config).items() if bits]
    more += ["outer_from_header", "tunnel_words"] if config.tunnels else []
    return data.StructLayout(fields | {name: context[name].shape for name in more})


def look_request(config):
    """A look at one layer of a header row.

    `clear`: the bytes that are not summed. `taken_off`: the sum is subtracted from that of the
    outer L4 header, too.
    `read`: the last look that reads words, if that may be another than the header's last.
    `x_others`, `y_others`, `z_others`: the columns that are not the word that the layer calls so;
    `x_hit`, `y_hit`, `z_hit`: there is one, or what is read out means nothing. Where there are few
    layers all columns are others then.
    """
    hits = {f"{word}_hit": 1 for word in "xyz"} if config.many_layers else {}
    others = {f"{word}_others": config.columns for word in "xyz"}
    taken_off = {"taken_off": 1} if config.tunnels else {}
    read = {"read": 1} if config.tunnels else {}
    return data.StructLayout(
        {
            "data": config.data_width,
            "clear": config.lanes,
            **taken_off,
            "layer": data.StructLayout(dict.fromkeys(layer_names(config), 1)),
            **others,
            **hits,
            "starts": 1,  # a header's first look
            "short": 1,  # the frame has ended inside its header
            "done": 1,  # a header's last look
            **read,
            "slot": (config.slot_rows - 1).bit_length(),
            "frame": look_frame(config),
        }
    )


class Inspect(wiring.Component):
    """Makes words, verdict and sums of the looks at a header.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    look : In stream(look_request), always ready
    result : Out stream(header_result), one a frame; the receiver has room for all under way
    sums : Out stream(header_sums), one a frame, later; likewise
    soon : Out(1), in a hurry: `result` is valid in the next cycle

    Latency: 3 cycles; sums 1 and the adder tree's later. Throughput: a look a cycle.
    Source: D2, D3, D11 codes 16 to 22.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "look": In(stream.Signature(look_request(config), always_ready=True)),
                "result": Out(stream.Signature(header_result(config), always_ready=True)),
                "sums": Out(stream.Signature(header_sums(config), always_ready=True)),
                **({"soon": Out(1)} if config.hurried else {}),
            }
        )

    def elaborate(self, platform):
        m = Module()
        config = self.config

        # --- first register: the row and what to do with it
        request = Signal(look_request(config), reset_less=True)
        m.d.sync += request.eq(self.look.payload)
        valid = delay(m, "valid", self.look.valid, 2, reset_less=False)

        # --- second: the masked row, and the words
        row = Signal(config.data_width, reset_less=True)
        m.d.sync += row.eq(cleared(request.data, request.clear))
        look = Signal(look_layout(config))
        for word in "xyz":
            hit, value = self._word(m, word, request)
            found = Signal(16, name=f"{word}_word", reset_less=True)
            m.d.sync += found.eq(value)
            m.d.comb += [
                getattr(look, word).eq(found),
                getattr(look, f"{word}_hit").eq(delay(m, f"{word}_hit", hit, 1)),
            ]
        layer = data.View(request.layer.shape(), delay(m, "layer", request.layer.as_value(), 1))
        frame = data.View(request.frame.shape(), delay(m, "frame", request.frame.as_value(), 1))
        starts = delay(m, "starts", request.starts, 1)
        done = valid & delay(m, "done", request.done, 1)
        read = valid & delay(m, "read", request.read, 1) if config.tunnels else done
        m.d.comb += [
            look.valid.eq(valid),
            look.starts.eq(starts),
            look.short.eq(delay(m, "short", request.short, 1)),
            look.layer.eq(layer),
        ]

        # --- third: start values and the verdict
        m.submodules.verdict = verdict = Verdict(config, header_context(config))
        m.d.comb += verdict.look.eq(look)
        if config.tunnels:
            m.d.comb += verdict.tunnel_words.eq(request.frame.tunnel_words)
        for name, _ in verdict.context.shape():
            m.d.comb += getattr(verdict.context, name).eq(getattr(frame, name))
        result = Signal(header_result(config), reset_less=True)
        at_l3, at_l4 = valid & layer.l3, valid & layer.l4
        # A generic header may end before the word that would say so.
        with m.If(valid & starts):
            m.d.sync += result.no_checksum.eq(0)
        with m.If(at_l3 & look.y_hit):
            m.d.sync += result.ip_id.eq(look.y)
        with m.If(at_l4 & look.y_hit):
            m.d.sync += result.sequence[16:].eq(look.y)
        with m.If(at_l4 & look.z_hit):
            m.d.sync += [
                result.sequence[:16].eq(look.z),
                result.no_checksum.eq(frame.udp & ~frame.from_header & ~look.z.any()),
            ]
        with m.If(at_l4 & look.x_hit):
            m.d.sync += result.flags.eq(look.x)
        if config.tunnels:
            with m.If(valid & layer.outer_l3 & look.y_hit):
                m.d.sync += result.outer_ip_id.eq(look.y)
            with m.If(valid & layer.outer_l4 & look.z_hit):
                m.d.sync += result.outer_no_checksum.eq(~frame.outer_from_header & ~look.z.any())
        m.d.comb += [
            self.result.payload.eq(result),
            self.result.payload.slot.eq(delay(m, "slot", request.slot, 2)),
            self.result.payload.verdict.eq(verdict.code),
            self.result.payload.good.eq(verdict.good),
            self.result.valid.eq(delay(m, "result_valid", read, 1, reset_less=False)),
        ]

        if config.hurried:
            m.d.comb += self.soon.eq(read)

        # --- the sums
        m.submodules.sums = sums = HeaderSum(config, seed_bits(config))
        m.d.comb += [sums.row.eq(row), sums.valid.eq(valid), sums.starts.eq(starts)]
        if config.tunnels:
            m.d.comb += sums.taken_off.eq(delay(m, "taken_off", request.taken_off, 1))
        for name, bits in seed_bits(config).items():
            m.d.comb += [
                getattr(sums.layer, name).eq(getattr(layer, name)),
                getattr(self.sums.payload, SUMS[name]).eq(getattr(sums.sum, name)),
            ]
            if bits:
                m.d.comb += getattr(sums.seed, name).eq(getattr(frame, SEEDS[name]))
        m.d.comb += self.sums.valid.eq(delay(m, "sums_valid", done, sums.latency, reset_less=False))
        return m

    def _word(self, m, word, request):
        """Is a word in the row in `request`, and what is it?

        A copy of the row is kept that is 0 but for the word: an OR of columns takes fewer LUTs than
        a multiplexer of them (see `Rotate`).
        """
        columns = self.config.columns
        others = getattr(self.look.payload, f"{word}_others")
        only = Signal(self.config.data_width, name=f"only_{word}", reset_less=True)
        m.d.sync += only.eq(cleared(self.look.payload.data, others))
        if self.config.many_layers:
            hit = getattr(request, f"{word}_hit")
        else:
            hit = ~getattr(request, f"{word}_others").all()
        return hit, reduce(or_, words_of(only, columns))
