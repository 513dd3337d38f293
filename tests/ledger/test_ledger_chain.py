"""Given the head, every edit of a ledger is found (E13)."""

import hashlib
import json

import pytest
from ledger_records import NOTES, append_plain, plain, verify

from bayes_scaling.ledger.appending import writing
from bayes_scaling.ledger.canonical import from_line, hash_of, to_line
from bayes_scaling.ledger.formats import unreadable
from bayes_scaling.ledger.heads import Head, head_path, parse_head, write_head
from bayes_scaling.ledger.repair import head_of, rebuild_head
from bayes_scaling.ledger.side_files import side_path
from bayes_scaling.ledger.verification import examine


@pytest.fixture
def four(ledger):
    append_plain(ledger, 4)
    return ledger


def examined(data, ledger, head):
    """Verify a ledger with these bytes, and the head file and published head it had."""
    return examine(ledger, data, head_path(ledger).read_bytes(), head, NOTES)


def rewritten(data, ledger, head):
    return examined(data, ledger, head).holds


def test_a_line_is_canonical_and_reads_back():
    content = {"b": [0.1, 1e-300, 2.3e22], "a": {"z": None, "y": "ä\n\x00 </script>"}}
    line = to_line(content)
    assert (
        line == '{"a":{"y":"ä\\n\\u0000 </script>","z":null},"b":[0.1,1e-300,2.3e+22]}\n'.encode()
    )
    assert from_line(line) == content
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_line({"a": float("nan")})


@pytest.mark.parametrize(
    "breaker", ["\n", "\r", "\x0b", "\x1c", "\x85", "\u2028", "\u2029", "\ud800"]
)
def test_no_text_breaks_a_line(breaker):
    line = to_line({"a": f"x{breaker}y"})
    assert len(line.splitlines()) == len(line.decode().splitlines()) == 1
    assert from_line(line) == {"a": f"x{breaker}y"}


@pytest.mark.parametrize(
    "line", [b'{"a":1,"a":2}\n', b'{"a":NaN}\n', b"[1]\n", b"{\n", b"\xff\n", b"[" * 100_000]
)
def test_what_could_be_read_in_two_ways_is_refused(line):
    with pytest.raises(ValueError, match="it isn't"):
        from_line(line)


def test_a_ledger_that_holds(four):
    found = verify(four)
    assert found.holds
    assert (found.records, found.first_fault) == (4, None)
    assert found.head == head_of(four)
    assert "Only a head that was published elsewhere" in found.message
    last = four.read_bytes().splitlines(keepends=True)[-1]
    assert found.head.hash == hashlib.sha256(last).hexdigest()


def test_every_edit_of_a_byte_is_found(four):
    data, head = four.read_bytes(), head_of(four)
    starts = [0, *(place + 1 for place, byte in enumerate(data) if byte == ord("\n"))]
    for place in range(len(data)):
        record = sum(start <= place for start in starts[1:]) + 1
        for byte in {data[place] ^ 1, data[place] ^ 0x20, ord("\n"), ord(" ")} - {data[place]}:
            found = examined(data[:place] + bytes([byte]) + data[place + 1 :], four, head)
            assert not found.holds, (place, byte)
            assert found.first_fault in {record - 1, record}, (place, byte)


def test_every_deletion_insertion_and_truncation_of_a_byte_is_found(four):
    data, head = four.read_bytes(), head_of(four)
    for place in range(len(data)):
        assert not rewritten(data[:place] + data[place + 1 :], four, head)
        assert not rewritten(data[:place] + b" " + data[place:], four, head)
        assert not rewritten(data[:place], four, head)
    assert not rewritten(data + b" ", four, head)
    assert rewritten(data, four, head)


@pytest.mark.slow
def test_every_byte_of_fifty_records_is_guarded(ledger):
    append_plain(ledger, 50)
    data, head = ledger.read_bytes(), head_of(ledger)
    for place in range(len(data)):
        edited = bytes([data[place] ^ 1])
        assert not rewritten(data[:place] + edited + data[place + 1 :], ledger, head)
        assert not rewritten(data[:place] + data[place + 1 :], ledger, head)
        assert not rewritten(data[:place], ledger, head)


def test_an_edit_on_the_disk_is_found(four):
    data, head = four.read_bytes(), head_of(four)
    four.write_bytes(data.replace(b"a short one", b"a shore one", 1))
    found = verify(four, head)
    assert (found.holds, found.first_fault) == (False, 1)
    assert "Record 1 was changed, or record 2" in found.message


def test_every_deletion_repetition_and_change_of_order_of_lines_is_found(four):
    data, head = four.read_bytes(), head_of(four)
    lines = data.splitlines(keepends=True)
    for one in range(4):
        assert not rewritten(b"".join(lines[:one] + lines[one + 1 :]), four, head)
        assert not rewritten(b"".join(lines[: one + 1] + lines[one:]), four, head)
        for other in range(one):
            swapped = list(lines)
            swapped[one], swapped[other] = lines[other], lines[one]
            assert not rewritten(b"".join(swapped), four, head)


