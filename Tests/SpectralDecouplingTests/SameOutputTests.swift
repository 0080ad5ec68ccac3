import Checkpoints
import Foundation
import SpectralDecoupling
import Synchronization
import TestSupport
import Tensors
import Testing
import Workers

/// Checks that an output depends on its input and options alone: not on workers, nor on
/// interruptions.
@Suite struct SameOutputTests {
  /// Two layers of four experts: 6 units of 4 matrices.
  static let toy = ToyCheckpoint.normal(layers: 2, experts: 4, hidden: 24, width: 20, type: .f32)

  let input: TemporaryFolder
  let folder: TemporaryFolder
  let options: ConversionOptions

  init() throws {
    input = try Self.toy.written()
    try input.write("{}", as: "tokenizer.json")
    folder = try TemporaryFolder()
    var options = ConversionOptions()
    options.rank = .fixed(4)
    self.options = options
  }

  private func output(width: Int, name: String = "out") async throws -> [String: Data] {
    let out = folder.path("\(name)-\(width)")
    try await convertCheckpoint(at: input.path, to: out, options, width: width)
    return try filesByPath(under: out)
  }

  private func expectSame(
    _ actual: [String: Data], _ expected: [String: Data], _ comment: Comment,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      actual.keys.sorted() == expected.keys.sorted(), comment, sourceLocation: sourceLocation)
    #expect(
      expected.keys.filter { actual[$0] != expected[$0] }.sorted() == [], comment,
      sourceLocation: sourceLocation)
  }

  @Test("The same bytes for any number of workers")
  func widths() async throws {
    let first = try await output(width: 1)
    for width in [2, 5] { expectSame(try await output(width: width), first, "width \(width)") }
  }

  @Test("The same bytes for any number of workers where bases are iterated")
  func largeWidths() async throws {
    let large = try ToyCheckpoint.normal(experts: 3, hidden: 40, width: 530).written()
    var outputs: [[String: Data]] = []
    for width in [1, 2] {
      let out = folder.path("large-\(width)")
      try await convertCheckpoint(at: large.path, to: out, .basic(rank: 4), width: width)
      outputs.append(try filesByPath(under: out))
    }
    expectSame(outputs[1], outputs[0], "large")
  }

  private func cancel(
    to out: String, width: Int, at isReached: @escaping @Sendable (WorkProgress) -> Bool
  ) async {
    await cancelConversion(
      at: input.path, to: out, options, width: width, when: isReached)
  }

  enum Damage: CaseIterable, Sendable {
    case none, stored, factors, cutFactors, record, recordByte, carried, header, temporary,
      cutShort,
      foreign
  }

  @Test(
    "A cancelled conversion leaves no output, and resumes to the same bytes whatever was damaged",
    arguments: Damage.allCases, [1, 2])
  func cancellation(damage: Damage, width: Int) async throws {
    let expected = try await output(width: 2, name: "whole")
    let out = folder.path("cancelled")
    await cancel(to: out, width: width) { $0.finishedUnits == 2 && $0.finishedMatrices == 9 }
    #expect(!FileManager.default.fileExists(atPath: out))
    let partial = "\(out).sdmoe-partial"
    let main = "\(partial)/output/model-00001-of-00001.safetensors"
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: "\(partial)/units")
        .filter { !$0.hasSuffix(".work") }.sorted() == ["layer-000-gate_proj", "layer-000-up_proj"])
    var finished = 2
    switch damage {
    case .none: break
    case .stored, .carried:
      let name =
        damage == .stored
        ? "model.layers.0.mlp.experts.2.up_proj.unique" : "model.embed_tokens.weight"
      let file = try WeightFileBytes(
        folder: "\(partial)/output", name: "model-00001-of-00001.safetensors")
      var data = try Data(contentsOf: URL(filePath: main))
      data[try #require(file.places[name]).lowerBound + 3] ^= 0x10
      try data.write(to: URL(filePath: main))
      if damage == .stored { finished = 1 }
    case .factors:
      let path = "\(partial)/units/layer-000-gate_proj/factors.safetensors"
      var data = try Data(contentsOf: URL(filePath: path))
      data[data.count - 2] ^= 1
      try data.write(to: URL(filePath: path))
      finished = 1
    case .cutFactors:
      let path = "\(partial)/units/layer-000-up_proj/factors.safetensors"
      let data = try Data(contentsOf: URL(filePath: path))
      try data.prefix(data.count / 2).write(to: URL(filePath: path))
      finished = 1
    case .recordByte:
      // The last digit of a digest: the record can still be read.
      let url = URL(filePath: "\(partial)/units/layer-000-up_proj/record.json")
      let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
      let place = try #require(text.range(of: "\"sha256\":\"")).upperBound
      let digit = text[place] == "0" ? "1" : "0"
      try Data(text.replacingCharacters(in: place...place, with: digit).utf8).write(to: url)
      finished = 1
    case .header:
      var data = try Data(contentsOf: URL(filePath: main))
      data[30] ^= 1
      try data.write(to: URL(filePath: main))
      finished = 0
    case .foreign:
      for name in [
        "output/notes.txt", "output/model-00009-of-00009.safetensors", "units/notes.json",
      ] {
        try Data("mine".utf8).write(to: URL(filePath: "\(partial)/\(name)"))
      }
    case .record:
      let record = "\(partial)/units/layer-000-gate_proj/record.json"
      try Data("{".utf8).write(to: URL(filePath: record))
      finished = 1
    case .temporary:
      try Data("x".utf8).write(to: URL(filePath: "\(partial)/output/config.json.1234.tmp"))
    case .cutShort:
      let data = try Data(contentsOf: URL(filePath: main))
      try data.prefix(data.count / 2).write(to: URL(filePath: main))
      finished = 0
    }
    let steps = Mutex<[WorkProgress]>([])
    try await convertCheckpoint(at: input.path, to: out, options, width: width) { step in
      steps.withLock { $0.append(step) }
    }
    expectSame(try filesByPath(under: out), expected, "\(damage)")
    #expect(!FileManager.default.fileExists(atPath: partial))
    let first = try #require(steps.withLock { $0.first })
    // Only what was lost was done again.
    #expect(first.finishedUnits == finished)
  }

  @Test(
    "Cancelled anywhere, and more than once, it resumes to the same bytes",
    arguments: [[0], [3], [4], [11, 0, 7], [20, 1]])
  func points(matrices: [Int]) async throws {
    let expected = try await output(width: 2, name: "whole")
    let out = folder.path("cancelled")
    for count in matrices {
      await cancel(to: out, width: 2) { $0.finishedMatrices >= count }
      #expect(!FileManager.default.fileExists(atPath: out))
    }
    try await convertCheckpoint(at: input.path, to: out, options)
    expectSame(try filesByPath(under: out), expected, "\(matrices)")
  }

  @Test("A cancelled conversion does not give way to another one")
  func otherOptions() async throws {
    let out = folder.path("cancelled")
    await cancel(to: out, width: 2) { $0.finishedUnits == 1 && $0.finishedMatrices == 5 }
    await #expect(throws: DecouplingError.otherConversion(path: "\(out).sdmoe-partial")) {
      try await convertCheckpoint(at: input.path, to: out, .basic(rank: 3))
    }
  }

  @Test(
    "An expert that was replaced in place after a cancellation: its unit alone is made again",
    arguments: [false, true])
  func replacedExpert(keepingTimes: Bool) async throws {
    let out = folder.path("cancelled")
    await cancel(to: out, width: 2) { $0.finishedUnits == 2 && $0.finishedMatrices == 9 }
    try replaceElements(
      of: "model.layers.0.mlp.experts.2.up_proj.weight", in: input.path("model.safetensors"),
      keepingTimes: keepingTimes)
    let steps = Mutex<[WorkProgress]>([])
    let changed = Mutex<[String]>([])
    try await convertCheckpoint(
      at: input.path, to: out, options, rechecks: keepingTimes,
      onProgress: { step in steps.withLock { $0.append(step) } },
      onChanged: { units in changed.withLock { $0 += units } })
    #expect(changed.withLock { $0 } == ["layer 0 up_proj"])
    #expect(try #require(steps.withLock { $0.first }).finishedUnits == 1)
    expectSame(
      try filesByPath(under: out), try await output(width: 2, name: "whole"), "replaced")
  }

  @Test("A finished output of an input that has changed since is no longer there already")
  func replacedSinceFinished() async throws {
    let out = folder.path("out")
    try await convertCheckpoint(at: input.path, to: out, options)
    // Not a weight of an expert: the output carries it.
    try replaceElements(
      of: "model.embed_tokens.weight", in: input.path("model.safetensors"), keepingTimes: true)
    await #expect(throws: DecouplingError.outputExists(path: out)) {
      try await convertCheckpoint(at: input.path, to: out, options)
    }
    let replaced = try await convertCheckpoint(at: input.path, to: out, options, replaces: true)
    #expect(!replaced.wasThere)
    expectSame(
      try filesByPath(under: out), try await output(width: 1, name: "whole"), "replaced")
  }

  @Test("Progress counts every unit, matrix and byte once")
  func progress() async throws {
    let steps = Mutex<[WorkProgress]>([])
    try await convertCheckpoint(at: input.path, to: folder.path("out"), options) { step in
      steps.withLock { $0.append(step) }
    }
    let last = try #require(steps.withLock { $0 }.max { $0.finishedUnits < $1.finishedUnits })
    #expect(last.finishedUnits == 6)
    #expect(last.unitCount == 6)
    #expect(last.matrixCount == 24)
    #expect(last.finishedMatrices == 24)
    #expect(last.finishedBytes == 24 * 4 * 20 * 24)
  }
}
