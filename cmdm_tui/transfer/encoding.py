"""Turns the bytes of a text file into text: by its mark, as UTF-8, else as Windows-1252 or asked.

Windows-1252 wins unless it makes words that no Western language has; then charset-normalizer names
the candidates. It is not the judge, since it takes a short text full of signs for one of its
sisters, which makes `Ł` of `£`.
"""

import codecs
import re
import unicodedata
from dataclasses import dataclass

from cmdm_tui.text import one_line
from cmdm_tui.transfer.errors import ImportFileError, ImportQuestion, ImportQuestions

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE_SIZE = 200_000
_UTF8_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_LINE_END = re.compile(rb"\r\n|\r|\n")
_COMPRESSED = re.compile(
    rb"\x1f\x8b|BZh[1-9]1AY&SY|\xfd7zXZ\x00|\x28\xb5\x2f\xfd|Rar!\x1a|7z\xbc\xaf"
)
"""How files of gzip, bzip2, xz, zstd, RAR and 7-Zip begin."""
_MOST_NULLS = 0.3
_FEW_NULLS = 0.02
_MOST_SUGGESTIONS = 4
# No Western text has these signs inside a word, or three accented letters in a row. Central
# European, Cyrillic, Greek and Mac code pages have letters in the same places.
_ODD_WORD = re.compile(
    r"[^\W\d_][¹³£¢¤¥¦¬¯±¶¸¿¼½¾‰†‡„][^\W\d_]|[£¥¯][¹³¿]"
    r"|[À-ÖØ-öø-ÿŒœŠšŽžŸƒ]{3}|[ƒˆ˜]|[a-zß-öø-ÿšœž][ŠŒŽŸ]"
)
# A pound or a yen before a word is odd only in a cell of names: Polish has its capital Ł there.
_NAME = r"[A-ZÀ-ÖØ-ÞŠŽ][\w.'’-]*+"
_ODD_NAME = re.compile(
    rf"(?:^|[\n\r\t,;|\"])(?:{_NAME} )*+[£¥¯][^\W\d_]{{2}}[\w'’-]*+(?: {_NAME})*+"
    r"(?=$|[\n\r\t,;|\"])"
)
_MAC_WORD = re.compile(
    r"[^\W\d_][€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ§¡¿¯¾®]|[€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ§¯¾®][^\W\d_]"
)
"""Where Mac Roman has its accented letters, Windows-1252 has signs."""
_PLAIN_CONTROLS = {"\t", "\n", "\r"}


@dataclass(frozen=True, slots=True)
class DecodedText:
    """The text of a file, without its mark, and the name of the encoding (the codec's own)."""

    text: str
    encoding: str
    is_certain: bool = True
    """False where another encoding would have given a text too."""


