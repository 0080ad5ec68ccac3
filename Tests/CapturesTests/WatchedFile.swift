import Synchronization
import Tensors

/// A file in memory that notes which rows are read from it; rows are numbers of their own.
final class WatchedFile: TensorFile {
  let path = "watched"
  let stamp = "watched"
  let tensor: TensorDescription
  private let width: Int
  private let seen = Mutex<[Range<Int>]>([])

  var tensors: [TensorDescription] { [tensor] }
  var reads: [Range<Int>] { seen.withLock { $0 } }

  /// A matrix of F32 values: column c of row r holds `value(r, c)`.
  init(rowCount: Int, width: Int) {
    self.width = width
    tensor = TensorDescription(
      name: "x", elementType: .f32, shape: [rowCount, width], byteCount: rowCount * width * 4)
  }

  /// Exact in single precision, and of its own place as long as there are less than 2^24 values.
  func value(_ row: Int, _ column: Int) -> Float { Float(row * width + column) }

  func read(
    _ slice: TensorSlice, of tensor: TensorDescription, into bytes: inout MutableRawSpan
  ) throws {
    let rows = slice.rows
    precondition(bytes.byteCount == rows.count * width * 4)
    seen.withLock { $0.append(rows) }
    for row in rows {
      for column in 0..<width {
        let offset = ((row - rows.lowerBound) * width + column) * 4
        bytes.storeBytes(
          of: value(row, column).bitPattern.littleEndian, toByteOffset: offset, as: UInt32.self)
      }
    }
  }
}
