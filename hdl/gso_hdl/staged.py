# SPDX-License-Identifier: Apache-2.0
"""Staged: values that go down a pipeline, each kept for as long as somebody asks for it."""

from amaranth import Signal, Value

from .primitives import delay


class Staged:
    """Names for what a pipeline knows, by cycle.

    `into(3, x=...)` registers a value made in cycle 2; `at(3).x`, `at(4).x` and so on are that
    value in its cycle and later ones, delayed by as many registers as it takes. What nobody asks
    for costs nothing. Asking for a value before it is there, or giving a name twice, raises
    `ValueError`: values of different descriptors cannot get mixed up.
    """

    def __init__(self, m):
        self._m = m
        self._kept = {}

    def into(self, cycle, **values):
        """Registers `values`, made in the cycle before, for `cycle` and later ones."""
        for name, value in values.items():
            if name in self._kept:
                raise ValueError(f"{name!r} is there already, from cycle {min(self._kept[name])}")
            value = Value.cast(value)
            register = Signal(value.shape(), name=f"{name}_{cycle}", reset_less=True)
            self._m.d.sync += register.eq(value)
            self._kept[name] = {cycle: register}

    def at(self, cycle):
        """The values as they are in `cycle`, by name."""
        return _Cycle(self, cycle)

    def value(self, name, cycle):
        """The value of `name` in `cycle`."""
        if name not in self._kept:
            raise ValueError(f"there is no {name!r}")
        kept = self._kept[name]
        if cycle < min(kept):
            raise ValueError(f"{name!r} is asked for in cycle {cycle}, there from {min(kept)}")
        if cycle not in kept:
            kept[cycle] = delay(self._m, f"{name}_{cycle}", self.value(name, cycle - 1), 1)
        return kept[cycle]


class _Cycle:
    """One cycle of a `Staged`: its attributes are the values."""

    def __init__(self, staged, cycle):
        self._staged = staged
        self._cycle = cycle

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return self._staged.value(name, self._cycle)
