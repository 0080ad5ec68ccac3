import Checkpoints
import Experts
import Findings
import Foundation
import LinearAlgebra
import SafetensorsFiles
import SpectralAnalysis
import Synchronization
import TestSupport
import Tensors
import Testing
import Workers

/// Checks what happens to weights that cannot be measured: an error that names them, or a row in
/// `left_out`.
@Suite struct UnusableWeightTests {
  // r = 20 and a fraction of 0.2: k = 4.
  static let options = AnalysisOptions(fraction: 0.2)
  static let toy = ToyCheckpoint.gaussian(
    experts: 5, hidden: 24, width: 20, sharedWidth: 28, seed: 31)

  enum Damage: String, CaseIterable, CustomTestStringConvertible, Sendable {
    case notANumber, infinity, zero, rankTooLow

    var testDescription: String { rawValue }

    /// The damaged weight, up_proj of some expert: rows x 24.
    func matrix(rows: Int) -> Matrix<Double> {
      var matrix = Matrix<Double>.gaussian(rows, 24, seed: 5)
      switch self {
      case .notANumber: matrix[3, 5] = .nan
      case .infinity: matrix[19, 23] = -.infinity
      case .zero: matrix = Matrix(rowCount: rows, columnCount: 24)
      case .rankTooLow:
        matrix = product(
          Matrix<Double>.gaussian(rows, 3, seed: 6), Matrix<Double>.gaussian(3, 24, seed: 7))
      }
      return matrix
    }

    /// What is said to try next.
    var advice: String {
      self == .rankTooLow
        ? "; choose a smaller --fraction, or leave such experts out with --keep-going"
        : "; download or capture the file again and start a new run folder, or leave out what is damaged with --keep-going"
    }

    /// What is said of it; a routed expert's k is 4, the shared one's, with r = 24, is 5.
    func message(shared: Bool) -> String {
      switch self {
      case .notANumber:
        "holds NaN, infinity, or a value beyond single precision at row 3, column 5, counted from 0"
      case .infinity:
        "holds NaN, infinity, or a value beyond single precision at row 19, column 23, counted from 0"
      case .zero: "is zero in every element in single precision, so it has no leading directions"
      case .rankTooLow:
        shared
          ? "has a rank below 5: singular value 5 is " : "has a rank below 4: singular value 4 is "
      }
    }
  }

