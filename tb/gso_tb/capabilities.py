# SPDX-License-Identifier: Apache-2.0
"""What a configuration of the hardware can do, in the model's words."""

from gso_hdl.configuration import FEATURES, OFFLOADS, Configuration
from gso_model import BASIC, FULL, Capabilities

# Of the presets: what they can do, and the features that random jobs may ask for.
PRESET_CAPABILITIES = {"basic": BASIC, "full": FULL}
PRESET_FEATURES = {"basic": (), "full": FEATURES}


def capabilities(config: Configuration) -> Capabilities:
    """The model's capabilities for `config`: sizes, what is built, what is on (D6, D14)."""
    built = {name: name in config.features for name in FEATURES}
    enabled = {name: name in config.offloads for name in OFFLOADS}
    return Capabilities(
        header_bytes=config.header_bytes,
        max_segment=config.max_segment,
        flag_mask_first=config.flag_mask_first,
        flag_mask_middle=config.flag_mask_middle,
        flag_mask_last=config.flag_mask_last,
        **built,
        **enabled,
    )
