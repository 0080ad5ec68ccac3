import Tensors

/// What the names of tensors say of experts, looked at once for all that differ in numbers alone.
///
/// A checkpoint of two hundred thousand tensors has some thirty such names.
struct ExpertPatterns {
  /// What a name says.
  enum Meaning {
    /// Nothing of experts.
    case other
    /// A weight, by its name or shape alone.
    case site(ExpertWords.Site)
    /// A member of a list of matrices, which may be experts.
    case member(NumberedList.Place, number: Int)
  }

  private struct Pattern: Hashable {
    let name: String
    let axisCount: Int
    let isStack: Bool
  }

  /// How the names of what stands beside weights end.
  private let companions: [String]
  private var meanings: [Pattern: Meaning] = [:]
  /// Stands in a pattern for the first number of a name, the next one for the second, and so on.
  private static let firstMark = 900_000_000

  /// Prepares for names.
  ///
  /// - Parameter endings: How the names of scales, biases and the like end, which are no weights.
  init(endings: [PartEnding]) {
    companions = endings.filter { $0.part != .values }.map(\.ending)
  }

  /// What the name of a tensor of two axes or more says.
  ///
  /// - Complexity: O(length of the name)
  mutating func meaning(of name: String, shape: [Int]) -> Meaning {
    let (text, numbers) = Self.marked(name)
    let pattern = Pattern(
      name: text, axisCount: shape.count, isStack: ExpertWords.isStack(shape))
    let known = meanings[pattern] ?? look(at: text, shape: shape)
    meanings[pattern] = known
    // A number within a word, or one that is neither layer nor expert, is of the name itself.
    return Self.meaning(known, numbers) ?? look(at: name, shape: shape)
  }

  private func look(at name: String, shape: [Int]) -> Meaning {
    guard !companions.contains(where: name.hasSuffix), !isFactor(name) else { return .other }
    let words = ExpertWords(of: name, shape: shape)
    if let site = words.site { return .site(site) }
    return words.listPlace.map { .member($0.list, number: $0.number) } ?? .other
  }

  /// What a pattern says, with the numbers of a name for the marks; nil where a mark is in a word, or
  /// is neither that of the layer nor that of the expert.
  private static func meaning(_ known: Meaning, _ numbers: [Int]) -> Meaning? {
    func number(_ mark: Int?) -> Int?? {
      guard let mark else { return .some(nil) }
      let place = mark &- firstMark
      return numbers.indices.contains(place) ? numbers[place] : nil
    }
    func isSpent(_ marks: [Int?]) -> Bool { marks.compactMap(\.self).count == numbers.count }
    switch known {
    case .other: return .other
    case .site(let site):
      guard isSpent([site.layer, site.expert]), let layer = number(site.layer),
        let expert = number(site.expert)
      else { return nil }
      return .site(
        ExpertWords.Site(
          stem: site.stem, layer: layer, pattern: site.pattern, expert: expert,
          isShared: site.isShared))
    case .member(let place, let mark):
      guard isSpent([place.layer, mark]), let layer = number(place.layer) ?? nil,
        let member = number(mark) ?? nil
      else { return nil }
      return .member(
        NumberedList.Place(stem: place.stem, layer: layer, pattern: place.pattern), number: member)
    }
  }

  /// A name with marks in place of its words of digits, and the numbers that they are.
  private static func marked(_ name: String) -> (text: String, numbers: [Int]) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(name.utf8.count + 16)
    var numbers: [Int] = []
    var start = 0
    // Nil while the word is not one of digits.
    var number: Int? = 0
    func isNumber() -> Bool { (1...9).contains(bytes.count - start) }
    func mark() {
      guard let value = number, isNumber() else { return }
      bytes.removeSubrange(start...)
      bytes.append(contentsOf: "\(firstMark + numbers.count)".utf8)
      numbers.append(value)
    }
    for byte in name.utf8 {
      switch byte {
      case UInt8(ascii: "."), UInt8(ascii: "/"):
        mark()
        bytes.append(byte)
        start = bytes.count
        number = 0
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        bytes.append(byte)
        number = number.flatMap { isNumber() ? $0 * 10 + Int(byte - UInt8(ascii: "0")) : nil }
      default:
        bytes.append(byte)
        number = nil
      }
    }
    mark()
    return (String(decoding: bytes, as: UTF8.self), numbers)
  }
}

/// Whether a tensor stands beside the unique part of a factored expert.
private func isFactor(_ name: String) -> Bool {
  name.contains(".remainder.") || name.contains(".correction.")
}
