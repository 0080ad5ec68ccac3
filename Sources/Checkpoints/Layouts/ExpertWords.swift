import Tensors

/// What the words in the name of a weight, and its shape, say of experts, whatever the family is.
struct ExpertWords {
  /// Where the weights of experts stand, or what is beside them.
  struct Site {
    /// What a tensor holds.
    enum Kind {
      /// The weights of one routed expert or of many.
      case weight
      /// The weights of a shared expert.
      case shared
      /// What stands beside the weights of a routed expert, such as their scales.
      case companion
    }

    /// What stands before the number of the layer, such as `model.layers.`; empty outside of layers.
    let stem: String
    /// The number of the layer; nil outside of layers.
    let layer: Int?
    /// The name inside the layer, with `{E}` for the number of the expert.
    let pattern: String
    /// The number of the expert; nil where the tensor holds many, and for shared experts.
    let expert: Int?
    /// What it is.
    var kind = Kind.weight
  }

  private let words: [Substring]
  /// The same words in lower case.
  private let plain: [Substring]
  private let separator: String
  private let isStack: Bool
  private let axisCount: Int

  /// Takes a name apart.
  ///
  /// - Parameters:
  ///   - name: The name of the tensor.
  ///   - shape: Its shape.
  init(of name: String, shape: [Int]) {
    // Some frameworks name tensors like files.
    separator = !name.contains(".") && name.contains("/") ? "/" : "."
    words = name.split(separator: Character(separator), omittingEmptySubsequences: false)
    // Most names are in lower case, and there are many of them.
    let isPlain = name.utf8.allSatisfy { !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
    plain =
      isPlain
      ? words
      : name.lowercased().split(
        separator: Character(separator), omittingEmptySubsequences: false)
    axisCount = shape.count
    isStack = Self.isStack(shape)
  }

  /// Whether a shape is that of matrices of several experts.
  static func isStack(_ shape: [Int]) -> Bool {
    // Kernels of convolutions are short, and a stack of one is no choice.
    shape.count == 3 && shape[0] > 1 && shape[1] >= 8 && shape[2] >= 8
  }

  /// Where the tensor's experts stand, if the name or the shape alone shows that it is of any.
  var site: Site? {
    if let place = words.indices.first(where: isShared) {
      return site(block: place, .shared)
    }
    if let place = words.indices.first(where: namesExperts) { return site(block: place) }
    guard axisCount >= 3 else { return nil }
    if let place = plain.firstIndex(where: { $0.contains("moe") }) { return site(block: place) }
    guard isStack, let layer = words.lastIndex(where: { Int($0) != nil }),
      layer + 1 < words.endIndex, !plain.contains(where: isOtherPart)
    else { return nil }
    return site(block: layer + 1)
  }

  /// The place in a list of matrices within the feed-forward part of a layer; nil for other names.
  var listPlace: (list: NumberedList.Place, number: Int)? {
    guard axisCount == 2, let layer = words.firstIndex(where: { Int($0) != nil }),
      let block = plain[layer...].firstIndex(where: isFeedForward),
      let member = words[(block + 1)...].firstIndex(where: { Int($0) != nil }),
      !plain.contains(where: isOtherPart),
      !plain[block..<member].contains(where: { $0 == "gate" || $0.contains("router") }),
      let site = site(block: block), let number = site.layer, let expert = site.expert
    else { return nil }
    let place = NumberedList.Place(stem: site.stem, layer: number, pattern: site.pattern)
    return (place, expert)
  }

  /// The site of experts whose block, or the experts themselves, a word means.
  private func site(block: Int, _ kind: Site.Kind = .weight) -> Site? {
    var words = words
    var expert: Int?
    if kind != .shared {
      let digits = words[block].reversed().prefix { $0.isASCII && $0.isNumber }.count
      if digits > 0, digits < words[block].count, namesExperts(block) {
        expert = Int(words[block].suffix(digits))
        words[block] = words[block].dropLast(digits) + "{E}"
      } else if let place = words[(block + 1)...].firstIndex(where: { Int($0) != nil }) {
        expert = Int(words[place])
        words[place] = "{E}"
      }
    }
    guard let place = words[..<block].lastIndex(where: { Int($0) != nil }),
      let number = Int(words[place]), number >= 0
    else {
      return Site(
        stem: "", layer: nil, pattern: words.joined(separator: separator), expert: expert,
        kind: kind)
    }
    return Site(
      stem: words[..<place].map { $0 + separator }.joined(), layer: number,
      pattern: words[(place + 1)...].joined(separator: separator), expert: expert,
      kind: kind)
  }

  /// Whether a word means routed experts, as `experts`, `local_experts` and `expert_7` do; others
  /// that speak of experts, as `expert_list`, do where a number or a third axis follows.
  private func namesExperts(_ place: Int) -> Bool {
    let word = plain[place]
    let stem = "expert"
    // As mlx-lm calls them.
    if word == "switch_mlp" { return axisCount >= 3 }
    guard word.utf8.count >= stem.utf8.count else { return false }
    let isPlural = word.hasSuffix("experts")
    guard isPlural || word.contains(stem), !word.contains("share") else { return false }
    if isPlural || word == stem { return true }
    guard !["gate", "router", "bias"].contains(where: word.contains) else { return false }
    return axisCount >= 3 || word.last?.isNumber == true
      || words[(place + 1)...].contains { Int($0) != nil }
  }

  /// Whether a word means a shared expert.
  private func isShared(_ place: Int) -> Bool {
    let word = plain[place]
    // The shortest such word is `share_mlp`.
    return word.utf8.count >= 9 && word.contains("share")
      && ["expert", "mlp"].contains(where: word.contains)
      && !word.contains("gate")
  }
}

/// Matrices within a layer whose names differ in one number alone.
struct NumberedList {
  /// What they are called.
  struct Place: Hashable {
    /// What stands before the number of the layer.
    let stem: String
    /// The number of the layer.
    let layer: Int
    /// The name inside the layer, with `{E}` for the number.
    let pattern: String
  }

  /// The matrices, by their numbers.
  var members: [Member] = []

  typealias Member = (number: Int, found: (tensor: TensorDescription, place: WeightFiles.Place))

  /// Whether they are those of experts: two at least are of one shape.
  ///
  /// The steps of a sequence, which have no names of their own, are only where neighbours are.
  func isOfExperts(named place: Place) -> Bool {
    Dictionary(grouping: members, by: \.found.tensor.shape).values.contains { alike in
      guard place.pattern.hasSuffix("{E}") || place.pattern.hasSuffix("{E}.weight") else {
        return alike.count > 1
      }
      let numbers = Set(alike.map(\.number))
      return numbers.contains { numbers.contains($0 &+ 1) }
    }
  }
}

/// Whether a word means the part of a layer where experts stand.
private func isFeedForward(_ word: Substring) -> Bool {
  word == "ff"
    || ["mlp", "ffn", "moe", "feed_forward", "feedforward", "mixture"].contains(
      where: word.contains)
}

/// Whether a word means another part of a layer than that.
private func isOtherPart(_ word: Substring) -> Bool {
  ["attn", "attention", "conv", "norm", "embed", "position"].contains(where: word.contains)
}
