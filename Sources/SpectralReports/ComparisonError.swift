/// Why two runs cannot be compared.
public enum ComparisonError: Error {
  /// A number means something else in the two runs.
  case otherMeasure(first: String, second: String, what: String, values: (String, String))
  /// The runs take different shares of directions as the top.
  case otherFraction(first: String, second: String, fractions: (Double, Double))
  /// The runs tell the similarity of different sides.
  case otherSides(first: String, second: String, sides: ([String], [String]))
  /// Something lies where the report shall lie.
  case outputExists(path: String, isComparison: Bool)
  /// The report would lie in one of the runs.
  case insideRun(path: String, run: String)
  /// No number is in both runs.
  case nothingInCommon(first: String, second: String)
}

extension ComparisonError: CustomStringConvertible {
  /// What differs, and what to do.
  public var description: String {
    switch self {
    case .otherMeasure(let first, let second, let what, let values):
      "\(first), \(second): the measures differ: '\(what)' is '\(values.0)' in the first and '\(values.1)' in the second; analyse both with one version of sdmoe"
    case .otherFraction(let first, let second, let fractions):
      "\(first), \(second): the fractions differ: the top is \(fractions.0) of the directions in the first and \(fractions.1) in the second; analyse both with the same --fraction"
    case .otherSides(let first, let second, let sides):
      "\(first), \(second): the sides differ: \(sides.0.joined(separator: " and ")) in the first, \(sides.1.joined(separator: " and ")) in the second; analyse both with one version of sdmoe"
    case .outputExists(let path, let isComparison):
      isComparison
        ? "\(path): holds a comparison already; choose another folder, or give --force to replace it"
        : "\(path): holds something else than a comparison, so nothing is written there; choose an empty or a new folder"
    case .insideRun(let path, let run):
      "\(path): lies in the run \(run), which is not changed; choose a folder elsewhere"
    case .nothingInCommon(let first, let second):
      "\(first), \(second): no analysis of similarity, energy or router is in both for the same projection; analyse both with the same --analyses and --projections"
    }
  }
}
