# SPDX-License-Identifier: Apache-2.0
"""Bench library: sources, checking sinks, scoreboard, random jobs and the simulator runner.

Modules that are imported inside a simulator (`source`, `sink`, `core`, ...) need cocotb; those
that start one (`runner`, `cli`) do not. Expected results always come from `gso_model`.
"""
