from nn.byte_sizes import format_bytes


def test_sizes_have_units() -> None:
    sizes = {0: "0 bytes", 1023: "1023 bytes", 1024: "1.0 KiB", 5 * 2**20: "5.0 MiB", 3 * 2**30: "3.0 GiB"}
    sizes |= {10**400: f"more than {2**70} GiB"}
    assert {size: format_bytes(size) for size in sizes} == sizes
