# SPDX-License-Identifier: Apache-2.0
"""What can be chosen when the core is generated: presets, features, and the sizes they lead to."""

import pytest
from amaranth import Module, Shape
from amaranth.hdl import Fragment

from gso_hdl import records
from gso_hdl.configuration import FEATURES, OFFLOADS, Configuration
from gso_hdl.staged import Staged
from gso_model import BASIC, FULL
from gso_tb.capabilities import PRESET_FEATURES, capabilities


def test_presets(width: int) -> None:
    """They can do what the model's capabilities of the same name can."""
    for name, wanted in (("basic", BASIC), ("full", FULL)):
        config = Configuration.preset(name, data_width=width)
        assert config.features == PRESET_FEATURES[name]
        assert capabilities(config) == wanted
        assert (config.tunnels, config.tags, config.length_8023) == (name == "full",) * 3


@pytest.mark.parametrize("header_bytes", [128, 256, 512])
def test_sizes_with_tags(width: int, header_bytes: int) -> None:
    """D18: inserted tags do not count as header bytes, so there is room for two more of 4 bytes."""
    basic = Configuration(data_width=width, header_bytes=header_bytes)
    tags = Configuration(data_width=width, header_bytes=header_bytes, features=("tags",))
    assert basic.header_rows == header_bytes * 8 // width
    assert tags.header_rows == -(-(header_bytes + 8) * 8 // width)
    assert (1 << basic.word_bits) * 2 >= header_bytes
    assert (1 << tags.word_bits) * 2 >= header_bytes + 8
    for config in (basic, tags):
        assert config.slot_rows >= max(64, 8 * config.header_rows)
        assert config.slot_rows & (config.slot_rows - 1) == 0


def test_records_have_no_fields_of_what_is_not_built() -> None:
    """Each feature adds fields; without any the records are those of `basic`."""
    makers = (records.plan_context, records.header_context, records.edit_context)
    plain = Configuration()
    for feature in FEATURES:
        config = Configuration(features=(feature,))
        names = [set(maker(config)) - set(maker(plain)) for maker in makers]
        found = {key for part in names for key, _ in part}
        assert (
            found
            >= {
                "tunnels": {"outer_l3", "outer_seed", "outer_ip_base"},
                "tags": {"raw_lane"},
                "length_8023": {"llc", "l2", "llc_base"},
            }[feature]
        )
    assert Shape.cast(records.edit_context(plain)).width > 0


@pytest.mark.parametrize("name", ["features", "offloads"])
def test_unknown_names(name: str) -> None:
    """The message quotes the name and says what there is."""
    with pytest.raises(ValueError, match=f"{name} holds 'vlan', expected names of"):
        Configuration(**{name: ("vlan",)})
    assert set(OFFLOADS) >= {"ipip", "gre", "vxlan", "geneve"}


def test_staged_keeps_cycles_apart() -> None:
    """A value cannot be read before its cycle, nor given twice; later it is delayed."""
    module = Module()
    line = Staged(module)
    line.into(2, x=3)
    assert line.at(2).x is line.at(2).x
    assert line.at(4).x is not line.at(3).x
    with pytest.raises(ValueError, match="asked for in cycle 1, there from 2"):
        _ = line.at(1).x
    with pytest.raises(ValueError, match="there is no 'y'"):
        _ = line.at(3).y
    with pytest.raises(ValueError, match="'x' is there already"):
        line.into(3, x=1)
    Fragment.get(module, None)  # Amaranth warns of modules that nobody uses
