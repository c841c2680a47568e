# SPDX-License-Identifier: Apache-2.0
"""Synthesis and place-and-route of the core with open tools, and what they say about it."""