  @Test(
    "A weight that cannot be measured is an error that names file and tensor",
    arguments: Damage.allCases, [2, nil])
  func unusable(damage: Damage, expert: Int?) async throws {
    var toy = Self.toy
    let name = ToyCheckpoint.name(.up, ofExpert: expert)
    toy.plant(damage.matrix(rows: expert == nil ? 28 : 20), as: name)
    let folder = try toy.written()
    let out = try TemporaryFolder()
    let error = await #expect(throws: AnalysisError.self) {
      try await analyse(folder.path, in: out.path, options: Self.options)
    }
    let text = error?.description ?? ""
    let file = folder.path("model.safetensors")
    let message = damage.message(shared: expert == nil)
    #expect(text.hasPrefix("\(file): tensor '\(name)' \(message)"))
    #expect(text.hasSuffix(damage.advice))
    // The unit before it is kept, and no table is there.
    let left = try filesByPath(under: out.path)
    #expect(left.keys.contains("units/layer-000-gate_proj/energy.csv"))
    #expect(!left.keys.contains { $0.hasPrefix("units/layer-000-up_proj") })
    #expect(!left.keys.contains { $0.hasPrefix("tables/") })
  }

  @Test("Of several bad experts the first one is named, whatever the width", arguments: [1, 2, 4])
  func firstOfSeveral(width: Int) async throws {
    var toy = Self.toy
    for expert in [1, 2, 4] {
      toy.plant(
        Damage.zero.matrix(rows: 20), as: ToyCheckpoint.name(.gate, ofExpert: expert))
    }
    let folder = try toy.written()
    let out = try TemporaryFolder()
    let error = await #expect(throws: AnalysisError.self) {
      try await analyse(folder.path, in: out.path, options: Self.options, width: width)
    }
    #expect(error?.description.contains("experts.1.gate_proj") == true)
  }

  @Test("A router row of zeros, and a router with NaN")
  func router() async throws {
    var toy = Self.toy
    var rows = Matrix<Double>.gaussian(5, 24, seed: 9)
    for column in 0..<24 { rows[3, column] = 0 }
    toy.plant(rows, as: ToyCheckpoint.routerName())
    let zero = try toy.written()
    let place = "model.safetensors: tensor '\(ToyCheckpoint.routerName())'"
    let out = try TemporaryFolder()
    let error = await #expect(throws: AnalysisError.self) {
      try await analyse(zero.path, in: out.path, options: Self.options)
    }
    #expect(
      error?.description
        == "\(zero.path)/\(place) is zero in row 3, so the router has no direction for that expert; "
        + "leave router and router-data out with --analyses, or leave it out with --keep-going")

    rows[3, 1] = .nan
    toy.plant(rows, as: ToyCheckpoint.routerName())
    let folder = try toy.written()
    let other = try TemporaryFolder()
    let second = await #expect(throws: AnalysisError.self) {
      try await analyse(folder.path, in: other.path, options: Self.options)
    }
    #expect(
      second?.description.hasPrefix(
        "\(folder.path)/\(place) holds NaN, infinity, or a value beyond single precision at row 3, column 1, counted from 0;"
      )
        == true)
  }

  @Test("A file cut short while the analysis is under way")
  func cutShort() async throws {
    let folder = try Self.toy.written()
    let path = folder.path("model.safetensors")
    let plan = try AnalysisPlan(
      for: AnalysisInputs(checkpoint: Checkpoint(path: folder.path)), options: Self.options,
      version: "test")
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: 8_000)
    let out = try TemporaryFolder()
    let error = await #expect(throws: SafetensorsError.self) {
      try await carryOut(plan, in: out.path, effort: AnalysisEffort(workers: 2))
    }
    guard case .becameShorter(path, _?, _, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  // MARK: Going on without them

  /// What is broken in the tests below, by projection: experts, and the router.
  static let broken: [Projection: [String]] = [
    .gate: ["1", "shared"], .up: ["0", "3"], .down: ["2"],
  ]

  static func damaged(missing: Bool) -> ToyCheckpoint {
    var toy = toy
    let names = { ToyCheckpoint.name($0, ofExpert: $1) }
    toy.plant(Damage.notANumber.matrix(rows: 20), as: names(.gate, 1))
    toy.plant(Damage.rankTooLow.matrix(rows: 28), as: names(.gate, nil))
    toy.plant(Damage.zero.matrix(rows: 20), as: names(.up, 0))
    toy.plant(Damage.infinity.matrix(rows: 20), as: names(.up, 3))
    toy.plant(Matrix(rowCount: 24, columnCount: 20), as: names(.down, 2))
    if missing { toy[names(.down, 2)] = nil }
    return toy
  }

  @Test(
    "Going on leaves out the bad experts alone, and no other number changes", arguments: [1, 3])
  func keepsGoing(width: Int) async throws {
    let sound = try await ToyRun(of: Self.toy, options: Self.options)
    let run = try await ToyRun(
      of: Self.damaged(missing: true), options: Self.options, width: width, keepsGoing: true)

    let leftOut = try run.table(.leftOut)
    let places = (0..<leftOut.rowCount).map {
      "\(leftOut.integers("layer")[$0]) \(leftOut.texts("projection")[$0]) \(leftOut.texts("expert")[$0])"
    }
    #expect(
      places == [
        "0 gate_proj 1", "0 gate_proj shared", "0 up_proj 0", "0 up_proj 3", "0 down_proj 2",
      ])
    // Files are named from the checkpoint's folder: a table holds no path.
    let file = "model.safetensors"
    let reasons = leftOut.texts("reason")
    let named: [(Projection, Int?, Damage)] = [
      (.gate, 1, .notANumber), (.gate, nil, .rankTooLow), (.up, 0, .zero), (.up, 3, .infinity),
    ]
    for (row, (projection, expert, damage)) in named.enumerated() {
      let message = damage.message(shared: expert == nil)
      let name = ToyCheckpoint.name(projection, ofExpert: expert)
      #expect(reasons[row].hasPrefix("\(file): tensor '\(name)' \(message)"))
    }
    #expect(
      reasons[4]
        == CheckpointError.missingTensor(
          path: run.checkpoint.path, tensor: ToyCheckpoint.name(.down, ofExpert: 2)
        ).description.dropFirst(run.checkpoint.path.count + 2))

    // Without the rows of the bad experts, the sound run's tables are the other run's.
    let experts = [
      "energy": ["expert"], "spectrum": ["expert"], "similarity": ["expert_a", "expert_b"],
      "router_alignment": ["expert"], "router_score": ["expert"],
    ]
    for (name, columns) in experts {
      let all = try CSVFile(path: "\(sound.folder.path)/tables/\(name).csv")
      let kept = try CSVFile(path: "\(run.folder.path)/tables/\(name).csv")
      let projections = try all.texts("projection")
      let members = try columns.map { try all.texts($0) }
      let expected = all.rows.indices.filter { row in
        let bad = Projection(rawValue: projections[row]).flatMap { Self.broken[$0] } ?? []
        return members.allSatisfy { !bad.contains($0[row]) }
      }
      #expect(expected.count < all.rows.count)
      #expect(kept.rows == expected.map { all.rows[$0] }, "\(name)")
    }
    let floors = "tables/floors.csv"
    #expect(
      try filesByPath(under: sound.folder.path)[floors]
        == filesByPath(under: run.folder.path)[floors])
    #expect(try run.table(.summary).integers("pairs") == [6, 6, 3, 3, 6, 6])
    #expect(run.folder.manifest.units.map(\.state) == [.open, .open, .open])
    #expect(sound.folder.manifest.units.map(\.state) == [.finished, .finished, .finished])
  }

  @Test("Going on without a router leaves out its tables")
  func keepsGoingWithoutRouter() async throws {
    var toy = Self.toy
    toy.plant(Matrix(rowCount: 5, columnCount: 24), as: ToyCheckpoint.routerName())
    let sound = try await ToyRun(of: Self.toy, options: Self.options)
    let run = try await ToyRun(of: toy, options: Self.options, keepsGoing: true)
    let leftOut = try run.table(.leftOut)
    #expect(leftOut.texts("projection") == ["gate_proj", "up_proj"])
    #expect(leftOut.texts("expert") == ["router", "router"])
    #expect(
      leftOut.texts("reason").allSatisfy { $0.contains("'\(ToyCheckpoint.routerName())' is zero") })
    let before = try filesByPath(under: "\(sound.folder.path)/tables")
    let after = try filesByPath(under: "\(run.folder.path)/tables")
    for name in ["energy", "spectrum", "similarity", "summary", "floors"] {
      #expect(after["\(name).csv"] == before["\(name).csv"])
    }
    #expect(!after.keys.contains { $0.hasPrefix("router") })
  }

  @Test("A unit all of whose experts are bad has no rows, and the others are whole")
  func keepsGoingWithoutAnyExpert() async throws {
    var toy = Self.toy
    for expert in [0, 1, 2, 3, 4, nil] {
      toy.plant(
        Damage.zero.matrix(rows: expert == nil ? 28 : 20),
        as: ToyCheckpoint.name(.up, ofExpert: expert))
    }
    let run = try await ToyRun(of: toy, options: Self.options, keepsGoing: true)
    #expect(try run.table(.leftOut).rowCount == 6)
    #expect(try Set(run.table(.energy).texts("projection")) == ["gate_proj", "down_proj"])
    #expect(try run.table(.summary).rowCount == 4)
  }

  @Test("The same run measures units that left experts out again, and only those")
  func again() async throws {
    var toy = Self.toy
    for (projection, expert) in [(Projection.gate, 1), (.down, 0)] {
      toy.plant(
        Matrix(rowCount: projection == .down ? 24 : 20, columnCount: projection == .down ? 20 : 24),
        as: ToyCheckpoint.name(projection, ofExpert: expert))
    }
    let folder = try toy.written()
    let out = try TemporaryFolder()
    let states = try await analyse(
      folder.path, in: out.path, options: Self.options, keepsGoing: true
    ).manifest.units.map(\.state)
    #expect(states == [.open, .finished, .open])
    let before = try filesByPath(under: out.path)

    let measured = Mutex(0)
    _ = try await analyse(
      folder.path, in: out.path, options: Self.options, keepsGoing: true
    ) { step in
      measured.withLock { $0 = max($0, step.finishedMatrices) }
    }
    #expect(measured.withLock { $0 } == 2 * 6)
    #expect(try filesByPath(under: out.path) == before)
  }

  @Test("Weights that were mended are measured, and what is left is that of a run without faults")
  func mended() async throws {
    var toy = Self.toy
    toy.plant(Damage.zero.matrix(rows: 20), as: ToyCheckpoint.name(.gate, ofExpert: 1))
    let folder = try toy.written()
    let out = try TemporaryFolder()
    _ = try await analyse(folder.path, in: out.path, options: Self.options, keepsGoing: true)
    // Names, sizes and headers stay.
    try Self.toy.write(to: folder)
    _ = try await analyse(folder.path, in: out.path, options: Self.options)
    let fresh = try TemporaryFolder()
    _ = try await analyse(folder.path, in: fresh.path, options: Self.options)
    #expect(try filesByPath(under: out.path) == filesByPath(under: fresh.path))
  }
}
