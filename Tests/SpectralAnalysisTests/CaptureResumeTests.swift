import Captures
import Checkpoints
import Experts
import Findings
import Foundation
import LinearAlgebra
import SpectralAnalysis
import Synchronization
import TestSupport
import Testing
import Workers

/// Checks that a run with captures and gradients depends on its input and options alone: not on
/// workers, memory, nor interruptions.
@Suite struct CaptureResumeTests {
  static let options: AnalysisOptions = {
    // k = 7 of 20: bands of 7, 7 and 6.
    var options = AnalysisOptions(analyses: Analysis.allCases, fraction: 0.35)
    options.fullSpectrum = true
    options.tokens = .atMost(700)
    options.sequences = .atMost(5)
    return options
  }()

  let checkpoint: TemporaryFolder
  let inputs: TemporaryFolder
  let captures: String
  let gradients: String

  init() throws {
    // Two layers of five experts and a shared one: seven units each, three of weights and three of
    // gradients with six matrices, and one of the layer's input.
    var toy = ToyCheckpoint.gaussian(
      layers: 2, experts: 5, hidden: 24, width: 20, sharedWidth: 28, seed: 171)
    toy.config["num_experts_per_tok"] = 2
    checkpoint = try toy.written()
    inputs = try TemporaryFolder()
    captures = try Self.capture(seed: 172).written(in: inputs)
    gradients = inputs.path("gradients.safetensors")
    try writeSafetensors(Self.gradients(seed: 173), to: gradients)
  }

  static func capture(seed: UInt64) -> ToyCapture {
    var capture = ToyCapture(.gaussian(1100, 24, seed: seed))
    for layer in 0..<2 {
      let own = 100 * seed + 10 * UInt64(layer)
      capture.layers[layer] = ToyCapture.Layer(
        input: .gaussian(1100, 24, seed: own), logits: .gaussian(1100, 5, seed: own + 1),
        shuffled: .gaussian(1100, 24, seed: own + 2))
    }
    capture.offsets = Array(stride(from: 0, through: 1100, by: 110))
    return capture
  }

  static func gradients(seed: UInt64) -> [ToyTensor] {
    ToyCheckpoint.gaussian(
      layers: 2, experts: 5, hidden: 24, width: 20, sharedWidth: 28, seed: seed
    ).tensors.filter { $0.name.contains("expert") }
  }

  @Test("The same bytes for any number of workers and any memory")
  func efforts() async throws {
    let first = try await files(width: 1)
    #expect(first.keys.contains("spectra.h5"))
    #expect(first.keys.filter { $0.hasPrefix("tables/") }.count == 29)
    for (width, memory) in [(1, 1), (2, 1), (5, 1), (2, 4_000_000_000), (5, 4_000_000_000)] {
      expectSame(
        try await files(width: width, memory: memory), first, "width \(width), memory \(memory)")
    }
  }

  @Test("Only a small budget uses a scratch file, which has no name and does not stay")
  func scratchFile() async throws {
    for memory in [1, 4_000_000_000] {
      let out = try TemporaryFolder()
      let folder = out.path
      let open = Mutex<Set<String>>([])
      let named = Mutex<Set<String>>([])
      try await analyse(
        checkpoint.path, in: folder, options: Self.options, captures: captures,
        gradients: gradients, width: 2, memory: memory
      ) { _ in
        open.withLock { $0.formUnion(openScratchFiles(in: folder)) }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        named.withLock { $0.formUnion(names.filter { $0.contains("scratch") }) }
      }
      #if os(Linux)
        #expect(open.withLock { $0.isEmpty } == (memory > 1))
      #endif
      #expect(named.withLock { $0 } == [])
      #expect(openScratchFiles(in: folder) == [])
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(
        left.sorted() == [".sdmoe", "figures", "manifest.json", "spectra.h5", "tables", "units"])
    }
  }

