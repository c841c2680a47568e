# SPDX-License-Identifier: Apache-2.0
"""Top: module `gso_tx` with the port names that FPGA engineers know."""

from amaranth import Elaboratable, Module, Signal

from gso_model.layout import COMPLETION, DESCRIPTOR, SEGMENT_USER

from .core import Core


class Top(Elaboratable):
    """The core with flat AXI-Stream ports; `clk` and `rst` (synchronous, high) come with them.

    Parameters
    ----------
    config : Configuration

    Members
    -------
    ports : list of Signal, in the order of the data flow: `s_axis_desc_*`, `s_axis_*`,
        `m_axis_*`, `m_axis_cpl_*` (see `docs/interfaces.md`)
    """

    def __init__(self, config):
        self.config = config
        widths = {
            "s_axis_desc_tdata": DESCRIPTOR.bits,
            "s_axis_desc_tvalid": 1,
            "s_axis_desc_tready": 1,
            "s_axis_tdata": config.data_width,
            "s_axis_tkeep": config.lanes,
            "s_axis_tvalid": 1,
            "s_axis_tready": 1,
            "s_axis_tlast": 1,
            "s_axis_tuser": 1,
            "m_axis_tdata": config.data_width,
            "m_axis_tkeep": config.lanes,
            "m_axis_tvalid": 1,
            "m_axis_tready": 1,
            "m_axis_tlast": 1,
            "m_axis_tuser": SEGMENT_USER.bits,
            "m_axis_cpl_tdata": COMPLETION.bits,
            "m_axis_cpl_tvalid": 1,
            "m_axis_cpl_tready": 1,
        }
        for name, width in widths.items():
            setattr(self, name, Signal(width, name=name))
        self.ports = [getattr(self, name) for name in widths]

    def elaborate(self, platform):
        m = Module()
        m.submodules.core = core = Core(self.config)
        frame, segment = core.frame, core.segment
        m.d.comb += [
            core.descriptor.payload.eq(self.s_axis_desc_tdata),
            core.descriptor.valid.eq(self.s_axis_desc_tvalid),
            self.s_axis_desc_tready.eq(core.descriptor.ready),
            frame.payload.data.eq(self.s_axis_tdata),
            frame.payload.keep.eq(self.s_axis_tkeep),
            frame.payload.last.eq(self.s_axis_tlast),
            frame.payload.abort.eq(self.s_axis_tuser),
            frame.valid.eq(self.s_axis_tvalid),
            self.s_axis_tready.eq(frame.ready),
            self.m_axis_tdata.eq(segment.payload.data),
            self.m_axis_tkeep.eq(segment.payload.keep),
            self.m_axis_tlast.eq(segment.payload.last),
            self.m_axis_tuser.eq(segment.payload.user),
            self.m_axis_tvalid.eq(segment.valid),
            segment.ready.eq(self.m_axis_tready),
            self.m_axis_cpl_tdata.eq(core.completion.payload),
            self.m_axis_cpl_tvalid.eq(core.completion.valid),
            core.completion.ready.eq(self.m_axis_cpl_tready),
        ]
        return m
