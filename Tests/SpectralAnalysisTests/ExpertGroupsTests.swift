import Checkpoints
import Experts
import Findings
import Foundation
import LinearAlgebra
import SpectralAnalysis
import TestSupport
import Tensors
import Testing

/// Checks the order and the groups of experts whose kinship is chosen.
@Suite struct ExpertGroupsTests {
  // r = 32 and a fraction of 0.1: k = 4.
  static let (hidden, width) = (48, 32)
  static let families = [[0, 3, 5], [1, 4, 6], [2]]

  static func options(excess: Double = 0.5) -> AnalysisOptions {
    var options = AnalysisOptions(
      analyses: [.similarity], projections: [.gate, .down], fraction: 0.1)
    options.groupExcess = excess
    return options
  }

  /// Three families of leading directions; each member differs from its family by some noise.
  static func toy(noise: Double = 0.05, seed: UInt64 = 1) throws -> ToyCheckpoint {
    var toy = ToyCheckpoint.gaussian(experts: 7, hidden: hidden, width: width, seed: seed)
    let spectrum = [9, 8, 7, 6] + (4..<32).map { 3 - 0.05 * Double($0) }
    for projection in [Projection.gate, .down] {
      for (number, family) in families.enumerated() {
        let start = 1000 * seed + 100 * UInt64(number) + UInt64(projection.rawValue.utf8.count)
        let common = try Matrix<Double>.orthonormal(hidden, 4, seed: start)
        for expert in family {
          let own = start + 10 * UInt64(expert + 1)
          var leading = common
          let change = Matrix<Double>.gaussian(hidden, 4, seed: own)
          for place in leading.elements.indices {
            leading.elements[place] += noise * change.elements[place]
          }
          try toy.plant(
            projection, ofExpert: expert, spectrum: spectrum,
            stream: .orthonormal(hidden, 32, leading: leading, seed: own + 1), width: width,
            seed: own + 2)
        }
      }
    }
    return toy
  }

  @Test("Families become groups, side by side in the order", arguments: [1, 2])
  func families(seed: UInt64) async throws {
    let run = try await ToyRun(of: Self.toy(seed: seed), options: Self.options())
    let groups = try run.table(.groups)
    #expect(groups.rowCount == 2 * 7)
    let similarity = try run.table(.similarity)
    let floor = try RandomFloor(dimension: Self.hidden, rank: 4).meanCosine.mean
    for projection in ["gate_proj", "down_proj"] {
      let rows = groups.rows(["projection": projection])
      let numbers = rows.map { groups.integers("group")[$0] }
      let orders = rows.map { groups.integers("order")[$0] }
      let experts = rows.map { groups.texts("expert")[$0] }
      #expect(numbers == numbers.sorted())
      #expect(Set(numbers) == [0, 1, 2])
      #expect(orders.sorted() == Array(0..<7))
      func cosine(_ a: String, _ b: String) -> Double {
        let (first, second) = a < b ? (a, b) : (b, a)
        return similarity.numbers(
          "mean_cosine",
          ["projection": projection, "side": "hidden", "expert_a": first, "expert_b": second])[0]
      }
      var found: Set<[Int]> = []
      var next = 0
      for number in 0..<3 {
        let members = rows.indices.filter { numbers[$0] == number }
        let names = members.map { experts[$0] }
        found.insert(names.compactMap { Int($0) })
        // Places of a group follow each other, group after group.
        #expect(members.map { orders[$0] }.sorted() == Array(next..<next + members.count))
        next += members.count
        for place in members {
          let row = rows[place]
          #expect(groups.integers("size")[row] == members.count)
          let pairs = names.enumerated().flatMap { i, a in names[(i + 1)...].map { cosine(a, $0) } }
          let inside = groups.numbers("group_mean_cosine")[row]
          if pairs.isEmpty {
            #expect(inside.isNaN)
          } else {
            #expect(abs(inside - pairs.reduce(0, +) / Double(pairs.count)) <= 1e-12)
          }
          let nearest = try #require(
            (0..<7).map(String.init).filter { $0 != experts[place] }
              .max { cosine(experts[place], $0) < cosine(experts[place], $1) })
          #expect(groups.texts("nearest")[row] == nearest)
          if names.count > 1 { #expect(names.contains(nearest)) }
          let value = cosine(experts[place], nearest)
          #expect(groups.numbers("nearest_mean_cosine")[row] == value)
          #expect(
            abs(groups.numbers("nearest_excess")[row] - (value - floor) / (1 - floor)) <= 1e-12)
        }
      }
      #expect(found == Set(Self.families))
    }
  }

  @Test("The twenty most alike of 21 pairs, the most alike first")
  func redundantPairs() async throws {
    let run = try await ToyRun(of: Self.toy(), options: Self.options())
    let pairs = try run.table(.redundantPairs)
    let similarity = try run.table(.similarity)
    for projection in ["gate_proj", "down_proj"] {
      let rows = pairs.rows(["projection": projection])
      #expect(rows.map { pairs.integers("rank")[$0] } == Array(1...20))
      let values = rows.map { pairs.numbers("mean_cosine")[$0] }
      let all = similarity.numbers("mean_cosine", ["projection": projection, "side": "hidden"])
      #expect(values == Array(all.sorted(by: >).prefix(20)))
      // The six pairs of kin come first.
      let kin = Set(
        rows.prefix(6).map { [pairs.texts("expert_a")[$0], pairs.texts("expert_b")[$0]] })
      #expect(
        kin == [["0", "3"], ["0", "5"], ["3", "5"], ["1", "4"], ["1", "6"], ["4", "6"]])
      for row in rows {
        let floor = pairs.numbers("floor_mean_cosine")[row]
        let excess = (pairs.numbers("mean_cosine")[row] - floor) / (1 - floor)
        #expect(abs(pairs.numbers("excess")[row] - excess) <= 1e-12)
      }
    }
  }

  @Test("An excess of 1 makes no groups of alike experts, a small one a single group")
  func extremes() async throws {
    let none = try await ToyRun(of: Self.toy(), options: Self.options(excess: 1))
    #expect(try none.table(.groups).integers("size").allSatisfy { $0 == 1 })
    #expect(try Set(none.table(.groups).integers("group")) == Set(0..<7))
    // Without noise, and with one family for all.
    var toy = try Self.toy(noise: 0)
    for projection in [Projection.gate, .down] {
      for expert in 1..<7 {
        let name = ToyCheckpoint.name(projection, ofExpert: expert)
        toy[name] = toy[ToyCheckpoint.name(projection, ofExpert: 0)]?.named(name)
      }
    }
    let all = try await ToyRun(of: toy, options: Self.options(excess: 0.99))
    #expect(try all.table(.groups).integers("size").allSatisfy { $0 == 7 })
    #expect(try all.table(.groups).integers("group").allSatisfy { $0 == 0 })
  }

  @Test("At an excess of 1, identical experts are a group")
  func identical() async throws {
    var toy = try Self.toy()
    for projection in [Projection.gate, .down] {
      let name = ToyCheckpoint.name(projection, ofExpert: 4)
      toy[name] = toy[ToyCheckpoint.name(projection, ofExpert: 2)]?.named(name)
    }
    let run = try await ToyRun(of: toy, options: Self.options(excess: 1))
    let groups = try run.table(.groups)
    for projection in ["gate_proj", "down_proj"] {
      let together = groups.rows(["projection": projection, "size": "2"])
      #expect(together.map { groups.texts("expert")[$0] } == ["2", "4"])
      #expect(groups.rows(["projection": projection, "size": "1"]).count == 5)
    }
  }
}
