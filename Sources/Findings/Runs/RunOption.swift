/// An option that changes results, by its name on the command line without the dashes.
///
/// An analysis that has one names it where it stands; a key that others ask for too stands beside
/// the tables of the analysis.
public struct RunOption<Value>: Sendable {
  /// The name, such as `routed-only`.
  public let name: String

  /// Names an option.
  public init(_ name: String) { self.name = name }
}

/// What an option was set to.
public enum RunOptionValue: Sendable, Equatable {
  /// Whether a flag was given.
  case flag(Bool)
  /// A number.
  case number(Double)
  /// A word, or a number that a word may stand for.
  case word(String)

  /// The option in words of the command line; nothing for a flag that was not given.
  func argument(named name: String) -> String? {
    switch self {
    case .flag(let isGiven): isGiven ? "--\(name)" : nil
    case .number(let number): "--\(name) \(number)"
    case .word(let word): "--\(name) \(word)"
    }
  }
}

extension RunOptionValue: Codable {
  /// Reads a value of a manifest.
  public init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let flag = try? value.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else {
      self = .word(try value.decode(String.self))
    }
  }

  /// Writes the value alone.
  public func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    switch self {
    case .flag(let flag): try value.encode(flag)
    case .number(let number): try value.encode(number)
    case .word(let word): try value.encode(word)
    }
  }
}
