"""What kind of disk a file lies on: SQLite's fastest way to keep a file needs memory that one machine shares.

A network disk has no such memory, and some do not even tell one machine what another has locked.
"""

from __future__ import annotations

import re
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")

LOCAL, NETWORK, UNLOCKED = "local", "network", "unlocked"
"""Of this machine; of several, which see each other's locks; of several that may not."""

LOCKING = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "ceph",
    "lustre",
    "gpfs",
    "beegfs",
    "fuse.glusterfs",
    "ocfs2",
    "gfs2",
}
"""Network file systems with locks that reach other machines, unless they are mounted without."""

WITHOUT_LOCKS = re.compile(r"nolock|nobrl|localflock|local_lock=(?!none\b)\w+")

UNKNOWN = re.compile(r"fuse(\..*)?|9p|virtiofs|vboxsf|afs|davfs")
"""File systems that may be another machine's, and say nothing of locks."""


def disk_kind(path: Path) -> str:
    """Return which kind of disk a path is on; local where that cannot be told."""
    found = _mount(path.resolve())
    if found is None:
        return LOCAL
    kind, options = found
    if kind in LOCKING:
        return UNLOCKED if any(map(WITHOUT_LOCKS.fullmatch, options.split(","))) else NETWORK
    return UNLOCKED if UNKNOWN.fullmatch(kind) else LOCAL


def _mount(path: Path) -> tuple[str, str] | None:
    """Return the file system that a path is on, and its options."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    best, found = -1, None
    for line in lines:
        before, _, after = line.partition(" - ")
        place, own = before.split()[4:6]
        point = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), place))
        if path.is_relative_to(point) and len(point.parts) >= best:  # the last one hides those before
            kind, *rest = after.split()
            best, found = len(point.parts), (kind, ",".join([own, *rest[1:]]))
    return found
