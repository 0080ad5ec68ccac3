/// The name inside a layer of what stands in a block there.
///
/// An empty block is the layer itself, and `../` at the start of a name leads out of the last word
/// of the block, as in a path: `../shared_mlp.up_proj.weight` of the block `mlp` stands beside it.
func nameInLayer(_ name: String, block: String) -> String {
  guard !block.isEmpty else { return name }
  let outside = "../"
  guard name.hasPrefix(outside) else { return "\(block).\(name)" }
  let outer = block.split(separator: ".").dropLast().joined(separator: ".")
  return nameInLayer(String(name.dropFirst(outside.count)), block: outer)
}
