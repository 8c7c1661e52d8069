"""HTML in, a PDF/A-3u out: embedded fonts, searchable text, data attached, nothing fetched from anywhere."""

import hashlib
import io
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pydyf
from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from documents import fonts

# The engine tells each of its steps; only what went wrong is worth a line in the log.
logging.getLogger("weasyprint.progress").setLevel(logging.WARNING)

STYLES = Path(__file__).parent / "styles"
VARIANT = "pdf/a-3u"


class ClosedFetcher(URLFetcher):
    """Serves our own font files and nothing else: no network, no local file, no data address.

    The default fetcher would embed a file of this machine or call a service when a document's text says so.
    """

    def __init__(self) -> None:
        super().__init__(allowed_protocols=[], allow_redirects=False)
        self._faces = {face.url: face.path for face in fonts.faces()}

    def fetch(self, url: str, headers: dict | None = None) -> URLFetcherResponse:
        if url in self._faces:
            return URLFetcherResponse(url, self._faces[url].read_bytes(), {"Content-Type": "font/otf"})
        raise ValueError(f"A document may not fetch {url}")


@dataclass(frozen=True)
class DataFile:
    """A file that travels inside the PDF (in /AF): the figures as CSV or JSON."""

    name: str
    content: bytes
    description: str
    relationship: str = "Data"  # ISO 32000-2, 7.11.3


@dataclass(frozen=True)
class Paper:
    content: bytes
    pages: int

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def make(html: str, *, styles: Iterable[str] = ("paper.css",), css: str = "", data: Iterable[DataFile] = ()) -> Paper:
    """Set `html` as PDF/A-3u.

    `styles` names files of `documents/styles/`, `css` is added after them. Title, author and language come
    from the document's own <title>, <meta name=author> and <html lang>.
    """
    fetcher = ClosedFetcher()
    font_config = FontConfiguration()
    sheets = [fonts.stylesheet(), *((STYLES / name).read_text("utf-8") for name in styles), css]
    document = HTML(string=_in_our_faces(html), url_fetcher=fetcher, base_url="about:blank").render(
        font_config=font_config,
        stylesheets=[CSS(string=sheet, font_config=font_config, url_fetcher=fetcher) for sheet in sheets if sheet],
        pdf_variant=VARIANT,
    )
    target = io.BytesIO()
    document.write_pdf(
        target, finisher=_list_once, pdf_variant=VARIANT, attachments=[_attachment(file) for file in data]
    )
    return Paper(target.getvalue(), len(document.pages))


def _in_our_faces(html: str) -> str:
    """Charts name the screen's fonts and weights in attributes, which could reach a bold file of the machine."""
    return re.sub(r'\sfont-weight="[^"]*"', "", re.sub(r'\sfont-family="[^"]*"', ' font-family="mj-sans"', html))


def _list_once(_document, pdf) -> None:
    """The engine lists each attached file twice in /AF."""
    if "AF" in pdf.catalog:
        pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))


def _attachment(file: DataFile) -> Attachment:
    """The content type follows from the name's ending (.csv, .json): keep names in ASCII with one."""
    now = datetime.now(UTC)
    return Attachment(
        file_obj=io.BytesIO(file.content),
        name=file.name,
        description=file.description,
        created=now,
        modified=now,
        relationship=file.relationship,
    )
