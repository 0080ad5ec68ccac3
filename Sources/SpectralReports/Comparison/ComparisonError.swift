internal import Files

/// Why runs cannot be compared.
public enum ComparisonError: Error {
  /// A number means something else in the two runs.
  case otherMeasure(first: String, second: String, what: String, values: (String, String))
  /// The runs take different shares of directions as the top.
  case otherFraction(first: String, second: String, fractions: (Double, Double))
  /// The runs tell the similarity of different sides.
  case otherSides(first: String, second: String, sides: ([String], [String]))
  /// Something lies where the report shall lie.
  case outputExists(path: String, isComparison: Bool)
  /// The folder of an earlier comparison holds what was not written with it.
  case foreignFiles(path: String, names: [String])
  /// A file system is mounted where the report shall lie.
  case mountPoint(path: String)
  /// The report would lie in one of the runs.
  case insideRun(path: String, run: String)
  /// No number is in all runs.
  case nothingInCommon(runs: [String])
}

extension ComparisonError: CustomStringConvertible {
  /// What differs, and what to do.
  public var description: String {
    switch self {
    case .otherMeasure(let first, let second, let what, let values):
      "\(first), \(second): the measures differ: '\(what)' is '\(values.0)' in the first and '\(values.1)' in the second; analyse both with one version of sdmoe"
    case .otherFraction(let first, let second, let fractions):
      "\(first), \(second): the fractions differ: the top is \(fractions.0) of the directions in the first and \(fractions.1) in the second; analyse both with the same --fraction"
    case .otherSides(let first, let second, let sides)
    where sides.0.isEmpty || sides.1.isEmpty:
      "\(sides.0.isEmpty ? first : second): has no pairs of experts, which \(sides.0.isEmpty ? second : first) has; compare models with two experts or more"
    case .otherSides(let first, let second, let sides):
      "\(first), \(second): the sides differ: \(sides.0.joined(separator: " and ")) in the first, \(sides.1.joined(separator: " and ")) in the second; analyse both with one version of sdmoe"
    case .outputExists(let path, let isComparison):
      isComparison
        ? "\(path): holds a comparison already; choose another folder, or give --force to replace it"
        : "\(path): holds something else than a comparison, so nothing is written there; choose an empty or a new folder"
    case .foreignFiles(let path, let names):
      "\(path): holds what was not written with the comparison, or was changed since: \(names.prefix(8).joined(separator: ", "))\(names.count > 8 ? " and \(names.count - 8) more" : ""); --force deletes nothing of that: move it elsewhere, then run this command again"
    case .mountPoint(let path): "\(path): \(mountPointSentence(path))"
    case .insideRun(let path, let run):
      "\(path): lies in the run \(run), which is not changed; choose a folder elsewhere"
    case .nothingInCommon(let runs):
      "\(runs.joined(separator: ", ")): no analysis of similarity, energy or router is in all of them for the same projection; analyse them with the same --analyses and --projections"
    }
  }
}
