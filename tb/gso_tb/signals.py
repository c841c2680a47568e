# SPDX-License-Identifier: Apache-2.0
"""Fast reading of signals, in one place because it reaches below cocotb's public interface."""

from collections.abc import Callable

from cocotb.handle import ValueObjectBase


class ProtocolError(AssertionError):
    """The core broke a rule of an interface."""


def reader(signal: ValueObjectBase) -> Callable[[], str]:
    """A function that gives the signal's bits as text, most significant first.

    `str(signal.value)` gives the same and takes three times as long, because it builds a
    `LogicArray` only to print it; reading is most of what a bench does.
    """
    handle = getattr(signal, "_handle", None)
    if hasattr(handle, "get_signal_val_binstr"):
        return handle.get_signal_val_binstr
    return lambda: str(signal.value)


def undefined(name: str, bit: str) -> ProtocolError:
    """The error for a control signal that is neither 0 nor 1."""
    return ProtocolError(f"{name} is {bit}, expected 0 or 1")
