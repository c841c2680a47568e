# SPDX-License-Identifier: Apache-2.0
"""The command line `gso`: one module a command, and what they share."""
