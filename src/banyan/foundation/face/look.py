"""How templates are read, and what any page may show: everything is escaped, nothing that is missing is passed over."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def templates(folder: Path) -> Environment:
    """The templates of a folder and those of every face, each compiled once. A changed one is seen at the next start."""
    return Environment(
        loader=FileSystemLoader([folder, Path(__file__).parent / "templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        cache_size=-1,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def picture(url: str | None) -> str:
    """An address that may stand in `src`: of this shop or on https, never a script; empty where there is none."""
    if not url:
        return ""
    return url if (url.startswith("/") and not url.startswith("//")) or url.startswith("https://") else ""
