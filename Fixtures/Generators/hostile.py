"""Writes Fixtures/hostile/*.safetensors: one small file for each way in which a file can be wrong.

Plain Python 3, no packages, the same bytes every time. HostileCorpusTests.swift pairs each file
with the error that it must raise. Run it from anywhere: python3 Fixtures/Generators/hostile.py
"""

import pathlib
import struct

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "hostile"
DATA = b"\x01\x02\x03\x04"
NESTED = 100_000


def write(name, content):
    (FOLDER / f"{name}.safetensors").write_bytes(content)


def framed(header, data=DATA, length=None):
    """A header behind its length, which is the true one unless told otherwise."""
    if isinstance(header, str):
        header = header.encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def entry(dtype='"U8"', shape="[4]", offsets="[0,4]", more=""):
    """The JSON text of an entry; None leaves a key out."""
    pairs = [("dtype", dtype), ("shape", shape), ("data_offsets", offsets)]
    members = [f'"{key}":{value}' for key, value in pairs if value is not None]
    return "{" + ",".join(members) + more + "}"


def one(**parts):
    """A file with the one tensor x."""
    return framed('{"x":' + entry(**parts) + "}")


def two(first, second, data=DATA):
    """A file with the tensors x and y of two bytes each, at the given offsets."""
    x = entry(shape="[2]", offsets=first)
    y = entry(shape="[2]", offsets=second)
    return framed('{"x":' + x + ',"y":' + y + "}", data)


def main():
    FOLDER.mkdir(exist_ok=True)
    sound = one()

    # The frame.
    write("empty", b"")
    write("seven-bytes", b"\x00" * 7)
    write("header-past-the-end", framed('{"x":' + entry() + "}", b"", length=1000))
    write("header-length-2-63", framed("{}", b"", length=2**63))
    write("header-length-zero", framed("", b""))
    write("truncated-data", sound[:-1])
    write("trailing-bytes", sound + b"\x05")

    # Other formats.
    write("gguf", b"GGUF" + struct.pack("<IQQ", 3, 0, 0))
    write("zip", b"PK\x03\x04" + b"\x00" * 26)
    write("pickle", b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.")
    write("hdf5", b"\x89HDF\r\n\x1a\n" + b"\x00" * 16)
    write("git-lfs-pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4\n")

    # The JSON text.
    write("not-json", framed("tensors: x"))
    write("broken-json", framed('{"x":' + entry() + ",}"))
    write("text-after-json", framed('{"x":' + entry() + "} x"))
    write("array", framed("[" + entry() + "]"))
    write("invalid-utf8", framed(b'{"\xff":' + entry().encode() + b"}"))
    write("lone-surrogate", framed('{"\\ud800":' + entry() + "}"))
    write("nested-arrays", framed("[" * NESTED + "]" * NESTED))
    write("nested-arrays-as-entry", framed('{"x":' + "[" * NESTED + "]" * NESTED + "}"))
    write("nested-arrays-in-entry", one(more=',"extra":' + "[" * NESTED + "]" * NESTED))
    write("duplicate-tensor", two("[0,2]", "[2,4]").replace(b'"y"', b'"x"'))
    escaped = two("[0,2]", "[2,4]")[8:-4].decode().replace('"y"', '"\\u0078"')
    write("duplicate-tensor-escaped", framed(escaped))
    write("duplicate-key", one(more=',"shape":[4]'))
    write("duplicate-unknown-key", one(more=',"extra":1,"extra":2'))
    write("duplicate-nested-key", one(more=',"extra":{"a":1,"a":2}'))

    # One entry.
    write("entry-not-an-object", framed('{"x":"U8"}'))
    write("missing-dtype", one(dtype=None))
    write("missing-shape", one(shape=None))
    write("missing-offsets", one(offsets=None))
    write("unknown-dtype", one(dtype='"Q8_0"'))
    write("dtype-not-a-string", one(dtype="8"))
    write("null-shape", one(shape="null"))
    write("negative-shape", one(shape="[2,-2]"))
    write("fractional-shape", one(shape="[4.0]"))
    write("exponent-shape", one(shape="[1e3]"))
    write("shape-beyond-int64", one(shape="[9223372036854775808]"))
    write("shape-overflow", one(shape="[4294967296,4294967296]"))
    write("shape-overflow-bits", one(shape="[1152921504606846976]"))
    write("shape-overflow-behind-zero", one(shape="[0,4294967296,4294967296]", offsets="[0,0]"))
    write("size-mismatch", one(shape="[5]"))
    write("size-below-place", one(shape="[3]"))
    write("three-offsets", one(offsets="[0,2,4]"))
    write("negative-offset", one(offsets="[-4,0]"))
    write("fractional-offset", one(offsets="[0,4.0]"))
    write("reversed-offsets", one(offsets="[4,0]"))
    write("half-byte", one(dtype='"F4"', shape="[7]"))

    # All entries together.
    write("overlap", two("[0,2]", "[1,3]", b"\x01\x02\x03"))
    write("shared-bytes", two("[0,2]", "[0,2]", b"\x01\x02"))
    write("hole", two("[0,2]", "[3,5]", b"\x01\x02\x03\x04\x05"))
    write("first-not-at-zero", framed('{"x":' + entry(shape="[3]", offsets="[1,4]") + "}"))
    write("offsets-past-the-end", one(shape="[400]", offsets="[0,400]"))
    write("offsets-near-int64", two("[0,2]", "[9223372036854775805,9223372036854775807]"))
    nothing = entry(shape="[0]", offsets="[9,9]")
    write("zero-size-past-the-end", framed('{"x":' + entry() + ',"y":' + nothing + "}"))

    # Metadata.
    for name, metadata in [
        ("metadata-not-an-object", "null"),
        ("metadata-not-strings", '{"format":"pt","step":5}'),
        ("metadata-twice", '{},"__metadata__":{}'),
        ("metadata-duplicate-key", '{"a":"1","a":"2"}'),
    ]:
        write(name, framed('{"__metadata__":' + metadata + ',"x":' + entry() + "}"))


main()