def decode_text(data: bytes, wanted: str | None = None) -> DecodedText:
    """Return the text of a file.

    Raises ImportQuestions where the encoding is not certain, ImportFileError where the file is not
    text or not in the encoding that is wanted.
    """
    if wanted is not None:
        return _decode_as(data, wanted)
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decode_as(data, encoding)
    if encoding := _find_wide_encoding(data):
        return _decode_as(data, encoding)
    if _COMPRESSED.match(data):
        raise ImportFileError("The file is compressed", "Unpack it first")
    if data.count(0) > _MOST_NULLS * len(data) or _is_binary(data):
        raise ImportFileError(
            "The file is not a text file", "Save it as CSV, JSON, xlsx or Parquet"
        )
    if data.count(0) > _FEW_NULLS * len(data) and _has_wide_header(data):
        raise ImportFileError(
            "The encoding of the file is not known: it holds many zero bytes, "
            "and is not plainly UTF-16",
            "Name its encoding with --encoding",
        )
    try:
        return DecodedText(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _decode_single_bytes(data)


def _decode_as(data: bytes, encoding: str) -> DecodedText:
    try:
        codec = codecs.lookup(encoding)
        # Codecs of Python that take bytes to bytes know no text.
        text = data.decode(codec.name)
    except (LookupError, UnicodeDecodeError, ValueError) as error:
        place = f": byte {error.start:,}" if isinstance(error, UnicodeDecodeError) else ""
        name = one_line(encoding, 40)
        message = f"The file is not in the encoding {name}{place}"
        if isinstance(error, LookupError):
            message = f"There is no encoding {name}"
        raise ImportFileError(message, "Name another one with --encoding") from None
    return DecodedText(text.removeprefix("\ufeff"), encoding)


def _find_wide_encoding(data: bytes) -> str | None:
    """Return UTF-16 without a mark, by where its zero bytes are; None for anything else."""
    sample = data[:_SAMPLE_SIZE]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if len(data) % 2 or half == 0:
        return None
    if odd > half * 0.4 and even <= odd * 0.02:
        return "utf-16-le"
    if even > half * 0.4 and odd <= even * 0.02:
        return "utf-16-be"
    if (even or odd) and _has_wide_header(data):
        # Little of a text in Cyrillic or Chinese has zero bytes: the delimiters and the line ends.
        order = ("utf-16-le", "utf-16-be") if odd >= even else ("utf-16-be", "utf-16-le")
        return next((one for one in order if _is_delimited_text(data, one)), None)
    return None


def _has_wide_header(data: bytes) -> bool:
    """Return whether zero bytes are in the first line: a value may hold one, a header does not."""
    return 0 in _LINE_END.split(data, maxsplit=1)[0]


def _is_delimited_text(data: bytes, encoding: str) -> bool:
    """Return whether bytes are a text of lines in an encoding, with a delimiter in them."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return False
    controls = {one for one in set(text) if unicodedata.category(one) in {"Cc", "Cn"}}
    return controls <= _PLAIN_CONTROLS and bool(
        re.search(r"[\n\r]", text) and re.search(r"[,;\t|]", text)
    )


def _is_binary(data: bytes) -> bool:
    """Return whether a file begins as a PDF or a picture does."""
    return data.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"%!PS"))


def _decode_single_bytes(data: bytes) -> DecodedText:
    _refuse_broken_utf8(data)
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        text = None
    is_mac = _has_mac_lines(data)
    if text is not None and not _looks_foreign(text, is_mac=is_mac):
        return DecodedText(text, "windows-1252", is_certain=False)
    raise ImportQuestions(
        [
            ImportQuestion(
                "encoding",
                "The file is neither UTF-8 nor, as far as can be seen, Windows-1252: "
                "its encoding is not known",
                suggestions=_suggest_encodings(data, is_mac=is_mac),
            )
        ]
    )


def _refuse_broken_utf8(data: bytes) -> None:
    """Refuse a file that is UTF-8 except for some bytes: as Windows-1252, `é` would be `Ã©`.

    Raises ImportFileError.
    """
    whole = _UTF8_SEQUENCE.findall(data)
    rest = sum(1 for byte in _UTF8_SEQUENCE.sub(b"", data) if byte > 0x7F)
    if len(whole) <= rest * 2:
        return
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = 1 + len(_LINE_END.findall(data, 0, error.start))
        raise ImportFileError(
            f"The file is UTF-8 except for a byte in line {line}",
            "Save it as UTF-8, or name its encoding with --encoding",
            line=line,
        ) from None


def _has_mac_lines(data: bytes) -> bool:
    """Return whether lines end with CR alone, as old programs for the Mac write them."""
    return b"\r\n" not in data and data.count(b"\r") > data.count(b"\n")


def _looks_foreign(text: str, *, is_mac: bool) -> bool:
    """Return whether Windows-1252 makes words of a text that no Western language has."""
    patterns = [_ODD_WORD, _ODD_NAME, *([_MAC_WORD] if is_mac else [])]
    return any(pattern.search(text) for pattern in patterns)


def _suggest_encodings(data: bytes, *, is_mac: bool) -> tuple[str, ...]:
    """Return the names of encodings that may be meant, the likeliest first."""
    import charset_normalizer

    odd_lines = b"\n".join(line for line in data.splitlines() if not line.isascii())
    guesses = charset_normalizer.from_bytes(odd_lines[:_SAMPLE_SIZE])
    names = dict.fromkeys(guess.encoding for guess in guesses if guess.encoding != "cp1252")
    likeliest = ["mac_roman"] if is_mac else []
    return tuple(dict.fromkeys([*likeliest, *list(names)[:_MOST_SUGGESTIONS], "windows-1252"]))
