"""Evidence between other text."""

import io
import textwrap

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from analyzer import formats, grammars
from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.mixed_text import FORMAT

ID = "0fdb48ad" * 8
TICKET = textwrap.dedent(
    f"""\
    # Pods twice after the kubelet's restart

    What we saw on n1:

    ```console
    $ journalctl -u kubelet
    Aug 21 20:24:53 n1 systemd[1]: Started Kubernetes Kubelet Server.
    Aug 21 20:24:54 n1 kubelet[5]: I0821 20:24:54.000001       5 manager.go:293] Recovery completed
    ```

    and of docker:

        2023-08-21T20:24:50.000000001Z container start {ID} (name=k8s_web_web-1_default_19cf7564-3ab0-4d6a-8ed5-8b701600fbe8_0)

        2023-08-21T20:24:51.000000001Z container die {ID} (exitCode=1, name=k8s_web_web-1_default_19cf7564-3ab0-4d6a-8ed5-8b701600fbe8_0)
    """
)


def read(text: str) -> list[Batch]:
    return list(FORMAT.read(io.BytesIO(text.encode()), ReadContext(2023)))


def test_a_ticket() -> None:
    assert formats.detect(TICKET.encode(), "ticket.md") is FORMAT
    batches = read(TICKET)
    events = pl.concat([grammars.understand(batch, batch.family or FORMAT.family) for batch in batches])
    assert events.select("kind", "line", "record").rows() == [
        ("kubelet_started", 7, 0),
        ("recovery_completed", 8, 1),
        ("container_started", 13, 2),
        ("container_died", 15, 3),
    ]
    notes = {note for batch in batches for note in batch.notes}
    assert notes == {"times of some parts lack the year: taken as 2023", "times are UTC, as the klog headers inside tell"}
    lines = TICKET.encode().splitlines(keepends=True)
    assert events["offset"].to_list() == [len(b"".join(lines[: line - 1])) for line in (7, 8, 13, 15)]
    rejects = pl.concat([batch.rejects for batch in batches])
    assert rejects.select("line", "reason").rows() == [(1, "other text (4 lines)"), (9, "other text (2 lines)")]


def test_a_quotation_is_no_evidence() -> None:
    text = "It said\n\nI0821 20:24:54.000001       5 manager.go:293] Recovery completed\n\nand no more.\n"
    assert formats.detect(text.encode(), "mail") is None


def test_sections_name_the_writer() -> None:
    text = textwrap.dedent(
        """\
        * ==> kube-scheduler [0a1b] <==
        I0821 20:24:54.000001       1 a.go:1] b
        I0821 20:24:55.000001       1 a.go:1] c

        ==> kube-controller-manager [0a1b2c] <==
        I0821 20:24:54.000001       1 a.go:1] b
        I0821 20:24:55.000001       1 a.go:1] c
        """
    )
    records = pl.concat([batch.records for batch in read(text)])
    assert records["identifier"].to_list() == ["kube-scheduler"] * 2 + ["kube-controller-manager"] * 2
    assert records["record"].to_list() == [0, 1, 2, 3]


@given(st.lists(st.sampled_from([*TICKET.splitlines(), "", "==> kubelet <==", "{", "[]", "a: b", "\x00"]), max_size=30))
def test_whatever_the_order_every_line_is_kept_or_told(lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    batches = read(text)
    begun = [line for batch in batches for frame in (batch.records, batch.objects, batch.rejects) for line in frame["line"]]
    assert set(begun) <= set(range(1, len(lines) + 1))
    kept = "\n".join(raw for batch in batches for frame in (batch.records, batch.rejects) for raw in frame["raw"])
    assert all(line.strip() in kept for line in lines)
