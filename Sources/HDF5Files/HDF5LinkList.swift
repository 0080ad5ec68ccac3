import CHDF5

/// The links that libhdf5 lists in a group.
struct HDF5LinkList {
  /// The most names taken from one list, so that a hostile file cannot fill the memory.
  static let limit = 500_000

  struct Entry {
    /// The name; when it is not UTF-8, a readable stand-in.
    let name: String
    /// Its kind, one of the shim's `chdf5_..._link`.
    let kind: CInt
    /// Whether the name can stand in a path and in a line of text.
    let isUsable: Bool
  }

  private(set) var entries: [Entry] = []

  /// Appends to the list that its last argument points to.
  static var visitor: chdf5_visitor {
    { name, kind, context in
      guard let name = unsafe name, let context = unsafe context else { return 0 }
      // Safe: the caller passes a list that outlives the visit, and names end with a zero byte.
      let list = unsafe context.assumingMemoryBound(to: HDF5LinkList.self)
      unsafe list.pointee.append(String(validatingCString: name), String(cString: name), kind)
      return unsafe list.pointee.entries.count > HDF5LinkList.limit ? 1 : 0
    }
  }

  private mutating func append(_ valid: String?, _ repaired: String, _ kind: CInt) {
    entries.append(
      Entry(name: repaired, kind: kind, isUsable: valid.map(Self.isUsable) ?? false))
  }

  /// Whether a name is one step of a path, and no character of it could forge a line of a listing.
  static func isUsable(_ name: String) -> Bool {
    !name.isEmpty && name != "."
      && name.unicodeScalars.allSatisfy { scalar in
        scalar != "/" && scalar.properties.generalCategory != .control
          && scalar.properties.generalCategory != .lineSeparator
          && scalar.properties.generalCategory != .paragraphSeparator
      }
  }
}
