import Checkpoints
import Tensors

extension ConversionPlan {
  /// Plans the main files: the tensors of the checkpoint in their order, each copied, decoded, or
  /// replaced by what units make.
  ///
  /// - Throws: `CheckpointError` for a tensor that would be there twice.
  static func shards(
    of checkpoint: Checkpoint, units: [ConvertedUnit], options: ConversionOptions,
    decoding: Decoding?
  ) throws -> [[OutputTensor]] {
    // What the output has instead of a tensor of the checkpoint: one or more of its own, or nothing.
    var outputs: [String: [String]] = [:]
    var pieces: [String: [OutputTensor.Piece]] = [:]
    for (place, unit) in units.enumerated() {
      for (expert, weight) in unit.weights.enumerated() {
        let matrix = unit.place(ofExpert: expert, options: options)
        outputs[weight.tensorName, default: []].append(matrix.tensor)
        for companion in weight.companionNames { outputs[companion] = [] }
        pieces[matrix.tensor, default: []].append(
          OutputTensor.Piece(unit: place, expert: expert, place: matrix))
        // The parts come back as whole matrices.
        if case .merge = unit.work {
          for name in FactoredExpertNames(weight: unit.weightNames[expert]).all.dropFirst() {
            outputs[name] = []
          }
        }
      }
      if case .merge = unit.work { for name in unit.names.all { outputs[name] = [] } }
    }
    var decoded: [String: [OutputTensor.Decoded]] = [:]
    for matrix in decoding?.matrices(besides: units) ?? [] {
      outputs[matrix.weight.tensorName, default: []].append(matrix.place.tensor)
      decoded[matrix.place.tensor, default: []].append(matrix)
    }
    for name in decoding?.companions ?? [] where outputs[name] == nil { outputs[name] = [] }

    var shards: [[OutputTensor]] = [[]]
    var byteCount = 0
    var written: [String: String] = [:]
    func append(_ output: OutputTensor) {
      if byteCount + output.tensor.byteCount > options.shardByteCount, byteCount > 0 {
        shards.append([])
        byteCount = 0
      }
      shards[shards.count - 1].append(output)
      byteCount += output.tensor.byteCount
    }
    for file in checkpoint.weightFiles {
      for tensor in file.tensors {
        for name in outputs[tensor.name] ?? [tensor.name] {
          if let earlier = written[name] {
            // One tensor of the checkpoint makes many pieces of the same one.
            guard pieces[name] != nil || decoded[name] != nil, outputs[earlier] != nil,
              outputs[tensor.name] != nil
            else {
              throw CheckpointError.storedTwice(
                path: file.file.path, tensor: tensor.name, other: earlier)
            }
            continue
          }
          written[name] = tensor.name
          if let pieces = pieces[name] {
            append(
              OutputTensor(
                of: pieces,
                type: options.type.elementType(of: units[pieces[0].unit].originalType)))
          } else if let matrices = decoded[name] {
            append(OutputTensor(decoding: matrices))
          } else {
            append(OutputTensor(carrying: tensor, of: file.file))
          }
        }
      }
    }
    return shards
  }
}
