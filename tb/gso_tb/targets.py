# SPDX-License-Identifier: Apache-2.0
"""What the core is to reach, by preset and width; the measurements are set against it."""

# MHz on the ECP5, speed grade 8, open flow: the same for both presets.
FMAX = {64: 180, 128: 170, 256: 150, 512: 130}
# LUT4 + 2 CCU2C + 4 DPR16X4.
AREA = {
    "basic": {64: 2600, 128: 3800, 256: 6135, 512: 11547},
    "full": {64: 4400, 128: 5600, 256: 7935, 512: 13347},
}
# Bus use is 100.0 % of the floor from wire segments of this many bytes on, and in a mix.
LONG_SEGMENT = 512
# Cycles of latency beyond the input that has to come, for long segments and for shorter ones.
LATENCY_LONG, LATENCY_SHORT = 20, 32
