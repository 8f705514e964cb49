import subprocess
import sys

from physioclr.cli.serve import app_environment
from physioclr.jobs import JobQueue
from physioclr.jobs.importing import ImportTask
from physioclr.runtime.openmp import sleep_while_waiting
from tests.jobs.waiting import ended, wait_until


def test_what_the_user_chose_stays():
    environment = {"OMP_WAIT_POLICY": "ACTIVE"}
    sleep_while_waiting(environment)
    assert environment == {"OMP_WAIT_POLICY": "ACTIVE"}


def test_the_app_sleeps_while_it_waits(monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    assert app_environment()["OMP_WAIT_POLICY"] == "PASSIVE"


def test_a_job_sleeps_while_it_waits(tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    given = {}
    real = subprocess.Popen

    def noted(*arguments, **options):
        given.update(options["env"])
        return real(*arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", noted)
    job = JobQueue(tmp_path).submit(ImportTask(source="no/such", out=str(tmp_path / "out")))
    wait_until(job, ended)
    assert given["OMP_WAIT_POLICY"] == "PASSIVE"


def test_the_command_line_says_so_before_torch_is_there():
    asked = "import sys, physioclr.cli; print('torch' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "False"
