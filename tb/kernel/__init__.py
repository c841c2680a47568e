# SPDX-License-Identifier: Apache-2.0
"""The kernel as judge: Linux' software segmentation of the same super-frames, byte for byte."""
