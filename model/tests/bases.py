# SPDX-License-Identifier: Apache-2.0
"""Good frames and descriptors that the tests of the checks start from."""

from dataclasses import replace

from frames import Shape, build

from gso_model import (
    Descriptor,
    L3Kind,
    L4Kind,
    Tunnel,
)

V4, V6 = L3Kind.IPV4, L3Kind.IPV6
TCP4, TCP4_D = build(Shape(), bytes(range(200)), 100)  # headers 14, 34, 54
TCP6, TCP6_D = build(Shape(l3=V6), bytes(range(200)), 100)  # headers 14, 54, 74
UDP4, UDP4_D = build(Shape(l4=L4Kind.UDP), bytes(range(200)), 100)  # headers 14, 34, 42
VXLAN, VXLAN_D = build(Shape(tunnel=Tunnel.VXLAN), bytes(200), 100)  # 14, 34, 64, 84, 104
GENEVE, GENEVE_D = build(Shape(tunnel=Tunnel.GENEVE, geneve_options=8), bytes(200), 100)
NVGRE, NVGRE_D = build(Shape(tunnel=Tunnel.GRE), bytes(200), 100)  # 14, 34, 56, 76, 96
GRE, GRE_D = build(Shape(tunnel=Tunnel.GRE, gre_ethernet=False), bytes(200), 100)
IPIP, IPIP_D = build(Shape(tunnel=Tunnel.IPIP), bytes(200), 100)  # 14, 34, 54, 74
LLC, LLC_D = build(Shape(llc=True), bytes(200), 100)

# A frame of which nothing but what a test adds is asked.
PLAIN = Descriptor(frame_length=300)
# Checksums without segmentation.
SUM_TCP = replace(TCP4_D, mss=0)
SUM_UDP = replace(UDP4_D, mss=0)
SUM_IP = replace(SUM_TCP, l4_kind=0, l4_checksum=0, ip_checksum=1)
GENERIC = replace(SUM_TCP, l4_kind=L4Kind.GENERIC, l3_kind=0, checksum_offset=16, header_length=52)
