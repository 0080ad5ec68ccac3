/// A part of a tensor that lies in one piece: one place along each leading axis, and a range along
/// the axis after them.
///
/// ```swift
/// // Rows 4 and 5 of expert 2 of a tensor of 8 x 16 x 32.
/// TensorSlice(rows: 4..<6, leading: [2]).elements(of: [8, 16, 32])  // 1152..<1216
/// ```
public struct TensorSlice: Sendable, Hashable {
  /// The places along the leading axes, outermost first.
  public let leading: [Int]

  /// The slices along the axis that follows.
  public let rows: Range<Int>

  /// Names a part of a tensor.
  ///
  /// - Parameters:
  ///   - rows: A range along the first axis that is not led to; `0..<1` for a scalar.
  ///   - leading: A place along each axis before it.
  public init(rows: Range<Int>, leading: [Int] = []) {
    self.rows = rows
    self.leading = leading
  }

  /// All of a tensor.
  public static func whole(_ tensor: TensorDescription) -> TensorSlice {
    TensorSlice(rows: 0..<tensor.rowCount)
  }

  /// The elements that it holds, counted row after row from the first one of the tensor.
  ///
  /// - Precondition: It lies within a tensor of that shape.
  public func elements(of shape: [Int]) -> Range<Int> {
    precondition(fits(shape), "\(self) of a tensor of \(TensorDescription.text(of: shape))")
    let start = zip(leading, shape).reduce(0) { $0 * $1.1 + $1.0 }
    let rowCount = shape.isEmpty ? 1 : shape[leading.count]
    let width = shape.dropFirst(leading.count + 1).reduce(1, *)
    return (start * rowCount + rows.lowerBound) * width..<(start * rowCount + rows.upperBound)
      * width
  }

  private func fits(_ shape: [Int]) -> Bool {
    guard leading.count < max(1, shape.count) else { return false }
    let rowCount = shape.isEmpty ? 1 : shape[leading.count]
    return zip(leading, shape).allSatisfy { (0..<$1).contains($0) }
      && rows.lowerBound >= 0 && rows.upperBound <= rowCount
  }
}
