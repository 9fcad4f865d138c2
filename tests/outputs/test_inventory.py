"""The text of inspect stays readable, whatever the number of sources."""

from pathlib import Path

from analyzer import ingest
from analyzer.outputs import inventory
from analyzer.recognition import Recognising
from analyzer.store import MemoryStore

OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c{n}\n  namespace: default\n"


def read(folder: Path) -> Recognising:
    store = Recognising(MemoryStore())
    ingest.ingest([folder], store)
    return store


def kubelet_log(folder: Path, *bodies: str) -> None:
    head = "Aug 22 00:23:{0:02d} node-1 kubelet[77]: I0822 00:23:{0:02d}.000001      77 kubelet.go:9] "
    lines = [head.format(n % 60) + body + "\n" for n, body in enumerate(bodies)]
    (folder / "kubelet.log").write_text("".join(lines))


def test_many_sources_without_events_are_one_line(tmp_path: Path) -> None:
    for n in range(300):
        (tmp_path / f"object{n}.yaml").write_text(OBJECT.format(n=n))
        (tmp_path / f"empty{n}.txt").write_text("")
    kubelet_log(tmp_path, *('"SyncLoop (housekeeping)"',) * 3)
    store = read(tmp_path)
    text = inventory.as_text(store)
    assert len(text.splitlines()) < 12
    assert "300 more of kubernetes-yaml without events, 300 records" in text
    assert "300 empty" in text
    assert "kubelet 3 lines: 100.0 % parsed, 100.0 % understood (0 events)" in text
    assert len(inventory.as_text(store, everything=True).splitlines()) > 600


def test_shapes_and_how_many(tmp_path: Path) -> None:
    words = ["alpha", "beta", "gamma"]
    kubelet_log(tmp_path, *(f"Never heard of {word} before {n}" for i, word in enumerate(words) for n in range(5 - i)))
    store = read(tmp_path)
    text = inventory.as_text(store, shapes=2)
    assert "not understood: 12 of 12 lines of known components; the 2 most frequent of 3 shapes:" in text
    assert text.index("Never heard of alpha") < text.index("Never heard of beta")
    assert "gamma" not in text
    assert "kubelet.log:1: " in text
    row = next(r for r in inventory.document(store)["sources"] if r["format"])
    assert (row["lines"], row["parsed"], row["understood"]) == (12, 12, 0)
    assert [(s["count"], s["line"]) for s in row["shapes"]] == [(5, 1), (4, 6), (3, 10)]


def test_rejects_with_their_reasons(tmp_path: Path) -> None:
    good = '{"__REALTIME_TIMESTAMP":"1795331000000000","_HOSTNAME":"n","SYSLOG_IDENTIFIER":"kubelet","MESSAGE":"x"}\n'
    (tmp_path / "journal.json").write_text(good * 4 + '{"broken": \n' + good + '{"broken": \x1b[2J\n')
    store = read(tmp_path)
    row = inventory.document(store)["sources"][0]
    assert sum(r["count"] for r in row["rejects"]) == row["rejected"] > 0
    assert all(r["reason"] and r["line"] and r["example"] for r in row["rejects"])
    assert f"rejected: {row['rejects'][0]['count']} × {row['rejects'][0]['reason']}, first line 5: " in inventory.as_text(store)
    assert "\x1b" not in inventory.as_text(store)


def test_a_common_folder_is_told_once(tmp_path: Path) -> None:
    deep = tmp_path / "a-folder-with-a-long-name" / "below"
    deep.mkdir(parents=True)
    for name in ("one", "two"):
        (deep / name).mkdir()
        kubelet_log(deep / name, f"Known to nobody, {name}")
    text = inventory.as_text(read(tmp_path))
    assert text.count("a-folder-with-a-long-name") == 1
    assert "one/kubelet.log" in text


def test_coverage_with_its_holes_and_the_verbosity(tmp_path: Path) -> None:
    kubelet_log(tmp_path, *(f"GenericPLEG: Relisting {n}" for n in range(10)))
    with (tmp_path / "kubelet.log").open("a") as log:
        log.write("Aug 22 00:24:00 node-1 systemd-journald[9]: Suppressed 12 messages from kubelet.service\n")
    store = read(tmp_path)
    text = inventory.as_text(store)
    assert "coverage (UTC):" in text
    assert "kubelet at --v=5+ (it wrote 'GenericPLEG: Relisting', which it only does from --v=5 on)" in text
    assert "00:24:00Z: 12 messages of kubelet.service were suppressed" in text
    (entry,) = inventory.document(store)["coverage"]
    assert (entry["node"], entry["verbosity"], len(entry["gaps"])) == ("node-1", "5+", 1)
