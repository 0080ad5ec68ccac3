import Checkpoints
import Foundation
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks what a conversion refuses, and that it then leaves everything as it was.
@Suite struct ConversionRefusalTests {
  static let toy = ToyCheckpoint.normal(experts: 3, hidden: 24, width: 20, type: .f32)

  let input: TemporaryFolder
  let folder: TemporaryFolder

  init() throws {
    input = try Self.toy.written()
    folder = try TemporaryFolder()
  }

  private func expect(
    _ error: DecouplingError, at path: String? = nil, to output: String? = nil,
    _ options: ConversionOptions = .basic(rank: 4), replaces: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async {
    await #expect(throws: error, sourceLocation: sourceLocation) {
      try await convertCheckpoint(
        at: path ?? input.path, to: output ?? folder.path("out"), options, replaces: replaces)
    }
  }

  // MARK: Weights and options

  @Test(
    "An element that is not finite names its tensor, row and column",
    arguments: [Double.nan, .infinity], [false, true])
  func notFinite(value: Double, isLarge: Bool) async throws {
    let rows = isLarge ? 530 : 20
    var toy = isLarge ? .normal(experts: 3, hidden: 24, width: rows, type: .f32) : Self.toy
    let name = ToyCheckpoint.name(.up, ofExpert: 2)
    var matrix = Matrix<Double>.normal(rows, 24, seed: 3)
    matrix[7, 5] = value
    toy[name] = ToyTensor(name, .f32, [rows, 24], values: matrix.elements)
    let bad = try toy.written()
    for form in [ConversionOptions.Form.factored, .merged] {
      for weights in [
        ConversionOptions.Weights.uniform, .usage(loads: [0: [1, 1, 0]], source: "captures"),
      ] {
        await expect(
          .notFinite(
            place: "\(bad.path)/model.safetensors: tensor '\(name)'", row: 7, column: 5),
          at: bad.path, to: folder.path("\(form)-\(weights == .uniform)"),
          .basic(rank: 4) {
            $0.form = form
            $0.weights = weights
          })
      }
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path("factored-true")))
  }

  @Test("A common rank that leaves nothing names the largest that does")
  func rank() async throws {
    await expect(
      .rankTooLarge(path: input.path, layer: 0, projection: "gate_proj", rank: 20, largest: 19),
      .basic(rank: 20))
    try await convertCheckpoint(at: input.path, to: folder.path("out"), .basic(rank: 19))
  }

  @Test("Experts of several types are refused")
  func mixedTypes() async throws {
    var toy = Self.toy
    let name = ToyCheckpoint.name(.down, ofExpert: 1)
    toy[name] = ToyTensor(name, .bf16, [24, 20], seed: 2)
    let mixed = try toy.written()
    await expect(
      .mixedTypes(
        path: mixed.path, layer: 0, projection: "down_proj", types: ["BF16", "F32"]),
      at: mixed.path)
  }

  @Test("A factored checkpoint is not factored again")
  func factoredTwice() async throws {
    let out = folder.path("out")
    try await convertCheckpoint(at: input.path, to: out, .basic(rank: 4))
    await expect(.alreadyFactored(path: out), at: out, to: folder.path("twice"))
  }

  @Test("A missing expert is told before anything is written")
  func missingExpert() async throws {
    var toy = Self.toy
    toy[ToyCheckpoint.name(.up, ofExpert: 1)] = nil
    let short = try toy.written()
    await #expect(throws: CheckpointError.self) {
      try await convertCheckpoint(at: short.path, to: folder.path("out"), .basic(rank: 4))
    }
    #expect(try filesByPath(under: folder.path).isEmpty)
  }

  @Test("Loads that are missing, of another count or all zero are refused")
  func loads() async {
    for loads: [Int: [Double]] in [[:], [0: [1, 2]], [0: [0, 0, 0]], [1: [1, 1, 1]]] {
      await expect(
        .noLoad(path: "captures", layer: 0),
        .basic(rank: 4) { $0.weights = .usage(loads: loads, source: "captures") })
    }
  }

  @Test("A target out of reach names the nearest")
  func target() async throws {
    var options = ConversionOptions()
    options.rank = .target(similarity: 0, limit: 5)
    do {
      try await convertCheckpoint(at: input.path, to: folder.path("out"), options)
      Issue.record("a similarity of 0 was reached")
    } catch DecouplingError.targetOutOfReach(
      let path, let layer, let projection, let target, let limit, let best, let rank, let floor)
    {
      #expect(path == input.path)
      #expect((layer, projection) == (0, "gate_proj"))
      #expect(target == 0)
      #expect(limit == 5)
      #expect((1...5).contains(rank))
      #expect(best > 0 && best < 1)
      // One direction of R^n against another: sqrt(2 / (pi n)), near enough.
      #expect(abs(floor - (2 / (Double.pi * Double(24 - rank))).squareRoot()) <= 0.02)
    }
  }

  @Test("What a target out of reach leaves undone is removed, and what is not its own stays")
  func targetLeavesNothing() async throws {
    // The third unit alone cannot reach it: two are finished by then.
    var toy = Self.toy
    let shared = Matrix<Double>.normal(24, 20, seed: 70)
    toy.plant((0..<3).map { _ in shared }, as: .down)
    let alike = try toy.written()
    var options = ConversionOptions()
    options.rank = .target(similarity: 0.9, limit: 5)
    let out = folder.path("out")
    await #expect {
      try await convertCheckpoint(at: alike.path, to: out, options)
    } throws: { error in
      guard case DecouplingError.targetOutOfReach(_, 0, "down_proj", _, _, _, _, _) = error
      else { return false }
      return true
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    // A file of somebody else in the folder of an earlier run keeps that folder, but no weights.
    let plan = try ConversionPlan(
      for: Checkpoint(path: alike.path), options: options, version: "test")
    let partial = "\(out).sdmoe-partial"
    await #expect(throws: DecouplingError.self) {
      try await convert(plan, to: out, width: 2) { _ in
        try? Data("mine".utf8).write(to: URL(filePath: "\(partial)/mine.txt"))
      }
    }
    let rest = try filesByPath(under: partial)
    #expect(rest.keys.sorted() == ["conversion", "mine.txt"])
    #expect(rest["mine.txt"] == Data("mine".utf8))
  }

  @Test("A value that does not fit the type leaves nothing either")
  func overflowLeavesNothing() async throws {
    var toy = Self.toy
    let name = ToyCheckpoint.name(.down, ofExpert: 1)
    var matrix = Matrix<Double>.normal(24, 20, seed: 3)
    // The largest BF16 number is 3.3895e38.
    matrix[2, 3] = 3.4e38
    toy[name] = ToyTensor(name, .f32, [24, 20], values: matrix.elements)
    let large = try toy.written()
    await expect(
      .overflow(place: "\(large.path)/model.safetensors: tensor '\(name)'", elementType: "BF16"),
      at: large.path,
      .basic(rank: 4) {
        $0.form = .merged
        $0.storedType = .bf16
      })
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test("A target that can be reached gets the smallest rank that reaches it")
  func targetReached() async throws {
    // Two directions that all experts share, one of them far stronger than the other.
    var toy = Self.toy
    let own = (0..<3).map { Matrix<Double>.normal(20, 24, scale: 0.1, seed: 50 + UInt64($0)) }
    let left = Matrix<Double>.normal(20, 2, seed: 60)
    var right = Matrix<Double>.normal(2, 24, seed: 61)
    for column in 0..<24 { right[1, column] *= 0.5 }
    let shared = product2(left, right)
    for projection in [Projection.gate, .up] {
      toy.plant(own.map { $0 + shared }, as: projection)
    }
    toy.plant(own.map { ($0 + shared).transposed() }, as: .down)
    let planted = try toy.written()
    var options = ConversionOptions()
    options.rank = .target(similarity: 0.7, limit: 8)
    let summary = try await convertCheckpoint(
      at: planted.path, to: folder.path("target"), options)
    for unit in summary.units {
      #expect(unit.commonRank == 2)
      let similarity = try #require(unit.similarity)
      #expect(similarity.before > 0.9)
      #expect(similarity.after <= 0.7)
    }
    // One direction less does not reach it.
    options.rank = .fixed(1)
    let less = try await convertCheckpoint(at: planted.path, to: folder.path("one"), options)
    for unit in less.units { #expect(try #require(unit.similarity).after > 0.7) }
  }

  private func product2(_ left: Matrix<Double>, _ right: Matrix<Double>) -> Matrix<Double> {
    var result = Matrix<Double>(rowCount: left.rowCount, columnCount: right.columnCount)
    for row in 0..<left.rowCount {
      for column in 0..<right.columnCount {
        for term in 0..<left.columnCount {
          result[row, column] += left[row, term] * right[term, column]
        }
      }
    }
    return result
  }

  // MARK: Places

  @Test("An output that is the input, or lies in it or around it, is refused, through links too")
  func outputInInput() async throws {
    let link = folder.path("link")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: input.path)
    let around = folder.path("around")
    let moved = "\(around)/checkpoint"
    try FileManager.default.createDirectory(atPath: around, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: input.path, toPath: moved)
    let before = try filesByPath(under: input.path)
    for output in [
      input.path, input.path + "/", "\(input.path)/out", "\(input.path)/a/b", link, "\(link)/out",
      "\(link)/a/b", "\(folder.path)/../\((input.path as NSString).lastPathComponent)/out",
    ] {
      for replaces in [false, true] {
        await #expect(throws: DecouplingError.self, "\(output)") {
          try await convertCheckpoint(
            at: input.path, to: output, .basic(rank: 4), replaces: replaces)
        }
        await #expect(throws: DecouplingError.self, "\(output), of a link") {
          try await convertCheckpoint(at: link, to: output, .basic(rank: 4), replaces: replaces)
        }
      }
    }
    await expect(
      .outputInsideInput(output: "\(link)/out", input: input.path), to: "\(link)/out")
    await expect(
      .outputInsideInput(output: around, input: moved), at: moved, to: around, replaces: true)
    #expect(try filesByPath(under: input.path) == before)
    #expect(!FileManager.default.fileExists(atPath: "\(input.path).sdmoe-partial"))
    // A neighbour whose name begins with that of the input is none of this.
    try await convertCheckpoint(at: moved, to: "\(moved)-out", .basic(rank: 4))
  }

  @Test("What exists is not overwritten, but an empty folder gives way")
  func existing() async throws {
    let out = folder.path("out")
    try folder.write("mine", as: "out/file.txt")
    await expect(.notReplaced(path: out))
    await expect(.notReplaced(path: out), replaces: true)
    #expect(try filesByPath(under: out) == ["file.txt": Data("mine".utf8)])
    try folder.write("mine", as: "plain")
    await expect(.notReplaced(path: folder.path("plain")), to: folder.path("plain"))
    await expect(
      .notReplaced(path: folder.path("plain")), to: folder.path("plain"), replaces: true)
    try FileManager.default.createDirectory(
      atPath: folder.path("empty"), withIntermediateDirectories: true)
    try await convertCheckpoint(at: input.path, to: folder.path("empty"), .basic(rank: 4))
    #expect(try await verify(folder.path("empty"), width: 2).failures == [])
  }

  @Test("A converted output is replaced with force alone, and the same one is not made again")
  func force() async throws {
    let out = folder.path("out")
    try await convertCheckpoint(at: input.path, to: out, .basic(rank: 4))
    let first = try filesByPath(under: out)
    let again = try await convertCheckpoint(at: input.path, to: out, .basic(rank: 4))
    #expect(again.wasThere)
    #expect(again.units.map(\.commonRank) == [4, 4, 4])
    await expect(.outputExists(path: out), .basic(rank: 3))
    #expect(try filesByPath(under: out) == first)
    let replaced = try await convertCheckpoint(
      at: input.path, to: out, .basic(rank: 3), replaces: true)
    #expect(!replaced.wasThere)
    #expect(replaced.units.map(\.commonRank) == [3, 3, 3])
    #expect(try await verify(out, width: 2).failures == [])
    #expect(try filesByPath(under: out) != first)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out"])
  }

  @Test("The unfinished output of another conversion, or somebody's folder, is left alone")
  func otherConversion() async throws {
    let partial = folder.path("out.sdmoe-partial")
    try folder.write("another", as: "out.sdmoe-partial/conversion")
    await expect(.otherConversion(path: partial))
    try FileManager.default.removeItem(atPath: partial)
    try folder.write("mine", as: "out.sdmoe-partial/file.txt")
    await expect(.otherConversion(path: partial))
    #expect(try filesByPath(under: partial) == ["file.txt": Data("mine".utf8)])
  }

  @Test("Checking a plan changes nothing")
  func check() async throws {
    let plan = try ConversionPlan(
      for: Checkpoint(path: input.path), options: .basic(rank: 4), version: "test")
    try await plan.check(output: folder.path("out"), replaces: false)
    await #expect(throws: DecouplingError.outputInsideInput(output: input.path, input: input.path))
    {
      try await plan.check(output: input.path, replaces: true)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    #expect(plan.unitCount == 3)
    #expect(plan.matrixCount == 9)
  }

  @Test(
    "Messages say where, what, and what next",
    arguments: [
      (
        DecouplingError.notFinite(place: "m: tensor 'w'", row: 1, column: 2),
        "m: tensor 'w': the element in row 1, column 2 is not a finite number; the weights are damaged: download them again, or leave the layer out with --layers"
      ),
      (
        .rankTooLarge(path: "m", layer: 3, projection: "up_proj", rank: 9, largest: 8),
        "m: a common rank of 9 leaves no unique part of layer 3 up_proj; choose --common-rank up to 8"
      ),
      (
        .noSpace(path: "d", needed: 2_500_000, free: 1_000_000),
        "d: the conversion needs 3 MB there, but only 1 MB are free; make space, or choose a folder on another disk"
      ),
      (
        .outputInsideInput(output: "o", input: "i"),
        "o: lies in the checkpoint i, or holds it, and the input is never changed; choose a folder elsewhere"
      ),
      (
        .badCertificate(path: "c", reason: "is missing"),
        "c: is missing; it was edited or damaged: convert the checkpoint again"
      ),
    ])
  func messages(error: DecouplingError, text: String) {
    #expect("\(error)" == text)
  }
}
