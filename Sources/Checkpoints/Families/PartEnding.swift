import Tensors

/// How the name of a tensor that belongs to another follows from that one's.
struct PartEnding: Sendable, Hashable {
  /// How the name does.
  let name: NameEnding
  /// Which part such a tensor is.
  let part: TensorUse.Part

  /// What the name ends with.
  var ending: String { name.packed }

  /// Biases, and all that packings know, each once.
  static let all: [PartEnding] = {
    var all = [
      PartEnding(name: NameEnding(".bias", insteadOf: ".weight"), part: .bias),
      PartEnding(name: NameEnding(adding: "_bias"), part: .bias),
    ]
    for packing in Packings.all {
      for name in packing.values where name != .same { all.append(Self(name: name, part: .values)) }
      for role in CompanionRole.allCases {
        all += (packing.companions[role] ?? []).map { Self(name: $0, part: .init(role)) }
      }
    }
    var seen: Set<PartEnding> = []
    return all.filter { seen.insert($0).inserted }
  }()
}

extension TensorUse.Part {
  /// What a companion of packed values is.
  fileprivate init(_ role: CompanionRole) {
    self =
      switch role {
      case .scales, .globalScale, .scalesOfScales: .scales
      case .zeros: .zeros
      case .order: .order
      case .shape: .shape
      case .codebook, .codebookOfScales: .codebook
      case .notes: .notes
      }
  }
}
