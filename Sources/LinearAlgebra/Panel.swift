/// Owned row-major storage whose columns are filled block after block.
final class Panel<Scalar: LAPACKScalar> {
  /// The whole storage; it lives as long as the panel does.
  let block: MatrixBlock<Scalar>

  /// Allocates a panel of zeros.
  init(rowCount: Int, columnCount: Int) {
    let count = max(1, rowCount * columnCount)
    // Safe: the storage is initialised here and freed once, in deinit.
    let base = UnsafeMutablePointer<Scalar>.allocate(capacity: count)
    unsafe base.initialize(repeating: 0, count: count)
    unsafe block = MatrixBlock(
      base: base, rowCount: rowCount, columnCount: columnCount, stride: columnCount)
  }

  /// A panel with more columns that begins with this one's.
  func widened(to columnCount: Int) -> Panel {
    let rows = block.rowCount
    let wide = Panel(rowCount: rows, columnCount: columnCount)
    for row in 0..<rows {
      // Safe: the wide panel has at least as many columns.
      unsafe (wide.block.base + row * columnCount).update(
        from: block.base + row * block.stride, count: block.columnCount)
    }
    return wide
  }

  deinit {
    // Safe: allocated in init; scalars need no deinitialisation.
    unsafe block.base.deallocate()
  }
}
