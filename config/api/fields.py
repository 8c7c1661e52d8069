"""Fields that several doors take."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from documents import files


@extend_schema_field(OpenApiTypes.BYTE)
class FileField(serializers.Field):
    """A file: base64 in JSON, or a part of multipart/form-data. What it truly is decides (`documents.files`)."""

    def __init__(self, *, kinds: Iterable[str] = (files.PDF,), name: str = "report.pdf", **options: Any):
        self.kinds, self.file_name = tuple(kinds), name
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> files.Upload:
        return files.check(self.decoded(data), kinds=self.kinds, name=self.file_name if isinstance(data, str) else "")

    def decoded(self, data: Any) -> Any:
        """The bytes of a base64 text, or the uploaded part itself."""
        if isinstance(data, str):
            try:
                return base64.b64decode(data, validate=True)
            except (binascii.Error, ValueError):
                raise serializers.ValidationError(_("This is not base64.")) from None
        if not hasattr(data, "read"):
            raise serializers.ValidationError(_("Send a file, or its content in base64."))
        return data

    def to_representation(self, value: Any) -> str:
        raise NotImplementedError
