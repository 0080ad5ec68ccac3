import Experts
import JSON
import Tensors

extension SDMoEForm {
  /// The section as the text of a top-level member's value: indented by two, one unit in each line.
  public var json: String { json(original: nil) }

  /// The section as text.
  ///
  /// - Parameter original: The members of the ordinary config that have something else in the
  ///   factored one, each as its text; nil where none has.
  /// - Returns: The text of a JSON object.
  func json(original: [String]?) -> String {
    let start = "{layer's MoE block}.sd.{projection}"
    // Parts that each expert has for itself are not stacked.
    let expert =
      isStacked
      ? "{expert's weight; of stacked ones {layer's MoE block}.experts.{expert}.{projection}}"
      : "{expert's weight}"
    let names = [
      ("basis", "\(start).basis.left, .basis.right"),
      ("common", "\(start).common.left, .common.right"),
      ("unique", isStacked ? "{tensor of experts' weights}.unique" : "{expert's weight}.unique"),
      ("remainder", "\(expert).remainder.left, .remainder.right"),
      ("correction", "\(expert).correction.index, .correction.value"),
    ]
    let members =
      [
        ("version", "\(version)"), ("form", #""factored""#), ("mode", quoted(mode.rawValue)),
        ("bases", quoted(bases.rawValue)), ("weights", quoted(weights.rawValue)),
        ("sides", quoted(sides.rawValue)), ("common_rank_exact", "\(commonRankExact)"),
        ("dtype", quoted(dtype.rawValue)),
      ] + (isStacked ? [("stacked", "true")] : []) + [
        (
          "names",
          block("{", names.map { "\(quoted($0)): \(quoted($1))" }, "}", indentation: "    ")
        ),
        ("units", block("[", units.map(\.json), "]", indentation: "    ")),
      ] + (original.map { [("original", block("{", $0, "}", indentation: "    "))] } ?? [])
    return block("{", members.map { "\(quoted($0)): \($1)" }, "}", indentation: "  ")
  }

  /// Reads the text of a section.
  ///
  /// - Parameters:
  ///   - json: The value of the member `sd_moe`.
  ///   - path: Where it stands, for messages.
  /// - Returns: What it says; the sizes of a model are not looked at.
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``
  public static func parse(
    _ json: String, path: String
  ) throws(CheckpointError) -> SDMoEForm {
    let value: JSONValue
    do {
      value = try JSONValue.parse(Array(json.utf8))
    } catch {
      throw .badConfig(path: path, key: "sd_moe", reason: "is not JSON: \(error)")
    }
    return try SDMoEForm(value, path: path)
  }

  /// Reads a section of config.json.
  init(_ section: JSONValue, path: String) throws(CheckpointError) {
    let reader = try SectionReader(section, key: "sd_moe", path: path)
    let version = try reader.integer("version")
    guard version == Self.currentVersion else {
      throw reader.failure(
        "version", "is \(version), but this sdmoe reads version \(Self.currentVersion)")
    }
    _ = try reader.word("form", FormName.self)
    self.init(
      version: version, mode: try reader.word("mode"), bases: try reader.word("bases"),
      weights: try reader.word("weights"), sides: try reader.word("sides"),
      commonRankExact: try reader.boolean("common_rank_exact"),
      dtype: try reader.decodableType("dtype"),
      isStacked: reader.has("stacked") ? try reader.boolean("stacked") : false, units: [])
    let list = try reader.list("units")
    guard !list.isEmpty else { throw reader.failure("units", "is empty") }
    var seen: Set<[String]> = []
    for (place, value) in list.enumerated() {
      let reader = try SectionReader(value, key: "sd_moe.units[\(place)]", path: path)
      let unit = FactoredUnit(
        layer: try reader.integer("layer"), projection: try reader.word("projection"),
        commonRank: try reader.integer("common_rank"),
        originalType: try reader.decodableType("original_dtype"))
      guard unit.commonRank > 0 else {
        throw reader.failure("common_rank", "is \(unit.commonRank), but must be positive")
      }
      guard seen.insert(["\(unit.layer)", unit.projection.rawValue]).inserted else {
        throw .badConfig(
          path: path, key: reader.key,
          reason: "is \(unit.projection.rawValue) of layer \(unit.layer), which stood before")
      }
      units.append(unit)
    }
  }

  /// Checks the units against a model.
  func check(
    sizes: Checkpoint.Sizes, moeLayers: [Int], path: String
  ) throws(CheckpointError) {
    let known = Set(moeLayers)
    for (place, unit) in units.enumerated() {
      let key = "sd_moe.units[\(place)]"
      guard known.contains(unit.layer) else {
        throw .badConfig(
          path: path, key: "\(key).layer",
          reason: "is \(unit.layer), but the layers with experts are \(rangesText(moeLayers))")
      }
      let shape = unit.projection.shape(
        hiddenSize: sizes.hiddenSize, width: sizes.expertWidth)
      // A rank near the end of the integers must not overflow where it is subtracted.
      guard unit.commonRank <= shape[0] + shape[1],
        uniqueRank(of: unit, rows: shape[0], columns: shape[1]) > 0
      else {
        throw .badConfig(
          path: path, key: "\(key).common_rank",
          reason:
            "is \(unit.commonRank), which leaves nothing of matrices of \(TensorDescription.text(of: shape))"
        )
      }
    }
  }

  private enum FormName: String, CaseIterable {
    case factored
  }
}

extension FactoredUnit {
  fileprivate var json: String {
    #"{"layer": \#(layer), "projection": \#(quoted(projection.rawValue)), "#
      + #""common_rank": \#(commonRank), "original_dtype": \#(quoted(originalType.rawValue))}"#
  }
}

/// Text in quotation marks; nothing here has to be escaped.
private func quoted(_ text: String) -> String { "\"\(text)\"" }

/// A JSON list or object of one element in each line, its end at that indentation.
private func block(
  _ open: String, _ elements: [String], _ close: String, indentation: String
) -> String {
  guard !elements.isEmpty else { return open + close }
  let lines = elements.map { "\n\(indentation)  \($0)" }.joined(separator: ",")
  return "\(open)\(lines)\n\(indentation)\(close)"
}

/// Reads the members of one object of the section, each of which must be there.
private struct SectionReader {
  let key: String
  let path: String
  private let members: [String: JSONValue]

