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

  /// What the name of a tensor says.
  ///
  /// - Complexity: O(length of the name)
  mutating func meaning(of name: String, shape: [Int]) -> Meaning {
    let (text, numbers) = Self.marked(name)
    let pattern = Pattern(
      name: text, axisCount: shape.count, isStack: ExpertWords.isStack(shape))
    // A number within a word, or one that is neither layer nor expert, is of the name itself.
    return Self.meaning(meaning(of: pattern, shape: shape), numbers) ?? look(at: name, shape: shape)
  }

  private mutating func meaning(of pattern: Pattern, shape: [Int]) -> Meaning {
    if let known = meanings[pattern] { return known }
    let found = look(at: pattern.name, shape: shape)
    meanings[pattern] = found
    return found
  }

  private func look(at name: String, shape: [Int]) -> Meaning {
    guard !isFactor(name) else { return .other }
    let words = ExpertWords(of: name, shape: shape)
    // A weight has rows and columns.
    if shape.count < 2 || companions.contains(where: name.hasSuffix) {
      guard var site = words.site, site.kind == .weight, site.layer != nil else { return .other }
      site.kind = .companion
      return .site(site)
    }
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
    func areSpent(_ first: Int?, _ second: Int?) -> Bool {
      (first == nil ? 0 : 1) + (second == nil ? 0 : 1) == numbers.count
    }
    switch known {
    case .other: return .other
    case .site(let site):
      guard areSpent(site.layer, site.expert), let layer = number(site.layer),
        let expert = number(site.expert)
      else { return nil }
      return .site(
        ExpertWords.Site(
          stem: site.stem, layer: layer, pattern: site.pattern, expert: expert,
          kind: site.kind))
    case .member(let place, let mark):
      guard areSpent(place.layer, mark), let layer = number(place.layer) ?? nil,
        let member = number(mark) ?? nil
      else { return nil }
      return .member(
        NumberedList.Place(stem: place.stem, layer: layer, pattern: place.pattern), number: member)
    }
  }

  /// A name with marks in place of its words of digits, and the numbers that they are.
  private static func marked(_ name: String) -> (text: String, numbers: [Int]) {
    let characters = name.utf8Span.span
    var bytes: [UInt8] = []
    bytes.reserveCapacity(characters.count + 16)
    var numbers: [Int] = []
    var wordStart = 0
    // What the word is so far as a number; nil where it is none.
    var number: Int? = 0
    for place in 0...characters.count {
      let byte = place < characters.count ? characters[place] : UInt8(ascii: ".")
      switch byte {
      case UInt8(ascii: "."), UInt8(ascii: "/"):
        if let number, (1...9).contains(bytes.count - wordStart) {
          bytes.removeLast(bytes.count - wordStart)
          bytes.append(contentsOf: mark(numbers.count).utf8)
          numbers.append(number)
        }
        if place < characters.count { bytes.append(byte) }
        wordStart = bytes.count
        number = 0
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        bytes.append(byte)
        // A number begins with no zero, or is written otherwise than it will be looked for.
        let isFirst = bytes.count - wordStart == 1
        number = number.flatMap { value in
          (isFirst || value > 0) && value < 100_000_000
            ? value * 10 + Int(byte - UInt8(ascii: "0")) : nil
        }
      default:
        bytes.append(byte)
        number = nil
      }
    }
    return (String(decoding: bytes, as: UTF8.self), numbers)
  }

  private static let marks = (0..<4).map { "\(firstMark + $0)" }

  /// What stands for a number in a pattern.
  private static func mark(_ number: Int) -> String {
    number < marks.count ? marks[number] : "\(firstMark + number)"
  }
}

/// Whether a tensor stands beside the unique part of a factored expert.
private func isFactor(_ name: String) -> Bool {
  name.contains(".remainder.") || name.contains(".correction.")
}
