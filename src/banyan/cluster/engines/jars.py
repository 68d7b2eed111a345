"""Published jars from Maven Central, fetched once into a cache of the user's."""

import os
import subprocess
import tempfile
from pathlib import Path

from banyan.cluster.engines.program import NotHere, needed

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "banyan" / "jars"
_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>banyan</groupId><artifactId>jars</artifactId><version>1</version><dependencies>{}</dependencies></project>"""
_DEPENDENCY = "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"


def jars(*wanted: str) -> str:
    """A class path with these artifacts (`group:artifact:version`) and all they need. NotHere where it cannot be had."""
    needed("java", "mvn", package="default-jdk-headless maven")
    folder = CACHE / "+".join(each.replace(":", "_") for each in wanted)
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            _fetch(Path(scratch), wanted)
            if not folder.exists():
                Path(scratch, "jars").rename(folder)
    return f"{folder}/*"


def _fetch(scratch: Path, wanted: tuple[str, ...]) -> None:
    pom = scratch / "pom.xml"
    pom.write_text(_POM.format("".join(_DEPENDENCY.format(*each.split(":")) for each in wanted)))
    command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", "-DincludeScope=runtime"]
    done = subprocess.run(  # noqa: S603 (our own words)
        [*command, f"-DoutputDirectory={scratch}/jars"], capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode:
        told = next((line for line in done.stdout.splitlines() if "ERROR" in line), "no word why")
        raise NotHere(f"jars cannot be had from Maven Central: {told[:200]}")
