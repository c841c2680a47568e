# SPDX-License-Identifier: Apache-2.0
"""The project's version, the same as in pyproject.toml (a test sees to it)."""

VERSION = "0.1.0"
