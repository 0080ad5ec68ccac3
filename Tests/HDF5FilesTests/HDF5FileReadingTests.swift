import Foundation
import HDF5Files
import Tensors
import Testing

/// Checks reading from many tasks, from files that change, and with wrong arguments.
@Suite struct HDF5FileReadingTests {
  @Test("gives each of many tasks the right bytes")
  func concurrentReading() async throws {
    let plain = try HDF5File(path: Fixture.path("hdf5/contiguous.h5"))
    let packed = try HDF5File(path: Fixture.path("hdf5/packed.h5"))
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for index in 0..<400 {
        group.addTask {
          let row = index % 10
          let short = row % 3
          let another = try HDF5File(path: Fixture.path("hdf5/v110.h5"))
          return try plain.bytes(of: "little.f8", rows: short..<short + 1)
            == numberedBytes(.f64, short * 4..<short * 4 + 4)
            && plain.bytes(of: "big.i4", rows: short..<short + 1)
              == numberedBytes(.i32, short * 4..<short * 4 + 4)
            && packed.bytes(of: "gzip", rows: row..<row + 1)
              == numberedBytes(.f32, row * 7..<row * 7 + 7)
            && another.bytes(of: "chunked", rows: row..<row + 1)
              == numberedBytes(.f32, row * 7..<row * 7 + 7)
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
  }

  @Test("gives parts below the first axis, packed and plain")
  func slices() throws {
    let packed = try HDF5File(path: Fixture.path("hdf5/packed.h5"))
    let folder = try ScratchFolder()
    let cube = TensorDescription.of("cube", .i32, [5, 4, 3])
    let writer = try HDF5Writer(path: folder.path("a.h5"))
    try writer.write(cube, elements: cube.numbered)
    try writer.finish()
    let plain = try HDF5File(path: folder.path("a.h5"))
    for outer in 0..<5 {
      for first in 0..<4 {
        let start = (outer * 4 + first) * 3
        let rows = TensorSlice(rows: first..<4, leading: [outer])
        let line = TensorSlice(rows: 1..<3, leading: [outer, first])
        for (file, name) in [(packed, "rank3"), (plain, "cube")] {
          #expect(
            try file.bytes(of: name, rows) == numberedBytes(.i32, start..<(outer + 1) * 12))
          #expect(try file.bytes(of: name, line) == numberedBytes(.i32, start + 1..<start + 3))
        }
      }
    }
  }

  @Test(
    "fails when the file was cut short after it was opened",
    arguments: [
      ("contiguous.h5", "little.f8"), ("contiguous.h5", "big.f8"), ("packed.h5", "gzip"),
      ("packed.h5", "chunked"), ("v110.h5", "chunked"), ("v110.h5", "plain"),
    ])
  func cutWhileOpen(name: String, tensor: String) throws {
    let folder = try ScratchFolder()
    let path = try folder.write(Fixture.bytes("hdf5/\(name)"), as: name)
    let file = try HDF5File(path: path)
    // Safe: `truncate` reads the path up to its zero byte.
    #expect(unsafe truncate(path, 600) == 0)
    #expect(throws: HDF5Error.self) { try file.bytes(of: tensor) }
  }

  @Test("names the tensor and the sizes when bytes are gone")
  func cutMessage() throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.h5")
    let tensor = TensorDescription.of("x", .f32, [256])
    let writer = try HDF5Writer(path: path)
    try writer.write(tensor, elements: tensor.numbered)
    try writer.finish()

    let file = try HDF5File(path: path)
    // Safe: `truncate` reads the path up to its zero byte.
    #expect(unsafe truncate(path, off_t(file.byteCount - 100)) == 0)
    // The dataset ends where the file ends, because it was written last.
    #expect(
      throws: HDF5Error.cutShort(
        path: path, tensor: "x", expectedBytes: file.byteCount, actualBytes: file.byteCount - 100)
    ) { try file.bytes(of: "x") }
  }

  @Test("goes on in the file that was opened when the path gets another")
  func replacedFile() throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.h5")
    let old = TensorDescription.of("x", .f32, [8])
    let first = try HDF5Writer(path: path)
    try first.write(old, elements: old.numbered)
    try first.finish()
    let file = try HDF5File(path: path)
    let second = try HDF5Writer(path: path)
    try second.write(old, elements: [UInt8](repeating: 7, count: 32))
    try second.finish()
    #expect(try file.bytes(of: "x") == old.numbered)
    #expect(try HDF5File(path: path).bytes(of: "x") == [UInt8](repeating: 7, count: 32))
  }

  // MARK: Traps

  @Test("traps on rows that the tensor does not have")
  func wrongRows() async {
    await #expect(processExitsWith: .failure) {
      let file = try HDF5File(path: Fixture.path("hdf5/contiguous.h5"))
      _ = try file.bytes(of: "little.f4", rows: 2..<4)
    }
  }

  @Test("traps on a tensor of another file")
  func foreignTensor() async {
    await #expect(processExitsWith: .failure) {
      let file = try HDF5File(path: Fixture.path("hdf5/contiguous.h5"))
      var bytes: [UInt8] = [0, 0, 0, 0]
      var span = bytes.mutableSpan
      // Safe: any bytes are sound elements of `UInt8`.
      var raw = unsafe span.mutableBytes
      try file.read(rows: 0..<1, of: .of("foreign", .f32, [1]), into: &raw)
    }
  }
}
