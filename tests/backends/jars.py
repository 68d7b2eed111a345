"""Published jars from Maven Central, fetched once into a cache: what real engines in tests run on."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "banyan" / "jars"
_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>banyan</groupId><artifactId>jars</artifactId><version>1</version><dependencies>{}</dependencies></project>"""
_DEPENDENCY = "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"


def jars(*wanted: str) -> str:
    """A class path with these artifacts (`group:artifact:version`) and all they need. Skips where it cannot be had."""
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: on Debian `apt-get install default-jdk-headless maven` brings it")
    folder = CACHE / "+".join(each.replace(":", "_") for each in wanted)
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            pom = Path(scratch) / "pom.xml"
            pom.write_text(_POM.format("".join(_DEPENDENCY.format(*each.split(":")) for each in wanted)))
            command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", "-DincludeScope=runtime"]
            done = subprocess.run(
                [*command, f"-DoutputDirectory={scratch}/jars"],
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            if done.returncode:
                told = next((line for line in done.stdout.splitlines() if "ERROR" in line), "no word why")
                pytest.skip(f"jars cannot be had from Maven Central: {told[:200]}")
            if not folder.exists():
                Path(scratch, "jars").rename(folder)
    return f"{folder}/*"