  @Test("Less memory is predicted where the bases go to disk")
  func predictedMemory() throws {
    let plan = try plan()
    let whole = plan.predictedMemory(AnalysisEffort(workers: 2))
    let spooled = plan.predictedMemory(AnalysisEffort(workers: 2, memory: 1))
    // Five experts with 20 directions of 24 numbers.
    #expect(whole - spooled == 5 * 20 * 24 * 4)
    #expect(plan.predictedMemory(AnalysisEffort(workers: 2, memory: whole)) == whole)
    #expect(plan.predictedMemory(AnalysisEffort(workers: 2, memory: whole - 1)) == spooled)
  }

  @Test("For activation ratios no more memory is predicted than the captured tokens take")
  func predictedTokens() throws {
    func predicted(_ analyses: [Analysis]) throws -> Int {
      let checkpoint = try Checkpoint(path: checkpoint.path)
      return try AnalysisPlan(
        for: AnalysisInputs(checkpoint: checkpoint, capture: Capture(path: captures)),
        options: AnalysisOptions(analyses: analyses, fraction: 0.35), version: "1"
      ).predictedMemory(AnalysisEffort(workers: 2))
    }
    // Of 1100 tokens: 24 numbers of each once, and with each worker 20 products and a threshold.
    let tokens = 1100 * (4 * 24 + 2 * 4 * 20 + 8)
    let bases = 5 * 20 * 24 * 4
    #expect(try predicted([.activationRatio]) - predicted([.energy]) <= tokens + bases)
  }

