import Checkpoints
import Experts
import Foundation
import LinearAlgebra
import SpectralDecoupling
import Synchronization
import TestSupport
import Tensors
import Testing
import Workers

/// Checks what a conversion refuses, and that it then leaves everything as it was.
@Suite struct ConversionTests {
  let bench: RefusalBench

  init() throws { bench = try RefusalBench() }

  @Test(
    "An element that is not finite names its tensor, row and column",
    arguments: [Double.nan, .infinity], [false, true])
  func notFinite(value: Double, isLarge: Bool) async throws {
    let rows = isLarge ? 530 : 20
    var toy = isLarge ? .normal(experts: 3, hidden: 24, width: rows, type: .f32) : RefusalBench.toy
    let name = ToyCheckpoint.name(.up, ofExpert: 2)
    var matrix = Matrix<Double>.normal(rows, 24, seed: 3)
    matrix[7, 5] = value
    toy[name] = ToyTensor(name, .f32, [rows, 24], values: matrix.elements)
    let bad = try toy.written()
    for form in [ConversionOptions.Form.factored, .merged] {
      for weights in [
        ConversionOptions.Weights.uniform, .usage(loads: [0: [1, 1, 0]], source: "captures"),
      ] {
        await bench.expect(
          .notFinite(
            place: "\(bad.path)/model.safetensors: tensor '\(name)'", row: 7, column: 5),
          at: bad.path, to: bench.folder.path("\(form)-\(weights == .uniform)"),
          .basic(rank: 4) {
            $0.form = form
            $0.weights = weights
          })
      }
    }
    #expect(!FileManager.default.fileExists(atPath: bench.folder.path("factored-true")))
  }

