import Foundation
import HDF5Files
import Tensors
import Testing

/// Checks the contract of `HDF5File` on files that h5py wrote.
@Suite struct HDF5FileTests {
  static let types: [(String, ElementType)] = [
    ("f2", .f16), ("f4", .f32), ("f8", .f64), ("i1", .i8), ("i2", .i16), ("i4", .i32),
    ("i8", .i64), ("u1", .u8), ("u2", .u16), ("u4", .u32), ("u8", .u64),
  ]

  // MARK: What h5py writes

  @Test("read every number type, in either byte order", arguments: types, ["little", "big"])
  func numberTypes(type: (name: String, element: ElementType), order: String) throws {
    let file = try HDF5File(path: Fixture.path("hdf5/contiguous.h5"))
    let name = "\(order).\(type.name)"
    #expect(try file.tensor(name) == .of(name, type.element, [3, 4]))
    #expect(try file.bytes(of: name) == numberedBytes(type.element, 0..<12))
    #expect(try file.bytes(of: name, rows: 1..<2) == numberedBytes(type.element, 4..<8))
  }

  @Test("read rows of any packing", arguments: [0..<10, 0..<1, 2..<7, 9..<10, 4..<4])
  func packed(rows: Range<Int>) throws {
    let file = try HDF5File(path: Fixture.path("hdf5/packed.h5"))
    let types: [(String, ElementType)] = [
      ("gzip", .f32), ("gzip_big", .f32), ("chunked", .f16), ("checked", .f64),
    ]
    for (name, type) in types {
      #expect(try file.tensor(name) == .of(name, type, [10, 7]))
      let expected = numberedBytes(type, rows.lowerBound * 7..<rows.upperBound * 7)
      #expect(try file.bytes(of: name, rows: rows) == expected, "\(name)")
    }
    #expect(file.skipped == [])
  }

  @Test("read rank 3, compact, scalar and empty datasets")
  func shapes() throws {
    let packed = try HDF5File(path: Fixture.path("hdf5/packed.h5"))
    #expect(try packed.tensor("rank3").shape == [5, 4, 3])
    #expect(try packed.bytes(of: "rank3", rows: 1..<4) == numberedBytes(.i32, 12..<48))
    #expect(try packed.bytes(of: "compact") == numberedBytes(.f32, 0..<6))

    let plain = try HDF5File(path: Fixture.path("hdf5/contiguous.h5"))
    #expect(try plain.bytes(of: "rank3", rows: 2..<4) == numberedBytes(.f32, 12..<24))
    #expect(try plain.tensor("scalar") == .of("scalar", .f64, []))
    #expect(try plain.bytes(of: "scalar") == numberedBytes(.f64, 0..<1))
    #expect(try plain.tensor("zero_rows").shape == [0, 4])
    #expect(try plain.bytes(of: "zero_rows") == [])
    #expect(try plain.tensor("zero_columns").shape == [4, 0])
    #expect(try plain.bytes(of: "zero_columns", rows: 1..<3) == [])
  }

