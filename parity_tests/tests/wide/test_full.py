"""`make parity-full` itself: where it runs does not matter, and it sees what differs."""

from __future__ import annotations

import json
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from parity_tests.cases import product
from parity_tests.cases.product import Block
from parity_tests.cases.product_witnesses import choose
from parity_tests.judging import judge
from parity_tests.oracles.client import Oracle
from parity_tests.oracles.pool import GENERATIONS
from parity_tests.reporting.progress import Bar
from parity_tests.runner import live_run
from parity_tests.runner.full import totals
from parity_tests.runner.full.compare_block import compare_layers
from parity_tests.runner.full.run import Blocks
from parity_tests.tests.live.each_case import for_each


def _report(executor: Executor, folder: Path) -> str:
    compared = Blocks(executor, live_run.pool.python, folder)
    compared.learn(tuple(GENERATIONS))
    results = compared.compare([Block(oracle, 7) for oracle in GENERATIONS], Bar())
    return json.dumps(totals.total(results, compared.surroundings, "8/272"))


# What Dask says of ports and of slow starts is not about the product.
@pytest.mark.filterwarnings("default:::distributed")
def test_two_workers_of_a_dask_cluster_report_what_two_threads_do_keras2_keras3(
    tmp_path: Path,
) -> None:
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        on_cluster = _report(client.get_executor(), tmp_path / "cluster")
    with ThreadPoolExecutor(2) as threads:
        in_threads = _report(threads, tmp_path / "threads")
    assert on_cluster == in_threads
    assert json.loads(on_cluster)["messages"] == {}


@for_each(GENERATIONS)
def test_a_reused_layer_does_what_a_new_one_does(oracle: str) -> None:
    live = live_run.oracle(oracle)
    dropout = [layer for layer in product.layers(oracle) if layer.first.dropout][:2]
    stateful = [
        layer
        for layer in product.layers(oracle)
        if layer.first.levels["stateful"] != "off" and layer.first.recurrent_dropout
    ][:1]
    for layer in (*dropout, *stateful):
        chosen = choose(layer, layer.cases, 0)
        asked = [
            judge.request_of(case, one.witness, 0)
            for case, one in zip(layer.cases, chosen, strict=True)
        ]
        reused = live.request(
            {
                "op": "reused",
                "constructor": asked[0]["constructor"],
                "forget": True,
                "runs": [{key: a[key] for key in ("weights", "calls", "seed")} for a in asked],
            }
        )
        for case, request, reply in zip(layer.cases, asked, reused["runs"], strict=True):
            alone = live.request(request)
            alone.pop("seconds", None)
            assert repr(alone) == repr(reply), case.id


@for_each(GENERATIONS)
def test_a_corrupt_oracle_disagrees(oracle: str) -> None:
    layer = next(x for x in product.layers(oracle) if not x.first.levels["unroll"])
    with Oracle(oracle, live_run.pool.python, GENERATIONS[oracle], corrupt=1.0) as corrupt:
        result = compare_layers(corrupt, [layer])
    compared = [row for row in result["rows"] if row[2] != "raised"]
    assert compared
    assert {row[2] for row in compared} == {"disagreement"}
    assert len(result["messages"]) == len(compared)
