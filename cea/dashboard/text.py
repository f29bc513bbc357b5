"""Text for the pages: nothing from a model, a file or a user is read as markup."""

from __future__ import annotations

import re

_SIGNS = re.compile(r"([\\`*_{}\[\]<>$~#|&])")
_FOUND = re.compile(r"(:(?=[^\s\d]|\d+:)|@(?=\S)|www(?=\.))", re.IGNORECASE)
_JOINER = "\u2060"
_START = re.compile(r"^(\d*)([-+.)=])")


def plain(text: object) -> str:
    """Text that stands on a page as it is written: no Markdown, mathematics, icons, links or HTML are found in it."""
    line = _SIGNS.sub(r"\\\1", " ".join(str(text).split()))
    # Streamlit finds addresses, icons and emoji even where their signs are escaped: one that nobody sees parts them.
    line = _FOUND.sub(rf"\1{_JOINER}", line)
    return _START.sub(r"\1\\\2", line)


def link(text: str, url: str | None) -> str:
    """A link in Markdown where the address is one of the web, else the text alone."""
    if url is None or not re.fullmatch(r"https?://[^\s()<>\"'`\\]+", url):
        return plain(text)
    return f"[{plain(text)}]({url})"


def sentence(text: str) -> str:
    """Text with a capital letter at the beginning and a full stop at the end."""
    body = text[:1].upper() + text[1:]
    return body if body.endswith((".", "!", "?")) else f"{body}."
