# SPDX-License-Identifier: Apache-2.0
"""Files that are written whole or not at all, and one-line messages where that fails."""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: str | Path) -> Generator[BinaryIO]:
    """A binary file that takes the place of `path` when the block ends without an exception.

    Until then, and after an exception, `path` is what it was before. What is no regular file, a
    pipe or `/dev/stdout`, is written to directly. Raises `ValueError` with the file's name where
    it cannot be written.
    """
    # A link stays a link: the file that it names is replaced.
    target = Path(os.path.realpath(path))
    direct = target.exists() and not target.is_file()
    partial = target if direct else target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        if target.is_dir():
            raise IsADirectoryError(21, os.strerror(21))
        if not direct and target.exists() and not os.access(target, os.W_OK):
            raise PermissionError(13, os.strerror(13))
        file = open(partial, "wb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise ValueError(f"{path}: cannot be written: {error.strerror}") from None
    try:
        with file:
            yield file
        if not direct:
            partial.replace(target)
    except OSError as error:
        raise ValueError(f"{path}: cannot be written: {error.strerror}") from None
    finally:
        if not direct:
            with suppress(OSError):
                partial.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Writes a text file whole or not at all."""
    with replacing(path) as file:
        file.write(text.encode())


def read_bytes(path: str | Path) -> bytes:
    """All of a file; `ValueError` with its name where it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from None
