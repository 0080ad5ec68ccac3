/// One finding of a run: a conclusion that claims no more than its numbers bear, and these.
package struct Finding: Sendable, Equatable {
  /// A number with what it is, such as `similarity 0.303`.
  package struct Number: Sendable, Equatable {
    package let name: String
    package let value: String
  }

  /// What it is about, such as `Shared dominant subspace`.
  package let topic: String
  /// What was found, or that nothing was, as the end of a sentence.
  package let conclusion: String
  /// The numbers behind it.
  package let numbers: [Number]
  /// What else has to be said, in whole sentences; empty where nothing has.
  package let remark: String

  /// States a finding.
  package init(
    _ topic: String, _ conclusion: String, numbers: KeyValuePairs<String, String> = [:],
    remark: String = ""
  ) {
    self.topic = topic
    self.conclusion = conclusion
    self.numbers = numbers.map { Number(name: $0.key, value: $0.value) }
    self.remark = remark
  }

  /// Takes a paragraph that names its topic before its first colon.
  init(paragraph: String) {
    let paragraph = paragraph.hasSuffix(".") ? paragraph.dropLast() : paragraph[...]
    let parts = paragraph.split(separator: ":", maxSplits: 1)
    if parts.count == 2, parts[0].count < 40 {
      self.init(String(parts[0]), String(parts[1].drop { $0 == " " }))
    } else {
      self.init("Note", String(paragraph))
    }
  }

  /// The finding as plain text.
  package var paragraph: String {
    let numbers = numbers.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
    return "\(topic): \(conclusion)\(numbers.isEmpty ? "" : " (\(numbers))")."
      + (remark.isEmpty ? "" : " \(remark)")
  }
}
