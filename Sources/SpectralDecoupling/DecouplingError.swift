import Checkpoints
public import Experts
import Files

/// What can stand in the way of a conversion or a verification.
public enum DecouplingError: Error, Equatable, Sendable {
  /// A weight holds NaN or an infinity.
  case notFinite(place: String, row: Int, column: Int)
  /// A value is too large for the type that it would be stored in.
  case overflow(place: String, elementType: String)
  /// The common rank is too large for a matrix.
  case rankTooLarge(path: String, unit: UnitKey, rank: Int, largest: Int)
  /// No common rank brings the similarity down to the target.
  case targetOutOfReach(
    path: String, unit: UnitKey, target: Double, limit: Int, best: Double,
    bestRank: Int, floor: Double)
  /// The experts of a unit are stored in several types.
  case mixedTypes(path: String, unit: UnitKey, types: [String])
  /// The experts of one width are not the first of their layer.
  case scatteredExperts(path: String, layer: Int, width: Int, experts: [Int])
  /// A tensor has shares for more than the experts.
  case furtherShares(path: String, tensor: String, count: Int, expertCount: Int)
  /// The checkpoint is in GGUF files, which are not written.
  case readOnlyFormat(path: String)
  /// The checkpoint is in SD-MoE form already.
  case alreadyFactored(path: String)
  /// The captures tell no load of a layer.
  case noLoad(path: String, layer: Int)
  /// The output would lie in the input, or the input in the output.
  case outputInsideInput(output: String, input: String)
  /// Something lies where the output shall lie.
  case outputExists(path: String)
  /// The path of the output does not end in a name.
  case noName(path: String)
  /// A file system is mounted where the output shall lie.
  case mountPoint(path: String)
  /// What lies there is this conversion's output, but not whole.
  case damagedOutput(path: String)
  /// What lies there was not written by a conversion, and is not replaced.
  case notReplaced(path: String)
  /// The folder of an output that shall be replaced holds what its conversion did not write.
  case foreignFiles(path: String, names: [String])
  /// The certificate of an output that shall be replaced does not tell what belongs to it.
  case untoldOutput(path: String)
  /// Another conversion was begun there.
  case otherConversion(path: String)
  /// Another process works there.
  case inUse(path: String)
  /// The disk has too little space.
  case noSpace(path: String, needed: Int, free: Int)
  /// The system refused something.
  case fileSystem(path: String, doing: String, reason: String)
  /// The folder has no certificate.
  case noCertificate(path: String)
  /// The certificate cannot be read.
  case badCertificate(path: String, reason: String)
  /// The factors of a unit do not fit each other.
  case badFactors(path: String, reason: String)
}

extension DecouplingError {
  /// Whether the same conversion of the same weights can never end otherwise.
  var needsOtherOptions: Bool {
    switch self {
    case .targetOutOfReach, .overflow: true
    default: false
    }
  }
}

extension DecouplingError: CustomStringConvertible {
  /// What went wrong, and what to try next.
  public var description: String {
    switch self {
    case .notFinite(let place, let row, let column):
      "\(place): the element in row \(row), column \(column) is not a finite number; the weights are damaged: download them again, or leave the layer out with --layers"
    case .overflow(let place, let type):
      "\(place): a part of it does not fit \(type); store it with --dtype f32"
    case .rankTooLarge(let path, let unit, let rank, let largest):
      "\(path): a common rank of \(rank) leaves no unique part of \(unit.text); choose --common-rank up to \(largest)"
    case .targetOutOfReach(
      let path, let unit, let target, let limit, let best, let bestRank, let floor):
      "\(path): \(unit.text): no common rank from 1 to \(limit) brings the mean similarity of the unique parts to \(target); the lowest is \(rounded(best)) at rank \(bestRank), where independent random subspaces show \(rounded(floor)); choose a higher --target-similarity\(target > floor ? " or --rank-limit" : ": few models go below chance")"
    case .mixedTypes(let path, let unit, let types):
      "\(path): the experts of \(unit.text) are stored as \(types.joined(separator: " and ")); save them in one type first"
    case .scatteredExperts(let path, let layer, let width, let experts):
      "\(path): layer \(layer) has experts of several widths in turn, those of width \(width) are \(rangesText(experts)); only the first of a layer can be converted: leave the layer out with --layers"
    case .furtherShares(let path, let tensor, let count, let expertCount):
      "\(path): tensor '\(tensor)' has \(count) shares for \(expertCount) experts, and the others would be lost; convert the checkpoint as it was published, with a tensor for each expert"
    case .readOnlyFormat(let path):
      "\(path): is a GGUF model, which is read and never written; convert the safetensors checkpoint that it was made from, and make a GGUF file of the result"
    case .alreadyFactored(let path):
      "\(path): is in SD-MoE form already; merge it with --form merged, then convert the result"
    case .noLoad(let path, let layer):
      "\(path): tells no load of the experts of layer \(layer); capture that layer too, or leave --weights usage out"
    case .outputInsideInput(let output, let input):
      "\(output): lies in the checkpoint \(input), or holds it, and the input is never changed; choose a folder elsewhere"
    case .outputExists(let path):
      "\(path): exists already and is not overwritten; choose another folder, or replace it with --force"
    case .mountPoint(let path): "\(path): \(mountPointSentence(path))"
    case .noName(let path):
      "\(path): is no name that a new folder could have; give its path with the name at the end"
    case .damagedOutput(let path):
      "\(path): was made by this conversion, but files are missing or have other sizes; make it anew with --force"
    case .notReplaced(let path):
      "\(path): lies there already, no conversion wrote it, and --force does not replace it either; choose another folder, or remove it first"
    case .foreignFiles(let path, let names):
      "\(path): holds what its conversion did not write, or what was changed since: \(listed(names)); --force deletes nothing of that: move it elsewhere, then run this command again"
    case .untoldOutput(let path):
      "\(path): its certificate is damaged or of another version, so nothing tells which files --force may replace; choose another folder, or remove this one"
    case .otherConversion(let path):
      "\(path): holds the unfinished output of another conversion; run that command again to finish it, or remove this folder"
    case .inUse(let path):
      "\(path): another sdmoe works in this folder; wait until it is done, or choose another output"
    case .noSpace(let path, let needed, let free):
      "\(path): the conversion needs \(needed / 1_000_000 + 1) MB there, but only \(free / 1_000_000) MB are free; make space, or choose a folder on another disk"
    case .fileSystem(let path, let doing, let reason):
      "\(path): cannot \(doing): \(withAdvice(reason, otherwise: "check the permissions and the free space, and run the same command again"))"
    case .noCertificate(let path):
      "\(path): has no sdmoe/certificate.json, so there is nothing to verify; give the output of sdmoe convert"
    case .badCertificate(let path, let reason):
      "\(path): \(reason); it was edited or damaged: convert the checkpoint again"
    case .badFactors(let path, let reason):
      "\(path): \(reason); the file is damaged: convert the original checkpoint again"
    }
  }

  private func listed(_ names: [String]) -> String {
    let most = 8
    return names.prefix(most).joined(separator: ", ")
      + (names.count > most ? " and \(names.count - most) more" : "")
  }

  private func rounded(_ value: Double) -> String {
    String((value * 10_000).rounded() / 10_000)
  }
}