  @Test("A value that does not fit the type leaves nothing either")
  func overflowLeavesNothing() async throws {
    var toy = RefusalBench.toy
    let name = ToyCheckpoint.name(.down, ofExpert: 1)
    var matrix = Matrix<Double>.normal(24, 20, seed: 3)
    // The largest BF16 number is 3.3895e38.
    matrix[2, 3] = 3.4e38
    toy[name] = ToyTensor(name, .f32, [24, 20], values: matrix.elements)
    let large = try toy.written()
    await bench.expect(
      .overflow(place: "\(large.path)/model.safetensors: tensor '\(name)'", elementType: "BF16"),
      at: large.path,
      .basic(rank: 4) {
        $0.form = .merged
        $0.storedType = .bf16
      })
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.folder.path).isEmpty)
  }

  @Test("An output that is the input, or lies in it or around it, is refused, through links too")
  func outputInInput() async throws {
    let link = bench.folder.path("link")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: bench.input.path)
    let around = bench.folder.path("around")
    let moved = "\(around)/checkpoint"
    try FileManager.default.createDirectory(atPath: around, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: bench.input.path, toPath: moved)
    let before = try filesByPath(under: bench.input.path)
    for output in [
      bench.input.path, bench.input.path + "/", "\(bench.input.path)/out",
      "\(bench.input.path)/a/b", link, "\(link)/out",
      "\(link)/a/b",
      "\(bench.folder.path)/../\((bench.input.path as NSString).lastPathComponent)/out",
    ] {
      for replaces in [false, true] {
        await #expect(throws: DecouplingError.self, "\(output)") {
          try await convertCheckpoint(
            at: bench.input.path, to: output, .basic(rank: 4), replaces: replaces)
        }
        await #expect(throws: DecouplingError.self, "\(output), of a link") {
          try await convertCheckpoint(at: link, to: output, .basic(rank: 4), replaces: replaces)
        }
      }
    }
    await bench.expect(
      .outputInsideInput(output: "\(link)/out", input: bench.input.path), to: "\(link)/out")
    await bench.expect(
      .outputInsideInput(output: around, input: moved), at: moved, to: around, replaces: true)
    #expect(try filesByPath(under: bench.input.path) == before)
    #expect(!FileManager.default.fileExists(atPath: "\(bench.input.path).sdmoe-partial"))
    // A neighbour whose name begins with that of the input is none of this.
    try await convertCheckpoint(at: moved, to: "\(moved)-out", .basic(rank: 4))
  }

  @Test("What exists is not overwritten, but an empty folder gives way")
  func existing() async throws {
    let out = bench.folder.path("out")
    try bench.folder.write("mine", as: "out/file.txt")
    await bench.expect(.notReplaced(path: out))
    await bench.expect(.notReplaced(path: out), replaces: true)
    #expect(try filesByPath(under: out) == ["file.txt": Data("mine".utf8)])
    try bench.folder.write("mine", as: "plain")
    await bench.expect(
      .notReplaced(path: bench.folder.path("plain")), to: bench.folder.path("plain"))
    await bench.expect(
      .notReplaced(path: bench.folder.path("plain")), to: bench.folder.path("plain"), replaces: true
    )
    try FileManager.default.createDirectory(
      atPath: bench.folder.path("empty"), withIntermediateDirectories: true)
    try await convertCheckpoint(
      at: bench.input.path, to: bench.folder.path("empty"), .basic(rank: 4))
    #expect(try await verify(bench.folder.path("empty"), workers: 2).failures == [])
  }

  @Test("A converted output is replaced with force alone, and the same one is not made again")
  func force() async throws {
    let out = bench.folder.path("out")
    try await convertCheckpoint(at: bench.input.path, to: out, .basic(rank: 4))
    let first = try filesByPath(under: out)
    let again = try await convertCheckpoint(at: bench.input.path, to: out, .basic(rank: 4))
    #expect(again.wasThere)
    #expect(again.units.map(\.commonRank) == [4, 4, 4])
    await bench.expect(.outputExists(path: out), .basic(rank: 3))
    #expect(try filesByPath(under: out) == first)
    let replaced = try await convertCheckpoint(
      at: bench.input.path, to: out, .basic(rank: 3), replaces: true)
    #expect(!replaced.wasThere)
    #expect(replaced.units.map(\.commonRank) == [3, 3, 3])
    #expect(try await verify(out, workers: 2).failures == [])
    #expect(try filesByPath(under: out) != first)
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.folder.path) == ["out"])
  }

  /// Makes an output, puts something in its folder, and expects it to stay, with all that was there.
  private func expectKept(
    _ names: [String], in place: (String) throws -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let out = bench.folder.path("out")
    try bench.input.write("theirs", as: "README.md")
    try await convertCheckpoint(at: bench.input.path, to: out, .basic(rank: 4))
    try place(out)
    let before = try filesByPath(under: out)
    await bench.expect(
      .foreignFiles(path: out, names: names), .basic(rank: 3), replaces: true,
      sourceLocation: sourceLocation)
    #expect(try filesByPath(under: out) == before, sourceLocation: sourceLocation)
    #expect(
      !FileManager.default.fileExists(atPath: "\(out).sdmoe-partial"),
      sourceLocation: sourceLocation)
  }

  @Test("With force, files that no conversion wrote stay, and are named")
  func foreignFiles() async throws {
    try await expectKept(["docs/", "model-00002-of-00002.safetensors", "notes.md"]) { out in
      for name in ["notes.md", "docs/figure.txt", "model-00002-of-00002.safetensors"] {
        try bench.folder.write("mine", as: "out/\(name)")
      }
      try FileManager.default.createSymbolicLink(
        atPath: "\(out)/docs/link", withDestinationPath: "../config.json")
    }
    // Moved away, they are in nobody's way.
    for name in ["notes.md", "docs", "model-00002-of-00002.safetensors"] {
      try FileManager.default.removeItem(atPath: bench.folder.path("out/\(name)"))
    }
    try await convertCheckpoint(
      at: bench.input.path, to: bench.folder.path("out"), .basic(rank: 3), replaces: true)
  }

  @Test("So do files of its names that somebody wrote since: texts, and weights")
  func changedFiles() async throws {
    let shard = "model-00001-of-00001.safetensors"
    try await expectKept(["README.md", shard]) { out in
      try bench.folder.write("mine", as: "out/README.md")
      // Weights with another header, as a training that saves to the same folder leaves.
      let trained = try ToyCheckpoint.normal(experts: 3, hidden: 24, width: 22).written()
      try Data(contentsOf: URL(filePath: trained.path("model.safetensors")))
        .write(to: URL(filePath: "\(out)/\(shard)"))
    }
  }

  @Test("The same output, damaged, is made anew with force, but not over foreign files")
  func foreignFilesOfSame() async throws {
    let out = bench.folder.path("out")
    try await convertCheckpoint(at: bench.input.path, to: out, .basic(rank: 4))
    try FileManager.default.removeItem(atPath: "\(out)/model-00001-of-00001.safetensors")
    try bench.folder.write("mine", as: "out/notes.md")
    await bench.expect(.foreignFiles(path: out, names: ["notes.md"]), replaces: true)
    try FileManager.default.removeItem(atPath: "\(out)/notes.md")
    try await convertCheckpoint(at: bench.input.path, to: out, .basic(rank: 4), replaces: true)
    #expect(try await verify(out, workers: 2).failures == [])
  }

  @Test("A file that is put there while the new output is made stays too, and the work is kept")
  func foreignFilesMeanwhile() async throws {
    let out = bench.folder.path("out")
    try await convertCheckpoint(at: bench.input.path, to: out, .basic(rank: 4))
    await #expect(throws: DecouplingError.foreignFiles(path: out, names: ["notes.md"])) {
      try await convertCheckpoint(
        at: bench.input.path, to: out, .basic(rank: 3), replaces: true
      ) { _ in try? Data("mine".utf8).write(to: URL(filePath: "\(out)/notes.md")) }
    }
    let notes = try Data(contentsOf: URL(filePath: "\(out)/notes.md"))
    #expect(notes == Data("mine".utf8))
    try FileManager.default.removeItem(atPath: "\(out)/notes.md")
    let steps = Mutex<[Int]>([])
    try await convertCheckpoint(
      at: bench.input.path, to: out, .basic(rank: 3), replaces: true
    ) { step in steps.withLock { $0.append(step.finishedUnits) } }
    #expect(steps.withLock { $0.first } == 3)
  }

  @Test("Without a sound certificate nothing tells what may be replaced")
  func untold() async throws {
    let out = bench.folder.path("out")
    try await convertCheckpoint(at: bench.input.path, to: out, .basic(rank: 4))
    try bench.folder.write("{}", as: "out/sdmoe/certificate.json")
    let before = try filesByPath(under: out)
    await bench.expect(.untoldOutput(path: out), .basic(rank: 3), replaces: true)
    #expect(try filesByPath(under: out) == before)
  }

  @Test("The unfinished output of another conversion, or somebody's folder, is left alone")
  func otherConversion() async throws {
    let partial = bench.folder.path("out.sdmoe-partial")
    try bench.folder.write("another", as: "out.sdmoe-partial/conversion")
    await bench.expect(.otherConversion(path: partial))
    try FileManager.default.removeItem(atPath: partial)
    try bench.folder.write("mine", as: "out.sdmoe-partial/file.txt")
    await bench.expect(.otherConversion(path: partial))
    #expect(try filesByPath(under: partial) == ["file.txt": Data("mine".utf8)])
  }
}
