"""Decodes what comes from outside, arguments and input: UTF-8, with or without a byte order mark.

UTF-16 is taken where a byte order mark says so, as PowerShell writes it. All else is a usage error
that names the byte.
"""

import codecs
import io
import os
from collections.abc import Sequence
from typing import BinaryIO, NoReturn, TextIO, cast

from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.text import one_line

_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LONGEST_MARK = 4


def decode_arguments(arguments: Sequence[str]) -> list[str]:
    """Return the arguments of the process as UTF-8 text, whatever the locale says.

    Python keeps the bytes that it cannot decode; in the C locale these are all but ASCII. Raises
    CommandFailure for bytes that are no UTF-8.
    """
    return [_decode_argument(word, number) for number, word in enumerate(arguments, 1)]


def _decode_argument(word: str, number: int) -> str:
    try:
        word.encode("utf-8")
    except UnicodeEncodeError:
        return _decode(os.fsencode(word), f"Argument {number}", "Give it as UTF-8")
    return word


def decode_text(content: bytes, where: str, *, may_hold_nul: bool = False) -> str:
    """Return the text of a file or of the standard input, which `where` names.

    A NUL is taken for UTF-16 without its mark, unless the caller judges it (`may_hold_nul`).

    Raises CommandFailure with the number of the first byte that cannot be decoded.
    """
    if content.startswith(_UTF_32):
        _fail(f"{where} is UTF-32. Save it as UTF-8.")
    text = _decode(content, where, "Save it as UTF-8", codec=_codec_of(content))
    if "\0" in text and not may_hold_nul:
        _fail(f"{where} is not UTF-8: it holds NUL bytes, as UTF-16 does. Save it as UTF-8.")
    return text


def open_text(stream: TextIO) -> TextIO:
    """Return the stream's bytes as text that is decoded in the same way, line by line.

    Reading raises UnicodeDecodeError.
    """
    binary = getattr(stream, "buffer", None)
    if binary is None:
        return stream
    source = binary if hasattr(binary, "peek") else io.BufferedReader(binary)
    head = cast("io.BufferedReader", source).peek(_LONGEST_MARK)[:_LONGEST_MARK]
    return io.TextIOWrapper(cast("BinaryIO", source), encoding=_codec_of(head), errors="strict")


def _codec_of(head: bytes) -> str:
    is_utf_16 = head.startswith(_UTF_16) and not head.startswith(_UTF_32)
    return "utf-16" if is_utf_16 else "utf-8-sig"


def _decode(content: bytes, where: str, advice: str, *, codec: str = "utf-8") -> str:
    try:
        return content.decode(codec)
    except UnicodeDecodeError as error:
        name = "UTF-16" if codec == "utf-16" else "UTF-8"
        _fail(f"{one_line(where, 200)} is not {name} (byte {error.start}). {advice}.")


def _fail(message: str) -> NoReturn:
    raise CommandFailure(message, ExitCode.USAGE) from None
