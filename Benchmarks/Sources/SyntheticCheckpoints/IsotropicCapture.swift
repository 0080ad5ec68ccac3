import HDF5Files
import LinearAlgebra
import Tensors

/// Writes captured activations of layer 0 that have no structure: independent normal numbers.
///
/// - Parameters:
///   - tokenCount: The number of tokens, in sequences of 512.
///   - shape: The layer that the activations are of.
///   - seed: What the numbers depend on.
///   - path: The HDF5 file.
/// - Throws: The writer's errors.
public func writeIsotropicCapture(
  tokenCount: Int, of shape: LayerShape, seed: UInt64, to path: String
) throws {
  var generator = SeededGenerator(seed: seed)
  let writer = try HDF5Writer(path: path, naming: .nested, attributes: ["model": "isotropic"])
  let offsets = Array(stride(from: 0, to: tokenCount, by: 512)) + [tokenCount]
  try write(offsets.map(Int64.init), .i64, [offsets.count], as: "sequence_offsets", to: writer)
  try write(
    (0..<tokenCount * shape.hiddenSize).map { _ in Float(generator.normal()) }, .f32,
    [tokenCount, shape.hiddenSize], as: "layers.0.moe_input", to: writer)
  try writer.finish()
}

private func write<Element: BitwiseCopyable>(
  _ elements: [Element], _ type: ElementType, _ shape: [Int], as name: String, to writer: HDF5Writer
) throws {
  let span = elements.span
  try writer.write(
    TensorDescription(
      name: name, elementType: type, shape: shape,
      byteCount: elements.count * MemoryLayout<Element>.size), bytes: span.bytes)
}
