"""Handing out stored files to those who may have them."""

from django.http import HttpRequest, HttpResponse

from audit.declaring import record_reading
from audit.guards import needs
from documents import files
from documents.models import StoredFile
from documents.spreadsheets import attachment


@needs("documents.download_file", on=StoredFile)
def download(request: HttpRequest, stored: StoredFile) -> HttpResponse:
    """The file as it was stored, proven against its hash; always as a download, never shown in the page."""
    response = HttpResponse(files.read(stored), content_type=stored.content_type)
    response["Content-Disposition"] = attachment(stored.name)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    record_reading(StoredFile._meta.db_table, stored.pk, request.path)
    return response