  @Test("take 16-bit integers for bfloat16 when the attribute says so")
  func brainFloat() throws {
    let file = try HDF5File(path: Fixture.path("hdf5/bf16.h5"))
    let names = ["variable", "zero_padded", "space_padded", "null_terminated", "big", "own_type"]
    for name in names {
      #expect(try file.tensor(name) == .of(name, .bf16, [2, 3]))
      #expect(try file.bytes(of: name) == numberedBytes(.bf16, 0..<6), "\(name)")
    }
    for name in ["other", "none"] { #expect(try file.tensor(name).elementType == .u16) }
    let packed = try HDF5File(path: Fixture.path("hdf5/packed.h5"))
    #expect(try packed.tensor("bf16").elementType == .bf16)
    #expect(try packed.bytes(of: "bf16", rows: 3..<6) == numberedBytes(.bf16, 12..<24))
  }

  @Test("name tensors by their paths, follow soft links, and stop at cycles")
  func names() throws {
    let file = try HDF5File(path: Fixture.path("hdf5/nested.h5"))
    #expect(
      file.tensors.map(\.name) == [
        "alias", "branch.mlp.gate.weight", "model.layers.0.mlp.gate.weight",
        "model.layers.1.mlp.gate.weight", "twin",
      ])
    for name in ["alias", "branch.mlp.gate.weight", "twin"] {
      #expect(try file.bytes(of: name) == numberedBytes(.f32, 0..<6), "\(name)")
    }
    #expect(
      file.skipped == [
        "/model/self: it leads back to a group that encloses it",
        "/model/up: it leads back to a group that encloses it",
        "/nowhere: it is a soft link that leads nowhere",
        "/ring_a: it is a soft link that leads nowhere",
        "/ring_b: it is a soft link that leads nowhere",
      ])
  }

  @Test("read the newer format, behind a user block")
  func newerFormat() throws {
    let file = try HDF5File(path: Fixture.path("hdf5/v110.h5"))
    #expect(file.tensors.count == 42)
    #expect(try file.bytes(of: "plain", rows: 1..<3) == numberedBytes(.f32, 4..<12))
    #expect(try file.bytes(of: "chunked", rows: 2..<9) == numberedBytes(.f32, 14..<63))
    #expect(try file.bytes(of: "many.39") == numberedBytes(.f32, 0..<2))
    #expect(file.stringAttribute("model") == "toy")
  }

  @Test("leave out what is no tensor, and say why")
  func skipped() throws {
    let file = try HDF5File(path: Fixture.path("hdf5/skipped.h5"))
    #expect(file.tensors == [.of("booleans", .bool, [2]), .of("kept", .f32, [2])])
    #expect(try file.bytes(of: "booleans") == [1, 0])
    #expect(
      file.skipped == [
        "/complex: its elements are compound",
        "/empty: it has an empty dataspace, which has no shape",
        "/filter: it is packed with filter 32001, which this libhdf5 lacks",
        "/fixed_strings: its elements are strings",
        "/odd: its number type is neither IEEE nor a standard integer",
        "/ragged: its elements have variable length",
        "/records: its elements are compound",
        "/sparse: it declares 4398046511104 bytes but stores 16; most of it was never written",
        "/strings: its elements are strings",
        "/type: it is neither a group nor a dataset",
        "/unwritten: it was declared but never written",
        "/unwritten_chunks: it was declared but never written",
      ])
  }

  @Test("a dataset of which some chunks were never written is skipped, as they would be zeros")
  func partlyWritten() throws {
    let file = try HDF5File(path: Fixture.path("hdf5/partly-written.h5"))
    #expect(file.tensors.map(\.name) == ["whole"])
    #expect(
      file.skipped == [
        "/edge: only 6 of its 9 chunks were ever written",
        "/half: only 1 of its 2 chunks were ever written",
      ])
  }

  @Test("read single strings and integers among the root's attributes")
  func attributes() throws {
    let file = try HDF5File(path: Fixture.path("hdf5/contiguous.h5"))
    #expect(file.stringAttribute("model") == "toy")
    #expect(file.stringAttribute("label") == "fixed")
    #expect(file.integerAttribute("hidden_size") == 128)
    #expect(file.integerAttribute("big_endian") == -7)
    #expect(file.integerAttribute("one") == 5)
    #expect(file.integerAttribute("largest") == nil)
    #expect(file.integerAttribute("list") == nil)
    #expect(file.integerAttribute("ratio") == nil)
    #expect(file.integerAttribute("model") == nil)
    #expect(file.stringAttribute("hidden_size") == nil)
    #expect(file.stringAttribute("absent") == nil)
    for name in ["model", "hidden_size", "list", "ratio"] { #expect(file.hasAttribute(name)) }
    #expect(!file.hasAttribute("absent") && !file.hasAttribute(""))
  }

  @Test("list name, type and shape as the header")
  func header() throws {
    let file = try HDF5File(path: Fixture.path("hdf5/packed.h5"))
    #expect(
      String(decoding: file.headerBytes(), as: UTF8.self) == """
        bf16\tBF16\t[6,4]
        checked\tF64\t[10,7]
        chunked\tF16\t[10,7]
        compact\tF32\t[2,3]
        gzip\tF32\t[10,7]
        gzip_big\tF32\t[10,7]
        rank3\tI32\t[5,4,3]

        """)
    #expect(file.byteCount == (try Fixture.bytes("hdf5/packed.h5")).count)
  }

  @Test("open a real capture")
  func capture() throws {
    let file = try HDF5File(path: Fixture.path("qwen2-moe-tiny/captures/activations.h5"))
    #expect(file.integerAttribute("hidden_size") == 128)
    #expect(file.stringAttribute("model")?.hasPrefix("qwen2-moe-tiny") == true)
    var expected: [TensorDescription] = [
      .of("sequence_offsets", .i64, [17]), .of("shuffled.permutation", .i64, [1024]),
      .of("tokens", .i64, [1024]),
    ]
    for layer in 0..<3 {
      expected.append(.of("layers.\(layer).moe_input", .f16, [1024, 128]))
      expected.append(.of("layers.\(layer).router_logits", .f32, [1024, 12]))
      expected.append(.of("shuffled.layers.\(layer).moe_input", .f16, [1024, 128]))
    }
    #expect(file.tensors == expected.sorted { $0.name < $1.name })
    #expect(file.skipped == [])
    // Sixteen sequences of 64 tokens.
    let offsets = (0...16).flatMap { index -> [UInt8] in
      let bits = UInt64(index * 64)
      return (0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
    }
    #expect(try file.bytes(of: "sequence_offsets") == offsets)
  }
}
