"""The SQL files of this folder, by name."""

from pathlib import Path


def text(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
