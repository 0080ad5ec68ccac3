/// One of the three weight matrices of a SwiGLU expert, y = D (silu(G x) * (U x)).
public enum Projection: String, Sendable, Hashable, CaseIterable, Codable {
  /// G, stored m x d.
  case gate = "gate_proj"
  /// U, stored m x d.
  case up = "up_proj"
  /// D, stored d x m.
  case down = "down_proj"

  /// Which singular vectors live in the residual stream: the right ones of gate and up, the left
  /// ones of down.
  public var hiddenSideIsRight: Bool { self != .down }

  /// How the matrix is stored.
  ///
  /// - Parameters:
  ///   - hiddenSize: The width of the residual stream, d.
  ///   - width: The width of the expert, m.
  /// - Returns: The rows and columns.
  package func shape(hiddenSize: Int, width: Int) -> [Int] {
    self == .down ? [hiddenSize, width] : [width, hiddenSize]
  }
}
