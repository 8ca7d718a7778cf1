"""A standalone Spark cluster on this machine: one master, two workers, each a process of its own."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from needs import need

from thiqa.engine import Engine, EngineConfig, open_engine

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the cluster; the address of its master. It ends with the tests."""
    need("java")
    need_package("pyspark")
    import pyspark

    folder = tmp_path_factory.mktemp("cluster")
    launcher = str(Path(pyspark.__file__).parent / "bin" / "spark-class")
    environment = os.environ | {
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_LOG_DIR": str(folder),
    }
    common = ["--host", "127.0.0.1", "--webui-port", "0"]

    def start(name: str, *arguments: str) -> subprocess.Popen:
        with (folder / f"{name}.log").open("wb") as log:
            kind = "master.Master" if name == "master" else "worker.Worker"
            command = [launcher, f"org.apache.spark.deploy.{kind}", *common, *arguments]
            return subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)

    processes = [start("master", "--port", "0")]
    try:
        address = _told(folder / "master.log", r"(spark://127\.0\.0\.1:\d+)", processes[0])
        for number in (1, 2):
            name = f"worker{number}"
            work = folder / name
            processes.append(start(name, "--cores", "1", "--memory", "1g", "--work-dir", str(work), address))
        for number, process in enumerate(processes[1:], 1):
            _told(folder / f"worker{number}.log", r"(Successfully registered with master)", process)
        yield address
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait(timeout=30)


def need_package(name: str) -> None:
    """Skip where a package of an extra is missing, or fail where THIQA_REQUIRE names java."""
    try:
        __import__(name)
    except ImportError:
        reason = f"{name} is not installed: pip install 'thiqa[spark]'"
        if "java" in os.environ.get("THIQA_REQUIRE", "").split(","):
            pytest.fail(reason)
        pytest.skip(reason)


def _told(log: Path, pattern: str, process: subprocess.Popen, seconds: float = 120) -> str:
    """Wait until a process has written a line."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(pattern, log.read_text(errors="replace"))
        if found:
            return found.group(1)
        time.sleep(0.2)
    pytest.fail(f"{log.name}: {pattern} not seen\n{log.read_text(errors='replace')[-3000:]}")


@pytest.fixture(scope="session")
def spark(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine on the cluster, whose workers import this checkout's code."""
    before = os.environ.get("PYTHONPATH", "")
    helpers = [str(ROOT / "typings"), str(ROOT / "tests" / "helpers"), *filter(None, before.split(os.pathsep))]
    os.environ["PYTHONPATH"] = os.pathsep.join(helpers)
    quick = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # small tables: compiling costs more than it saves
    settings = {
        "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": quick, "spark.executor.extraJavaOptions": quick,
        "spark.executor.memory": "700m", "spark.executor.cores": "1", "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    }  # fmt: skip
    config = EngineConfig(kind="spark", master=cluster, threads=2, memory="1GB", spark=settings)
    try:
        with open_engine(config, tmp_path_factory.mktemp("spark")) as engine:
            yield engine
    finally:
        os.environ["PYTHONPATH"] = before
