import SafetensorsFiles
import Tensors

extension SafetensorsFile {
  /// The stored bytes of rows of a tensor; of all rows when none are named.
  func bytes(of tensor: TensorDescription, rows: Range<Int>? = nil) throws -> [UInt8] {
    let rows = rows ?? 0..<tensor.rowCount
    let rowBytes = tensor.rowCount == 0 ? 0 : tensor.byteCount / tensor.rowCount
    let isWhole = rows.count == tensor.rowCount
    var result = [UInt8](repeating: 0xEE, count: isWhole ? tensor.byteCount : rows.count * rowBytes)
    var elements = result.mutableSpan
    // Safe: bytes have no padding, and take any value.
    var bytes = unsafe elements.mutableBytes
    try read(rows: rows, of: tensor, into: &bytes)
    return result
  }

  /// The stored bytes of a part of a tensor.
  func bytes(of tensor: TensorDescription, _ slice: TensorSlice) throws -> [UInt8] {
    let count = slice.elements(of: tensor.shape).count * tensor.elementType.bitCount / 8
    var result = [UInt8](repeating: 0xEE, count: count)
    var elements = result.mutableSpan
    // Safe: bytes have no padding, and take any value.
    var bytes = unsafe elements.mutableBytes
    try read(slice, of: tensor, into: &bytes)
    return result
  }

  /// The tensor of that name, when there is one.
  func tensor(_ name: String) -> TensorDescription? { tensors.first { $0.name == name } }
}