def test_every_edit_of_the_head_file_is_found(four):
    path = head_path(four)
    data = path.read_bytes()
    for place in range(len(data)):
        edited = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        assert not examine(four, four.read_bytes(), edited, None, NOTES).holds
    path.write_bytes(data[:-1])
    assert "was changed: it isn't as it was written" in verify(four).message
    path.unlink()
    assert "head file forecasts.jsonl.head is missing" in verify(four).message
    assert verify(four).first_fault is None
    assert rebuild_head(four) == verify(four).head
    assert path.read_bytes() == data


def forged(ledger, count):
    """Write another ledger whose chain and head file are right."""
    lines, last = [], Head(0, "0" * 64, 0)
    stamp = {"bayes_scaling_ledger": 1, "time": "2020-01-01T00:00:00.000000Z"}
    for number in range(1, count + 1):
        content = plain(text="forged") | stamp | {"number": number, "previous": last.hash}
        lines.append(to_line(content))
        last = Head(number, hash_of(lines[-1]), sum(map(len, lines)))
    ledger.write_bytes(b"".join(lines))
    write_head(ledger, last)


def test_only_a_published_head_shows_that_all_was_rewritten(four):
    head = head_of(four)
    forged(four, 4)
    assert verify(four).holds
    found = verify(four, head)
    assert not found.holds
    assert found.first_fault == 4
    assert "was rewritten" in found.message


def test_only_a_published_head_shows_that_the_end_was_cut(four):
    head, lines = head_of(four), four.read_bytes().splitlines(keepends=True)
    four.write_bytes(b"".join(lines[:3]))
    assert "Its end was cut" in verify(four).message
    assert verify(four).first_fault == 4
    rebuild_head(four)
    assert verify(four).holds
    found = verify(four, str(head))
    assert (found.holds, found.first_fault) == (False, 4)
    assert "counts 4 records, the ledger has 3" in found.message


def test_a_head_vouches_for_a_ledger_that_grew(four, tmp_path):
    published = tmp_path / "published"
    published.write_bytes(head_path(four).read_bytes())
    append_plain(four, 2)
    for head in (
        published,
        published.read_text(),
        str(parse_head(published)),
        parse_head(published),
    ):
        found = verify(four, head)
        assert found.holds
        assert "first 4 are those of the head that was given; 2 records came later" in found.message


@pytest.mark.parametrize(
    "head", ["", "4", "4:abc", "x:" + "a" * 64, '{"count":1}', "0:" + "a" * 64]
)
def test_what_is_no_head_is_said(four, head):
    with pytest.raises(ValueError, match=r"expected a count and a hash such as '50:3fa9"):
        verify(four, head)


def test_a_record_of_a_newer_version_is_refused(ledger):
    append_plain(ledger, 2)
    lines = ledger.read_bytes().splitlines(keepends=True)
    last = json.loads(lines[-1]) | {"bayes_scaling_ledger": 2, "kind": "of tomorrow"}
    ledger.write_bytes(lines[0] + to_line(last))
    rebuild_head(ledger)
    said = r"schema 2, this one reads up to 1\). Upgrade bayes-scaling"
    found = verify(ledger)
    assert (found.holds, found.first_fault) == (False, 2)
    before = ledger.read_bytes()
    with pytest.raises(ValueError, match=said):
        append_plain(ledger)
    assert ledger.read_bytes() == before


def test_where_there_is_no_ledger(tmp_path):
    with pytest.raises(ValueError, match="there is no such ledger; register begins one"):
        verify(tmp_path / "forecasts.jsonl")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ({"a": 1}, "isn't a record of a ledger"),
        ({"bayes_scaling_ledger": "1"}, "isn't a record of a ledger"),
        ({"bayes_scaling_ledger": 2}, "schema 2, this one reads up to 1"),
        ({"bayes_scaling_ledger": 1}, "it is no note"),
    ],
)
def test_a_record_that_is_not_of_the_format_says_why(text, said):
    assert said in unreadable(text, NOTES)


def test_a_side_file_that_is_missing_or_changed_is_found(ledger):
    noise = b"noise"
    with writing(ledger, NOTES) as writer:
        writer.append([plain() | {"files": {"noise": hash_of(noise)}}], [("noise", noise)])
    path = side_path(ledger, hash_of(noise), ".bin")
    assert verify(ledger).holds
    path.write_bytes(b"nois!")
    assert (
        f"with its noise, forecasts.jsonl.files/{path.name}, was changed" in verify(ledger).message
    )
    path.unlink()
    found = verify(ledger)
    assert (found.holds, found.first_fault) == (False, 1)
    assert "is missing. Take it from a copy" in found.message
