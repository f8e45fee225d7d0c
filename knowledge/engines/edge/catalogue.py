"""Which collections and aliases there are, in one small file that is replaced as a whole."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Entry:
    """`tidied`: how many points the folder held when it was last put in order."""

    folder: str
    dimension: int | None
    tidied: int = 0


@dataclass(frozen=True, slots=True)
class Catalogue:
    collections: dict[str, Entry] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Self:
        try:
            stored = json.loads(path.read_text())
        except FileNotFoundError:
            return cls()
        entries = {name: Entry(**values) for name, values in stored["collections"].items()}
        return cls(entries, stored["aliases"])

    def write(self, path: Path) -> None:
        """On disk when this returns."""
        draft = path.with_suffix(".new")
        with draft.open("w") as file:
            json.dump(asdict(self), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    def with_collection(self, name: str, entry: Entry) -> "Catalogue":
        return Catalogue({**self.collections, name: entry}, self.aliases)

    def without_collection(self, name: str) -> "Catalogue":
        return Catalogue(
            {other: entry for other, entry in self.collections.items() if other != name},
            {alias: target for alias, target in self.aliases.items() if target != name},
        )

    def with_alias(self, alias: str, collection: str) -> "Catalogue":
        return Catalogue(self.collections, {**self.aliases, alias: collection})

    def resolve(self, name: str) -> str:
        return self.aliases.get(name, name)
