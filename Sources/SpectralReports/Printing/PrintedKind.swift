/// A kind of figure that can be printed: one that a page shows, or two of them side by side.
public struct PrintedKind: Sendable {
  /// Its name, with which the names of its files begin.
  public let name: String

  /// What it shows, in a few words.
  public let shows: String

  /// The kinds that stand side by side, each with the words above it where there are several.
  let parts: [(kind: FigureKind, caption: String)]

  /// The option of `sdmoe analyze` that measures it.
  var command: String { parts[parts.count - 1].kind.command }
}

extension PrintedKind {
  /// All kinds.
  public static let all: [PrintedKind] =
    [
      PrintedKind(
        name: "top_and_tail", shows: "similarity of experts in their top directions and beyond",
        parts: [(.similarity, "top"), (.tailSimilarity, "tail")]),
      PrintedKind(
        name: "gradient_top_and_tail",
        shows: "similarity of experts' gradients in their top directions and beyond",
        parts: [(.gradientSimilarity, "top"), (.gradientTailSimilarity, "tail")]),
    ]
    + FigureKind.all.map {
      PrintedKind(name: $0.name, shows: $0.shows, parts: [(kind: $0, caption: "")])
    }
}

extension PrintedKind: Hashable {
  /// Whether two kinds have one name.
  public static func == (first: PrintedKind, second: PrintedKind) -> Bool {
    first.name == second.name
  }

  /// Hashes the name.
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
