# SPDX-License-Identifier: Apache-2.0
"""Fast access to signals, in one place because it reaches below cocotb's public interface."""

import os
from collections.abc import Callable
from functools import partial

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


def writer(signal: ValueObjectBase) -> Callable[[int], None]:
    """A function that writes the signal at the next chance, as `signal.value = ...` does.

    Where cocotb would pass the value straight to the simulator, so does this, without its checks.
    """
    handle = getattr(signal, "_handle", None)
    if os.environ.get("COCOTB_TRUST_INERTIAL_WRITES") != "1" or handle is None:

        def write(value: int) -> None:
            signal.value = value

        return write
    width = len(signal)
    # The simulator's interface takes integers up to 32 bits, text beyond; 0 means "deposit".
    if width <= 32:
        return partial(handle.set_signal_val_int, 0)
    text = f"{{:0{width}b}}".format
    return lambda value: handle.set_signal_val_binstr(0, text(value))
