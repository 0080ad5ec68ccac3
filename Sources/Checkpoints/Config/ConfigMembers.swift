import JSON

/// The members of an object of config.json, by their keys.
///
/// A key with points leads into objects: `ffn_config.moe_num_experts`.
struct ConfigMembers: Sendable {
  /// The members of the object itself.
  let own: [String: JSONValue]

  subscript(key: String) -> JSONValue? {
    if let value = own[key] { return value }
    guard let point = key.firstIndex(of: "."), let inner = own[String(key[..<point])]?.objectValue
    else { return nil }
    return ConfigMembers(own: inner)[String(key[key.index(after: point)...])]
  }
}
