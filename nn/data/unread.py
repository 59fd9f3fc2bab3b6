"""Files that are pictures elsewhere but are not read here: known by their suffix or first bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping

SUFFIXES: Mapping[str, str] = {
    suffix: kind
    for kind, suffixes in {
        "HEIC": "heic heif heics heifs hif",
        "AVIF": "avif avifs",
        "WebP": "webp",
        "JPEG 2000": "jp2 j2k jpc jpf jpx j2c",
        "JPEG XL": "jxl",
        "JPEG XR": "jxr wdp hdp",
        "SVG": "svg svgz",
        "PDF": "pdf",
        "PostScript": "eps epsf ps ai",
        "raw data of a camera": (
            "3fr arw cr2 cr3 crw dcr dng erf fff iiq kdc mef mos mrw nef nrw orf pef raf raw rw2 rwl sr2 srf "
            "srw x3f"
        ),
        "a file of an editor": "xcf psb kra ora cdr afphoto clip pdn",
        "OpenEXR": "exr",
        "Radiance": "hdr",
        "FITS": "fits fit fts",
        "DICOM": "dcm dicom",
        "DjVu": "djvu djv",
        "a metafile": "wmf emf pict pct",
        "a cursor": "cur ani",
        "an animation": "fli flc mng jng",
        "a texture": "blp ktx ktx2 vtf astc pvr",
        "a format of the past": "dcx im msp pcd pxr ras palm",
    }.items()
    for suffix in (f".{each}" for each in suffixes.split())
}
"""What a suffix stands for. Those that this Pillow reads are not looked up here."""

BEGINNINGS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL | re.IGNORECASE), kind)
    for pattern, kind in (
        (rb".{4}ftyp(hei[cmsx]|hev[cmsx]|mif1|msf1)", "HEIC"),
        (rb".{4}ftypavi[fs]", "AVIF"),
        (rb".{4}ftypcrx", "raw data of a camera"),
        (rb".{4}ftyp", "a film"),
        (rb"\xff\x0a|\0\0\0\x0cJXL ", "JPEG XL"),
        (rb"%PDF", "PDF"),
        (rb"%!PS", "PostScript"),
        (rb"\s*(<\?xml.{0,500})?<svg", "SVG"),
        (rb"\s*(<!doctype html|<html)", "a web page"),
        (rb"version https://git-lfs", "a pointer of Git LFS, without the file it stands for"),
    )
)
"""First bytes of files that are named like images and are not, or cannot be read here."""

BEGINNING = 1024
"""Number of bytes that are looked at."""


def not_read(kind: str) -> str:
    """Say that files of a kind are not read, and what to do."""
    return f"{kind}, which is not read here: save it as PNG, JPEG or TIFF"


def kind_of_contents(contents: bytes) -> str | None:
    """Return what a file holds that is not an image of a known format, if its first bytes show it."""
    for pattern, kind in BEGINNINGS:
        if pattern.match(contents[:BEGINNING]):
            return kind
    return None
