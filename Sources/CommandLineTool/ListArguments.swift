import ArgumentParser
import Checkpoints
import SpectralAnalysis

/// Layers as the command line names them, such as `0-3,7`.
struct LayerSelection: ExpressibleByArgument {
  /// The numbers, ascending, each once.
  let numbers: [Int]

  init?(argument: String) {
    var found: Set<Int> = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard let first = ends[0], let last = ends[ends.count - 1], ends.count <= 2, first >= 0,
        first <= last, last < 1_000_000
      else { return nil }
      found.formUnion(first...last)
    }
    numbers = found.sorted()
  }
}

/// Words from a fixed set, separated by commas.
protocol WordList: ExpressibleByArgument {
  associatedtype Element: Hashable
  static var words: [String: Element] { get }
  init(elements: [Element])
}

extension WordList {
  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    let found = parts.compactMap { Self.words[String($0)] }
    guard found.count == parts.count else { return nil }
    self.init(elements: found)
  }
}

/// Projections as the command line names them: `gate,up,down`, or in full.
struct ProjectionList: WordList {
  let elements: [Projection]
  static let words: [String: Projection] = Dictionary(
    uniqueKeysWithValues: Projection.allCases.flatMap {
      [($0.rawValue, $0), (String($0.rawValue.dropLast("_proj".count)), $0)]
    })
}

/// Analyses by name.
struct AnalysisList: WordList {
  let elements: [Analysis]
  static let words = Dictionary(uniqueKeysWithValues: Analysis.allCases.map { ($0.rawValue, $0) })
}