  @Test("Units in order, named for what they measure")
  func units() throws {
    let plan = try plan()
    #expect(
      plan.manifest.units.map(\.key.folderName).prefix(7) == [
        "layer-000-activations", "layer-000-gate_proj", "layer-000-up_proj", "layer-000-down_proj",
        "layer-000-gate_proj-gradients", "layer-000-up_proj-gradients",
        "layer-000-down_proj-gradients",
      ])
    #expect(plan.unitCount == 14)
    #expect(plan.matrixCount == 2 * 6 * 6)
    let elements = 5 * 20 * 24 + 28 * 24
    #expect(plan.byteCount == 12 * 4 * elements)
  }

  @Test("A cancelled run resumes to the same bytes", arguments: [1, 3])
  func cancellation(width: Int) async throws {
    let expected = try await files(width: 2)
    // In the middle of the weights of layer 0, and of the gradients of layer 1.
    for finished in [2, 11] {
      let out = try TemporaryFolder()
      let (path, captures, gradients) = (checkpoint.path, captures, gradients)
      // In the third matrix of a unit.
      await expectCancellation(
        at: { $0.finishedUnits == finished && $0.finishedMatrices % 6 == 3 }
      ) {
        try await analyse(
          path, in: out.path, options: Self.options, captures: captures, gradients: gradients,
          width: width, onProgress: $0)
      }
      let left = try filesByPath(under: out.path)
      let units = Set(
        left.keys.filter { $0.hasPrefix("units/") }.map { $0.split(separator: "/")[1] })
      #expect(units.count == finished)
      for (name, bytes) in left where name != "manifest.json" {
        #expect(expected[name] == bytes, "\(name)")
      }
      let measured = Mutex(0)
      try await run(in: out.path, width: width) { step in
        measured.withLock { $0 = max($0, step.finishedMatrices) }
      }
      // Activations are no matrices: of the finished units, one or two have none.
      #expect(measured.withLock { $0 } == 72 - 6 * (finished - (finished > 7 ? 2 : 1)))
      expectSame(try filesByPath(under: out.path), expected, "after the cancellation")
    }
  }

  @Test("Lost units and a lost spectra.h5 are made again")
  func lost() async throws {
    let expected = try await files(width: 2)
    let out = try TemporaryFolder()
    try await run(in: out.path)
    for name in [
      "units/layer-000-activations", "units/layer-001-up_proj-gradients", "spectra.h5",
      "tables/gradient_bands.csv",
    ] {
      try FileManager.default.removeItem(atPath: out.path(name))
    }
    try await run(in: out.path)
    expectSame(try filesByPath(under: out.path), expected, "made again")
  }

  @Test("Other captures, gradients or options are another run, and change nothing")
  func anotherRun() async throws {
    let out = try TemporaryFolder()
    try await run(in: out.path)
    let before = try filesByPath(under: out.path)
    let otherCaptures = try Self.capture(seed: 174).written(in: inputs, named: "other")
    let otherGradients = inputs.path("other-gradients.safetensors")
    try writeSafetensors(Self.gradients(seed: 175), to: otherGradients)

    func difference(
      captures: String? = nil, gradients: String? = nil,
      _ change: (inout AnalysisOptions) -> Void = { _ in }
    ) async throws -> String? {
      var options = Self.options
      change(&options)
      do {
        try await analyse(
          checkpoint.path, in: out.path, options: options, captures: captures ?? self.captures,
          gradients: gradients ?? self.gradients)
      } catch FindingsError.anotherRun(out.path, let difference) {
        #expect(try filesByPath(under: out.path) == before)
        return difference
      }
      return nil
    }
    #expect(try await difference(captures: otherCaptures) == "with other captures")
    #expect(try await difference(gradients: otherGradients) == "with other gradients")
    #expect(try await difference { $0.fullSpectrum = false } == "with --full-spectrum")
    #expect(try await difference { $0.groupExcess = 0.3 } == "with --group-excess 0.5")
    #expect(try await difference { $0.threshold = 2 } == "with --threshold 1.0")
    #expect(try await difference { $0.tokens = .all } == "with --tokens 700")
    #expect(try await difference { $0.routedOnly = true } == "without --routed-only")
    #expect(try await difference { $0.center = true } == "without --center")
    #expect(try await difference { $0.sequences = .all } == "with --sequences 5")
    #expect(
      try await difference { $0.analyses = [.energy] }
        == "of the analyses \(Analysis.allCases.map(\.rawValue).joined(separator: ","))")
    // The same content elsewhere is the same run.
    let moved = inputs.path("moved.h5")
    try FileManager.default.copyItem(atPath: captures, toPath: moved)
    #expect(try await difference(captures: moved) == nil)
    // Options of analyses that were not chosen make no difference.
    let small = try TemporaryFolder()
    var options = AnalysisOptions(analyses: [.energy])
    try await analyse(checkpoint.path, in: small.path, options: options)
    (options.threshold, options.center, options.groupExcess) = (3, true, 0.9)
    try await analyse(checkpoint.path, in: small.path, options: options)
    // So do captures that no analysis uses.
    try await analyse(checkpoint.path, in: small.path, options: options, captures: captures)
  }

  // MARK: Helpers

  private func plan() throws -> AnalysisPlan {
    try AnalysisPlan(
      for: AnalysisInputs(
        checkpoint: Checkpoint(path: checkpoint.path), capture: Capture(path: captures),
        gradients: GradientFile(path: gradients)),
      options: Self.options, version: "test")
  }

  @discardableResult
  private func run(
    in path: String, width: Int = 2, memory: Int = 4_000_000_000,
    onProgress: @escaping @Sendable (WorkProgress) -> Void = { _ in }
  ) async throws -> RunFolder {
    try await analyse(
      checkpoint.path, in: path, options: Self.options, captures: captures, gradients: gradients,
      width: width, memory: memory, onProgress: onProgress)
  }

  private func files(width: Int, memory: Int = 4_000_000_000) async throws -> [String: Data] {
    let out = try TemporaryFolder()
    try await run(in: out.path, width: width, memory: memory)
    return try filesByPath(under: out.path)
  }
}

/// The scratch files that this process has open in a folder; empty where the system does not tell.
///
/// Linux calls a file that never had a name `#` and its inode; elsewhere it had one with "scratch"
/// for a moment. Locks are taken away while they are held, and have no name then either.
private func openScratchFiles(in folder: String) -> [String] {
  let descriptors = "/proc/self/fd"
  let numbers = (try? FileManager.default.contentsOfDirectory(atPath: descriptors)) ?? []
  return numbers.compactMap {
    try? FileManager.default.destinationOfSymbolicLink(atPath: "\(descriptors)/\($0)")
  }.filter {
    $0.hasPrefix("\(folder)/") && $0.hasSuffix(" (deleted)")
      && ($0.contains("/#") || $0.contains("scratch"))
  }
}
