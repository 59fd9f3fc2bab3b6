"""Records on disks of several machines: which those are, and how a file is kept there."""

from pathlib import Path

import pytest

from workbench.errors import InputError
from workbench.records import RecordsError, Store, disk, several_machines, store

MOUNTS = r"""22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:40 / /net rw,relatime shared:5 - nfs4 server:/data rw,vers=4.2,local_lock=none,addr=10.0.0.1
31 22 0:41 / /net/old rw,relatime - nfs server:/old rw,vers=3,local_lock=all
32 22 0:42 / /win\040dows rw,nobrl - cifs //server/share rw,vers=3.1.1
33 22 0:43 / /remote rw,nosuid - fuse.sshfs me@server:/ rw,user_id=0
34 22 0:44 / /usb rw - fuseblk /dev/sda1 rw
35 22 0:45 / /hidden rw - nfs4 server:/hidden rw
36 22 0:46 / /hidden rw - tmpfs tmpfs rw
"""

KINDS = {
    "/home/me": disk.LOCAL,
    "/net/mine/records.sqlite": disk.NETWORK,
    "/network": disk.LOCAL,
    "/net/old/work": disk.UNLOCKED,
    "/win dows/work": disk.UNLOCKED,
    "/remote/work": disk.UNLOCKED,
    "/usb/work": disk.LOCAL,
    "/hidden/work": disk.LOCAL,
}


def test_a_disk_is_known_by_where_it_is_mounted_and_how(tmp_path: Path, monkeypatch):
    table = tmp_path / "mounts"
    monkeypatch.setattr(disk, "MOUNTS", table)
    assert disk.disk_kind(tmp_path) == disk.LOCAL
    table.write_text(MOUNTS)
    assert {path: disk.disk_kind(Path(path)) for path in KINDS} == KINDS


def mode(opened: Store) -> str:
    (found,) = opened.connection.execute("PRAGMA journal_mode").fetchone()
    return str(found)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "records.sqlite"


def test_a_file_on_a_network_disk_needs_no_shared_memory(path: Path, monkeypatch):
    with Store.open(path, create=True) as opened:
        assert mode(opened) == "wal"
    monkeypatch.setattr(store, "disk_kind", lambda path: disk.NETWORK)
    with Store.open(path) as one, Store.open(path) as two:
        for opened in (one, two):
            assert mode(opened) == "delete"
            with opened.writing():
                opened.connection.execute("INSERT INTO sweeps (name, file) VALUES (?, '')", (str(opened),))
        assert not list(path.parent.glob("*-shm"))
    with Store.open(path.with_name("new.sqlite"), create=True) as new:
        assert mode(new) == "delete"


def test_a_file_that_one_machine_uses_in_its_own_way_is_refused_to_others(path: Path, monkeypatch):
    with Store.open(path, create=True) as own:
        with monkeypatch.context() as elsewhere:
            elsewhere.setattr(store, "disk_kind", lambda path: disk.NETWORK)
            with pytest.raises(
                RecordsError, match=r"keeps it locked: .* begin it again with --shared"
            ) as caught:
                Store.open(path, patience=0.01)
        assert caught.value.passing
        own.share()
        assert mode(own) == "delete"
        with Store.open(path) as again:
            assert mode(again) == "delete"


def test_a_file_whose_disk_has_no_locks_is_not_shared(path: Path, monkeypatch):
    with Store.open(path, create=True) as opened:
        monkeypatch.setattr(several_machines, "disk_kind", lambda path: disk.UNLOCKED)
        with pytest.raises(InputError, match="may not tell other machines what is locked"):
            opened.share()
        assert mode(opened) == "wal"
