"""Pins and their audit: nothing gets in without a hash, and no audit passes that asked nobody."""

import re
from pathlib import Path

import pytest

from tests.audit import Report, audit

FINE = {"name": "numpy", "version": "2.0", "vulns": []}
BAD = {"name": "tornado", "version": "1.0", "vulns": [{"id": "CVE-2026-1", "fix_versions": ["1.1"]}]}
UNKNOWN = {"name": "click", "skip_reason": "Dependency not found on PyPI"}


def answers(**reports: Report | None) -> tuple[int, str]:
    code, lines = audit(reports.get)
    return code, "\n".join(lines)


def test_packages_without_advisories_pass() -> None:
    code, told = answers(pypi=[FINE, FINE])
    assert code == 0
    assert "no advisory for any of 2 pinned packages" in told


def test_an_advisory_fails_and_names_the_mended_version() -> None:
    code, told = answers(pypi=[FINE, BAD])
    assert code == 1
    assert "tornado 1.0: CVE-2026-1, mended in 1.1" in told


def test_a_package_that_could_not_be_asked_about_fails() -> None:
    code, told = answers(pypi=[FINE, UNKNOWN])
    assert code == 1
    assert "click: could not be audited" in told


@pytest.mark.parametrize("nothing", [None, [UNKNOWN, UNKNOWN]])
def test_without_any_service_one_loud_line_says_so(nothing: Report | None) -> None:
    code, told = answers(pypi=nothing, osv=nothing)
    assert code == 0
    assert told.startswith("NOT AUDITED")


def test_the_second_service_is_asked_where_the_first_knows_nothing() -> None:
    assert answers(pypi=[UNKNOWN], osv=[BAD])[0] == 1


def test_make_check_audits(root: Path) -> None:
    check = (root / "Makefile").read_text("utf-8").partition("\ncheck:")[2].partition("\n\n")[0]
    assert "-m tests.audit" in check


def test_every_pin_has_hashes_and_every_install_checks_them(root: Path) -> None:
    for path in (root / "requirements").glob("*.txt"):
        entries = re.split(r"\n(?=\S)", path.read_text("utf-8"))
        pins = [entry for entry in entries if re.match(r"[A-Za-z0-9]", entry)]
        assert pins
        assert [pin for pin in pins if "==" not in pin or "--hash=sha256:" not in pin] == []
    for file in ("Makefile", "Dockerfile"):
        lines = (root / file).read_text("utf-8").splitlines()
        installs = [line for line in lines if re.search(r"pip install .|^\t\$\(INSTALL\) ", line) and ":=" not in line]
        assert len(installs) >= 5
        assert [line for line in installs if not re.search("--require-hashes|--no-deps", line)] == []
