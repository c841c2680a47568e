# SPDX-License-Identifier: Apache-2.0
"""What a configuration of the core can do and what is switched on (D6, D9, D14)."""

from dataclasses import dataclass

from gso_model.layout import FLAG_MASK_FIRST, FLAG_MASK_LAST, FLAG_MASK_MIDDLE


@dataclass(frozen=True)
class Capabilities:
    """One configuration of the core together with the state of its registers.

    Sizes are in bytes. What is not built is refused with `OPERATION` (I8), what is built but not
    enabled with `DISABLED` (D14). Raises `ValueError` for a value that no core can have.
    """

    header_bytes: int = 256  # D9: longest header that can be held, up to 512
    max_segment: int = 9728  # D9: longest frame that may leave, inserted tags included
    # Built or left out.
    tunnels: bool = True
    tags: bool = True
    length_8023: bool = True
    # Enabled or not, for segmentation alone (D14).
    lso_ipv4: bool = True
    lso_ipv6: bool = True
    uso_ipv4: bool = True
    uso_ipv6: bool = True
    ipip: bool = True
    gre: bool = True
    vxlan: bool = True
    geneve: bool = True
    # D6: what the 12 TCP flag bits are ANDed with.
    flag_mask_first: int = FLAG_MASK_FIRST
    flag_mask_middle: int = FLAG_MASK_MIDDLE
    flag_mask_last: int = FLAG_MASK_LAST

    def __post_init__(self) -> None:
        for name, low, high in (
            ("header_bytes", 1, 512),
            ("max_segment", 1, 0xFFFF),
            ("flag_mask_first", 0, 0xFFF),
            ("flag_mask_middle", 0, 0xFFF),
            ("flag_mask_last", 0, 0xFFF),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"capabilities: {name} is {value}, expected {low} to {high}")


FULL = Capabilities()
BASIC = Capabilities(tunnels=False, tags=False, length_8023=False)
