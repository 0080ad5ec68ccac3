/// Owned row-major storage that is written in parts, and grows.
///
/// Its views do not keep it: whoever uses them extends the panel's lifetime over their use.
@safe final class Panel<Scalar: LAPACKScalar> {
  /// The whole storage; it lives as long as the panel does.
  let mutableView: MutableMatrixView<Scalar>
  private let base: UnsafeMutablePointer<Scalar>

  /// The whole storage for reading.
  var view: MatrixView<Scalar> { mutableView.readOnly }

  /// Allocates a panel of zeros.
  init(rowCount: Int, columnCount: Int) {
    let count = max(1, rowCount * columnCount)
    // Safe: the storage is initialised here and freed once, in deinit.
    unsafe base = UnsafeMutablePointer<Scalar>.allocate(capacity: count)
    unsafe base.initialize(repeating: 0, count: count)
    unsafe mutableView = MutableMatrixView(
      base: base, rowCount: rowCount, columnCount: columnCount, stride: columnCount)
  }

  /// A larger panel that begins with this one's rows and columns, and has zeros beside them.
  func grown(rowCount: Int, columnCount: Int) -> Panel {
    let larger = Panel(rowCount: rowCount, columnCount: columnCount)
    larger.mutableView.rows(0..<view.rowCount).columns(0..<view.columnCount).assign(view)
    return larger
  }

  deinit {
    // Safe: allocated in init; scalars need no deinitialisation.
    unsafe base.deallocate()
  }
}