  init(_ value: JSONValue, key: String, path: String) throws(CheckpointError) {
    guard let members = value.objectValue else {
      throw .badConfig(path: path, key: key, reason: "is not a JSON object")
    }
    self.members = members
    self.key = key
    self.path = path
  }

  func has(_ name: String) -> Bool { members[name] != nil }

  func failure(_ name: String, _ reason: String) -> CheckpointError {
    .badConfig(path: path, key: "\(key).\(name)", reason: reason)
  }

  private func member<Value>(
    _ name: String, as kind: String, _ convert: (JSONValue) -> Value?
  ) throws(CheckpointError) -> Value {
    guard let value = members[name] else { throw failure(name, "is missing") }
    guard let converted = convert(value) else { throw failure(name, "is not \(kind)") }
    return converted
  }

  func integer(_ name: String) throws(CheckpointError) -> Int {
    try member(name, as: "a whole number") { $0.integerValue }
  }

  func boolean(_ name: String) throws(CheckpointError) -> Bool {
    try member(name, as: "true or false") { $0.boolValue }
  }

  func list(_ name: String) throws(CheckpointError) -> [JSONValue] {
    try member(name, as: "a list") { $0.arrayValue }
  }

  func word<Word: RawRepresentable & CaseIterable>(
    _ name: String, _ type: Word.Type = Word.self
  ) throws(CheckpointError) -> Word where Word.RawValue == String {
    let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
    return try member(name, as: "one of \(known)") {
      $0.stringValue.flatMap(Word.init(rawValue:))
    }
  }

  func decodableType(_ name: String) throws(CheckpointError) -> ElementType {
    try member(name, as: "one of F64, F32, F16, BF16") {
      $0.stringValue.flatMap(ElementType.init(rawValue:)).flatMap { $0.isDecodable ? $0 : nil }
    }
  }
}
