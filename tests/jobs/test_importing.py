from __future__ import annotations

from physioclr.datasets.store import Store
from physioclr.jobs import JobQueue
from physioclr.jobs.importing import ImportTask

from .waiting import ended, wait_until


def test_a_cohort_is_prepared_by_a_process_of_its_own(tmp_path):
    job = JobQueue(tmp_path).submit(ImportTask("simulated:4", str(tmp_path / "store")))
    found = wait_until(job, ended)
    assert found.status == "finished"
    assert (found.result["n_prepared"], found.result["n_left_out"]) == (4, 0)
    assert "4 of 4 ECGs" in found.what
    assert len(Store(tmp_path / "store")) == 4


def test_a_source_that_is_not_there_fails_in_one_sentence(tmp_path):
    task = ImportTask(str(tmp_path / "nowhere"), str(tmp_path / "store"))
    found = wait_until(JobQueue(tmp_path).submit(task), ended)
    assert found.status == "failed"
    assert "nowhere" in found.message
    assert "\n" not in found.message
