/// An analysis of Method.md, by the name that the command line uses.
///
/// All that is known of one stands in the file of its kind.
public struct Analysis: Sendable, CaseIterable, RawRepresentable {
  /// What an analysis needs.
  public enum Input: Sendable, Hashable {
    /// The checkpoint alone.
    case checkpoint
    /// Captured activations.
    case captures
    /// A file of gradients.
    case gradients
  }

  /// Every analysis, in the order in which they are told and made.
  public static let allCases: [Analysis] = [
    .energy, .spectrum, .similarity, .router, .bands, .routerData, .activationRatio, .shuffle,
    .dataAlignment, .routing, .gradients,
  ]

  let kind: any AnalysisKind

  /// The name.
  public var rawValue: String { kind.name }

  /// What the analysis needs besides the checkpoint.
  public var input: Input { kind.input }

  /// Whether the analysis compares what lives at an expert's input, which down_proj does not see.
  public var needsInputSide: Bool { (kind as? any MatrixAnalysis)?.needsInputSide ?? false }

  init(_ kind: any AnalysisKind) { self.kind = kind }

  /// Finds an analysis by its name.
  public init?(rawValue: String) {
    guard let known = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = known
  }
}

extension Analysis: Hashable {
  /// Analyses are the same where their names are.
  public static func == (first: Analysis, second: Analysis) -> Bool {
    first.rawValue == second.rawValue
  }

  /// Hashes the name.
  public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}
