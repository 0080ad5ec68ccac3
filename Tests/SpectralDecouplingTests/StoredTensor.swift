import Checkpoints
import TestSupport
import Tensors

/// A tensor of a checkpoint, as it is stored.
struct StoredTensor: Equatable {
  let type: ElementType
  let shape: [Int]
  let bytes: [UInt8]

  /// The values of a matrix.
  var matrix: Matrix<Double> {
    Matrix(rowCount: shape[0], columnCount: shape[1], elements: values)
  }

  var values: [Double] {
    let width = type.bitCount / 8
    return stride(from: 0, to: bytes.count, by: width).map { start in
      let bits = (0..<width).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << (8 * $1) }
      return switch type {
      case .f64: Double(bitPattern: bits)
      case .f32: Double(Float(bitPattern: UInt32(bits)))
      case .f16: Double(Float16(bitPattern: UInt16(bits)))
      case .bf16: Double(Float(bitPattern: UInt32(bits) << 16))
      default: Double(bits)
      }
    }
  }
}

/// All tensors of a checkpoint, by name.
func storedTensors(in path: String) throws -> [String: StoredTensor] {
  var found: [String: StoredTensor] = [:]
  for file in try Checkpoint(path: path).weightFiles {
    for tensor in file.file.tensors {
      var bytes = [UInt8](repeating: 0, count: tensor.byteCount)
      var space = bytes.mutableSpan
      // Safe: bytes have no padding, and take any value.
      var target = unsafe space.mutableBytes
      try file.file.read(rows: 0..<tensor.rowCount, of: tensor, into: &target)
      found[tensor.name] = StoredTensor(
        type: tensor.elementType, shape: tensor.shape, bytes: bytes)
    }
  }
  return found
}

extension ToyCheckpoint {
  /// What a reader of the written checkpoint finds.
  var stored: [String: StoredTensor] {
    Dictionary(
      uniqueKeysWithValues: tensors.map {
        (
          $0.name,
          StoredTensor(
            type: $0.description.elementType, shape: $0.description.shape, bytes: $0.bytes)
        )
      })
  }
}
