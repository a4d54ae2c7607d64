"""The parts of README.md that are made from the code: python -m tests.readme writes them anew."""

import json
import re
from pathlib import Path

from pydantic.fields import FieldInfo

from benchmarks.generating.report import markdown
from bot.settings import Settings

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PACKAGES = ("model", "trainer", "bot", "migrations")
WIDTH = 30  # of the column of names


def house_map() -> str:
    """The tree of modules, each with the first sentence of its docstring."""
    lines = [_entry("cotorra.py", 0, ROOT / "cotorra.py")]
    for package in PACKAGES:
        lines += _folder(ROOT / package, 0)
    return "```text\n" + "\n".join(lines) + "\n```"


def _folder(folder: Path, depth: int) -> list[str]:
    lines = [_entry(f"{folder.name}/", depth, folder / "__init__.py")]
    for path in sorted(folder.iterdir(), key=lambda path: (path.is_dir(), path.name)):
        if path.suffix == ".py" and path.name != "__init__.py":
            lines.append(_entry(path.name, depth + 1, path))
        elif (path / "__init__.py").is_file():
            lines += _folder(path, depth + 1)
    return lines


def _entry(name: str, depth: int, module: Path) -> str:
    first = module.read_text("utf-8").partition("\n")[0]
    return f"{'  ' * depth + name:<{WIDTH}}{first.removeprefix(3 * chr(34)).removesuffix(3 * chr(34))}".rstrip()


def settings_table() -> str:
    """Every setting, its default and its meaning."""
    rows = [
        f"| `{field.validation_alias}` | {_shown_default(field)} | {field.description} |"
        for field in Settings.model_fields.values()
    ]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows])


def _shown_default(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "shown" in extra:
        return str(extra["shown"])
    if field.default in (None, ""):
        return ""
    return f"`{json.dumps(field.default) if isinstance(field.default, bool) else field.default}`"


def bench_table() -> str:
    """The last results of `make bench`."""
    results = ROOT / "benchmarks" / "results" / "generation.json"
    return markdown(json.loads(results.read_text("utf-8")))


def filled(readme: str) -> str:
    """README with the made parts as the code now has them."""
    made = {"settings": settings_table(), "map": house_map(), "bench": bench_table()}
    for name, text in made.items():
        readme = re.sub(
            rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)",
            lambda _, text=text: text.strip() + "\n",
            readme,
            flags=re.S,
        )
    return readme


if __name__ == "__main__":
    README.write_text(filled(README.read_text("utf-8")), "utf-8")
