import CHDF5

extension HDF5File {
  /// An object's attribute of that name when it is one sound string, else `nil`.
  public func stringAttribute(_ name: String, of object: String = "/") -> String? {
    attribute(of: object) { library, object, place throws(HDF5Error) in
      try library.stringAttribute(name, of: object, at: place)
    }
  }

  /// An object's attribute of that name when it is one sound integer that `Int` holds, else `nil`.
  public func integerAttribute(_ name: String, of object: String = "/") -> Int? {
    attribute(of: object) { library, object, place throws(HDF5Error) in
      try library.integerAttribute(name, of: object, at: place)
    }
  }

  /// Whether an object has an attribute of that name, of whatever type and shape.
  ///
  /// - Returns: `false` too where it cannot be found out.
  public func hasAttribute(_ name: String, of object: String = "/") -> Bool {
    let found = attribute(of: object) { library, object, place throws(HDF5Error) in
      try library.hasAttribute(name, of: object, at: place)
    }
    return found ?? false
  }

  /// The root, the groups that hold some tensors, and their datasets, as paths in the file, sorted.
  ///
  /// - Parameter tensors: The names of tensors.
  /// - Returns: The paths, the root's first.
  public func objects(of tensors: [String]) -> [String] {
    var objects: Set = ["/"]
    for object in tensors.compactMap({ datasets[$0]?.object }) {
      for (place, character) in zip(object.indices, object).dropFirst() where character == "/" {
        objects.insert(String(object[..<place]))
      }
      objects.insert(object)
    }
    return objects.sorted()
  }

  // One attribute is looked up when it is asked for, because libhdf5 1.10 crashes when it lists the
  // attributes of a damaged object.
  private func attribute<Value: Sendable>(
    of object: String,
    _ read: (
      _ library: borrowing HDF5Library, _ object: borrowing HDF5Handle, _ place: HDF5Place
    ) throws(HDF5Error) -> Value?
  ) -> Value? {
    HDF5Library.withLock { library in
      do throws(HDF5Error) {
        let place = HDF5Place(path: path, object: object)
        // Safe: libhdf5 reads the name up to its zero byte and keeps nothing of it.
        let opened = try library.own(
          unsafe H5Oopen(handle.identifier, object, chdf5_default()), at: place)
        return try read(library, opened, place)
      } catch {
        return nil
      }
    }
  }
}

extension HDF5Library {
  /// Attributes live in an object header or a heap of at most 64 KiB; longer text is not ours.
  private static let longestText = 65_536

  /// Reads an attribute that is one string, of fixed or variable length; `nil` when there is none.
  func stringAttribute(
    _ name: String, of object: borrowing HDF5Handle, at place: HDF5Place
  ) throws(HDF5Error) -> String? {
    guard let attribute = try attribute(name, of: object, at: place) else { return nil }
    let type = try own(H5Aget_type(attribute.identifier), at: place)
    guard H5Tget_class(type.identifier) == H5T_STRING, try isSingle(attribute, at: place) else {
      return nil
    }
    return try require(H5Tis_variable_str(type.identifier), at: place) > 0
      ? variableText(of: attribute, type: type, at: place)
      : fixedText(of: attribute, type: type, at: place)
  }

  /// Reads an attribute that is one integer; `nil` when there is none, or `Int` cannot hold it.
  fileprivate func integerAttribute(
    _ name: String, of object: borrowing HDF5Handle, at place: HDF5Place
  ) throws(HDF5Error) -> Int? {
    guard let attribute = try attribute(name, of: object, at: place) else { return nil }
    let type = try own(H5Aget_type(attribute.identifier), at: place)
    guard H5Tget_class(type.identifier) == H5T_INTEGER, H5Tget_size(type.identifier) <= 8,
      try isSingle(attribute, at: place)
    else { return nil }
    // libhdf5 would clip a large unsigned number to the largest signed one, so each keeps its sign.
    if H5Tget_sign(type.identifier) == H5T_SGN_NONE {
      var value: UInt64 = 0
      // Safe: one element of eight bytes goes into eight bytes.
      let status = unsafe H5Aread(attribute.identifier, chdf5_integer_type(0, 8, 0), &value)
      try require(status, at: place)
      return Int(exactly: UInt64(littleEndian: value))
    }
    var value: Int64 = 0
    // Safe: as above.
    let status = unsafe H5Aread(attribute.identifier, chdf5_integer_type(1, 8, 0), &value)
    try require(status, at: place)
    return Int(exactly: Int64(littleEndian: value))
  }

  fileprivate func hasAttribute(
    _ name: String, of object: borrowing HDF5Handle, at place: HDF5Place
  ) throws(HDF5Error) -> Bool {
    // Safe: libhdf5 reads the name up to its zero byte and keeps nothing of it.
    let exists = unsafe H5Aexists(object.identifier, name)
    return try require(exists, at: place) > 0
  }

  /// Opens an attribute; `nil` when there is none.
  private func attribute(
    _ name: String, of object: borrowing HDF5Handle, at place: HDF5Place
  ) throws(HDF5Error) -> HDF5Handle? {
    guard try hasAttribute(name, of: object, at: place) else { return nil }
    // Safe: libhdf5 reads the name up to its zero byte and keeps nothing of it.
    return try own(
      unsafe H5Aopen(object.identifier, name, chdf5_default()), at: place)
  }

  private func isSingle(
    _ attribute: borrowing HDF5Handle, at place: HDF5Place
  ) throws(HDF5Error) -> Bool {
    let space = try own(H5Aget_space(attribute.identifier), at: place)
    return H5Sget_simple_extent_npoints(space.identifier) == 1
  }

  private func variableText(
    of attribute: borrowing HDF5Handle, type: borrowing HDF5Handle, at place: HDF5Place
  ) throws(HDF5Error) -> String? {
    let memoryType = try own(H5Tcopy(chdf5_string_type()), at: place)
    try require(H5Tset_size(memoryType.identifier, chdf5_variable_length()), at: place)
    try require(
      H5Tset_cset(memoryType.identifier, H5Tget_cset(type.identifier)), at: place)
    var text: UnsafeMutablePointer<CChar>?
    // Safe: one element of this type is one pointer, set by libhdf5 to text it allocated or nil.
    let status = unsafe H5Aread(attribute.identifier, memoryType.identifier, &text)
    try require(status, at: place)
    guard let text = unsafe text else { return "" }
    // Safe: libhdf5 allocated the text, ended it with a zero byte, and left it to us to free.
    defer { unsafe H5free_memory(text) }
    return unsafe String(validatingCString: text)
  }

  private func fixedText(
    of attribute: borrowing HDF5Handle, type: borrowing HDF5Handle, at place: HDF5Place
  ) throws(HDF5Error) -> String? {
    let byteCount = H5Tget_size(type.identifier)
    guard (1...Self.longestText).contains(byteCount) else { return nil }
    var bytes = [UInt8](repeating: 0, count: byteCount)
    // Safe: one element of this type fills exactly `byteCount` bytes.
    let status = unsafe H5Aread(attribute.identifier, type.identifier, &bytes)
    try require(status, at: place)
    var text = bytes.prefix { $0 != 0 }
    if H5Tget_strpad(type.identifier) == H5T_STR_SPACEPAD {
      while text.last == UInt8(ascii: " ") { text.removeLast() }
    }
    return String(validating: text, as: UTF8.self)
  }
}
