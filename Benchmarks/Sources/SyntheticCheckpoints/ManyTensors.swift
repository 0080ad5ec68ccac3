import Foundation
import SafetensorsFiles
import Tensors

/// Writes a checkpoint of very many tiny tensors in shards with an index: what headers cost,
/// without weights.
public func writeManyTensors(_ shape: LayerShape, shardCount: Int, to folder: String) throws {
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  try Data(shape.config.utf8).write(to: URL(fileURLWithPath: "\(folder)/config.json"))
  let tensors = shape.tensors
  let perShard = (tensors.count + shardCount - 1) / shardCount
  var index: [String] = []
  for shard in 0..<shardCount {
    let part = tensors.dropFirst(shard * perShard).prefix(perShard)
    let name = "model-\(shard + 1)-of-\(shardCount).safetensors"
    var writer = try SafetensorsWriter(path: "\(folder)/\(name)", tensors: Array(part))
    for tensor in part {
      try append([UInt16](repeating: 0x3f80, count: tensor.byteCount / 2), to: &writer)
      index.append("\"\(tensor.name)\": \"\(name)\"")
    }
    try writer.finish()
  }
  let text = "{\"metadata\": {}, \"weight_map\": {\n\(index.joined(separator: ",\n"))\n}}\n"
  try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/model.safetensors.index.json"))
}
