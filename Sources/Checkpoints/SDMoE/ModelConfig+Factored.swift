import JSON

/// The config.json of a factored checkpoint, made from the ordinary one and turned back into it.
///
/// The tensors of a factored checkpoint are parts. A program that chose its code by the ordinary
/// `model_type` would find no experts among them, and go on with random ones. So the members by
/// which programs choose say something that no library knows, and the original ones stand in
/// `sd_moe.original`.
extension ModelConfig {
  /// The `model_type` of every factored checkpoint.
  public static let factoredModelType = "sd_moe_factored"

  /// What the members by which programs choose a model's code are while its experts are factored.
  private static let standIns = [
    "model_type": "\"\(factoredModelType)\"", "architectures": "[\"SDMoEFactored\"]",
    "auto_map": "{}",
  ]

  /// The members as the ordinary config has them.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)`` where the config is that of a factored
  ///   checkpoint, but does not tell the original.
  static func ordinary(
    _ members: [String: JSONValue], path: String
  ) throws(CheckpointError) -> [String: JSONValue] {
    guard let original = members["sd_moe"]?["original"] else {
      guard members["model_type"]?.stringValue != factoredModelType else {
        throw .badConfig(
          path: path, key: "sd_moe.original",
          reason: "is missing, so nothing tells which model was factored")
      }
      // Of a version that left them as they were.
      return members
    }
    guard let originals = original.objectValue else {
      throw .badConfig(path: path, key: "sd_moe.original", reason: "is not a JSON object")
    }
    var ordinary = members
    for key in standIns.keys { ordinary[key] = originals[key] }
    return ordinary
  }

  /// The text of config.json once the experts are factored.
  ///
  /// - Parameter form: How they are factored.
  /// - Returns: The text, with one member more, and stand-ins for those by which programs choose.
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``
  public func factored(as form: SDMoEForm) throws(CheckpointError) -> [UInt8] {
    let members = try members(of: bytes)
    var text: [UInt8] = []
    var end = 0
    var originals: [String] = []
    for member in members {
      let value = bytes[member.value]
      text += bytes[end..<member.value.lowerBound]
      end = member.value.upperBound
      if let standIn = Self.standIns[member.key] {
        text += standIn.utf8
        originals.append("\"\(member.key)\": \(String(decoding: value, as: UTF8.self))")
      } else {
        text += value
      }
    }
    if !members.contains(where: { $0.key == "model_type" }) {
      text += ",\n  \"model_type\": \"\(Self.factoredModelType)\"".utf8
    }
    text += ",\n  \"sd_moe\": \(form.json(original: originals))".utf8
    return text + bytes[end...]
  }

  /// The text of config.json once the experts are merged again: byte for byte the original, unless
  /// somebody has changed the factored one since.
  ///
  /// - Returns: The text without the member `sd_moe`, and with the original members.
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``
  public func merged() throws(CheckpointError) -> [UInt8] {
    let members = try members(of: bytes)
    var originals: [String: ArraySlice<UInt8>]?
    if let section = members.first(where: { $0.key == "sd_moe" }) {
      originals = try originalValues(inSection: Array(bytes[section.value]))
    }
    guard let first = members.first, let last = members.last else { return bytes }
    var text = Array(bytes[..<first.start])
    var isFirst = true
    for (place, member) in members.enumerated() {
      // What the original had no member for was put in with the section.
      let isAdded =
        Self.standIns[member.key] != nil && originals.map { $0[member.key] == nil } == true
      if member.key == "sd_moe" || isAdded { continue }
      if !isFirst { text += bytes[members[place - 1].value.upperBound..<member.start] }
      isFirst = false
      text += bytes[member.start..<member.value.lowerBound]
      let isReplaced = Self.standIns[member.key] != nil
      text += (isReplaced ? originals?[member.key] : nil) ?? bytes[member.value]
    }
    return text + bytes[last.value.upperBound...]
  }

  /// The original members that a section tells, as they were spelled; nil where it tells none.
  private func originalValues(
    inSection section: [UInt8]
  ) throws(CheckpointError) -> [String: ArraySlice<UInt8>]? {
    guard let place = try members(of: section).first(where: { $0.key == "original" }) else {
      return nil
    }
    let text = Array(section[place.value])
    return Dictionary(
      try members(of: text).map { ($0.key, text[$0.value]) }, uniquingKeysWith: { $1 })
  }

  /// The members of a text that is an object.
  func members(of bytes: [UInt8]) throws(CheckpointError) -> [JSONMember] {
    do {
      return try JSONMember.all(of: bytes)
    } catch {
      throw .badConfig(path: path, key: nil, reason: "is not a JSON object: \(error)")
    }
  }
}
