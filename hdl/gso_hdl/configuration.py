# SPDX-License-Identifier: Apache-2.0
"""What can be chosen when the core is generated."""

from dataclasses import dataclass, field

from gso_model.layout import FLAG_MASK_FIRST, FLAG_MASK_LAST, FLAG_MASK_MIDDLE

DATA_WIDTHS = (64, 128, 256, 512)
PRESETS = ("basic", "full")
FEATURES = ("tunnels", "tags", "length_8023")
OFFLOADS = ("lso_ipv4", "lso_ipv6", "uso_ipv4", "uso_ipv6", "ipip", "gre", "vxlan", "geneve")
TAG_BYTES = 8  # two inserted VLAN tags (D18)


@dataclass(frozen=True)
class Configuration:
    """One configuration of the whole core.

    Parameters
    ----------
    data_width : int
        Width of `s_axis` and `m_axis` in bits: 64, 128, 256 or 512.
    header_bytes : int
        Longest header that can be rewritten, in bytes: 128, 256 or 512 (D9).
    max_segment : int
        Longest frame that may leave, in bytes: 64 to five eighths of the buffer (D9).
    buffer_bytes : int
        Size of the payload buffer, in bytes: a power of two, 4,096 to 65,536.
    features : tuple of str
        What is built, of `FEATURES`: tunnels, inserted VLAN tags (D18), 802.3 lengths (D17).
        What is asked of a core that was built without it is refused (I8).
    offloads : tuple of str
        The segmentations that are switched on, of `OFFLOADS` (D14); tunnels only where built.
    flag_mask_first, flag_mask_middle, flag_mask_last : int
        What TCP flags are ANDed with, 12 bits each (D6).

    Raises
    ------
    ValueError
        If a value is outside its range; the message quotes it.
    """

    data_width: int = 512
    header_bytes: int = 256
    max_segment: int = 9728
    buffer_bytes: int = 16384
    features: tuple[str, ...] = ()
    offloads: tuple[str, ...] = field(default=OFFLOADS)
    flag_mask_first: int = FLAG_MASK_FIRST
    flag_mask_middle: int = FLAG_MASK_MIDDLE
    flag_mask_last: int = FLAG_MASK_LAST

    def __post_init__(self):
        if self.data_width not in DATA_WIDTHS:
            raise ValueError(f"data_width is {self.data_width!r}, expected one of {DATA_WIDTHS}")
        if self.header_bytes not in (128, 256, 512):
            raise ValueError(f"header_bytes is {self.header_bytes!r}, expected 128, 256 or 512")
        if self.buffer_bytes not in (4096, 8192, 16384, 32768, 65536):
            raise ValueError(
                f"buffer_bytes is {self.buffer_bytes!r}, expected a power of two, 4096 to 65536"
            )
        longest = self.buffer_bytes * 5 // 8
        if not 64 <= self.max_segment <= longest:
            raise ValueError(
                f"max_segment is {self.max_segment!r}, expected 64 to {longest} "
                f"with a buffer of {self.buffer_bytes} bytes"
            )
        for what, known in (("features", FEATURES), ("offloads", OFFLOADS)):
            for name in getattr(self, what):
                if name not in known:
                    raise ValueError(f"{what} holds {name!r}, expected names of {known}")
        for name in ("flag_mask_first", "flag_mask_middle", "flag_mask_last"):
            if not 0 <= getattr(self, name) <= 0xFFF:
                raise ValueError(f"{name} is {getattr(self, name)!r}, expected 0 to 0xFFF")

    @classmethod
    def preset(cls, name, **changes):
        """The named preset: `basic` or `full`, with `changes` to single values.

        Raises `ValueError` for an unknown name.
        """
        if name not in PRESETS:
            raise ValueError(f"preset is {name!r}, expected one of {PRESETS}")
        return cls(**{"features": FEATURES if name == "full" else (), **changes})

    @property
    def tunnels(self):
        """Whether outer headers are checked and edited."""
        return "tunnels" in self.features

    @property
    def tags(self):
        """Whether VLAN tags are inserted (D18)."""
        return "tags" in self.features

    @property
    def length_8023(self):
        """Whether 802.3 lengths are rewritten (D17)."""
        return "length_8023" in self.features

    @property
    def many_layers(self):
        """Whether more headers are looked at than L3 and L4."""
        return self.tunnels or self.length_8023

    @property
    def narrowest(self):
        """So many cycles for a frame that records may wait in block RAM or chains of registers."""
        return self.data_width <= 64

    @property
    def narrow(self):
        """Fast clocks, and many beats for a segment: a cycle more between two costs nothing."""
        return self.data_width <= 128

    @property
    def copies_at_once(self):
        """Whether a slot's two copies of a header have a memory each and are written at once: a
        header has many rows in a narrow core. Else the second stands behind the first.
        """
        return self.narrow

    @property
    def two_tracks(self):
        """Wide cores edit L3 and L4 side by side: a segment has few beats to do it in."""
        return self.data_width >= 256

    @property
    def widest(self):
        """A cycle or two for a small frame: too few for records to wait in block RAM."""
        return self.data_width >= 512

    @property
    def crowded(self):
        """With tunnels 256 bits fill more of an FPGA: its wires are long for that clock."""
        return self.tunnels and self.two_tracks and not self.widest

    @property
    def late_room(self):
        """Whether queues hear a cycle later of what was taken, as clocks are fast or wires long."""
        return self.narrow or self.crowded

    @property
    def hurried(self):
        """A tunnel's header takes long, and the few beats of a segment hardly hide it."""
        return self.tunnels and self.widest

    @property
    def bank_bits(self):
        """The bits of a column's number that tell in which bank of slots it is: in a cycle edit
        writes one column of a bank. In a hurry the checksums of an outer IPv4 header without
        options and of UDP behind it, 8 columns apart, may be written together.
        """
        if not self.two_tracks:
            return ()
        return (0, 3) if self.hurried else (0,)

    @property
    def begins_with_length(self):
        """Whether L4's sum begins with its length, in tunnels of wide cores: a step less."""
        return self.tunnels and self.two_tracks

    @property
    def sums_at_once(self):
        """Whether captured sums have no register of their own, where tunnels would be late."""
        return self.tunnels and (self.widest or self.narrowest)

    @property
    def stores_first(self):
        """Whether payload is stored as it comes and turned behind the buffer; else it is turned in
        front of it, as many cycles as the segment has beats on the wire.
        """
        return self.data_width >= 512

    @property
    def frames_under_way(self):
        """Frames between check and edit; four descriptors may always run ahead.

        Admit may be further behind by the frames that edit has sent on, and by one: a LONG frame
        is through before admit has swallowed its end.
        """
        return 13

    @property
    def segment_bits(self):
        """Size of the queues between plan and finish, as `Queue` has it.

        Where beats are long more of the segments in front of a long one have to wait for it to be
        stored in time.
        """
        return 4 if self.narrow else 5

    @property
    def segments_under_way(self):
        """Segments between plan and finish; behind it three more may still wait for fetch."""
        return (1 << self.segment_bits) - (5 if self.stores_first else 2)

    @property
    def lanes(self):
        """Bytes in a beat."""
        return self.data_width // 8

    @property
    def lane_bits(self):
        """Bits of a byte lane's number."""
        return (self.lanes - 1).bit_length()

    @property
    def columns(self):
        """16-bit columns in a beat: the unit in which headers are edited (D10)."""
        return self.data_width // 16

    @property
    def wire_header_bytes(self):
        """Bytes of the longest header as it leaves, inserted tags included."""
        return self.header_bytes + (TAG_BYTES if self.tags else 0)

    @property
    def header_rows(self):
        """Beats that the longest header takes on the wire."""
        return -(-self.wire_header_bytes // self.lanes)

    @property
    def word_bits(self):
        """Bits of a 16-bit word's number within a header on the wire."""
        return (self.wire_header_bytes // 2 - 1).bit_length()

    @property
    def slot_rows(self):
        """Rows of the header slots' ring: eight of the longest headers, or more."""
        return max(64, 1 << (8 * self.header_rows - 1).bit_length())

    @property
    def buffer_rows(self):
        """Beats that the payload buffer holds."""
        return self.buffer_bytes // self.lanes
