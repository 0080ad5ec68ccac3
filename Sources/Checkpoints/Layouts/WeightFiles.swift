import Files
import Foundation
import Synchronization
import TensorFiles
import Tensors
import Workers

/// The weight files of a checkpoint folder, opened and checked, and the place of every tensor in
/// them.
struct WeightFiles: Sendable {
  /// A file, under the name that it has in the folder.
  struct File: Sendable {
    let name: String
    let tensors: StoredTensors
  }

  /// The files, sorted by name.
  let files: [File]
  /// What the files hold under the name of a tensor without being one, and why.
  let skipped: [String: (path: String, reason: String)]
  /// What is not read of the folder, or is read once though it stands twice.
  let remarks: [CheckpointRemark]
  /// The index that says which tensor lies where; nil where there is none.
  let indexName: String?
  /// Tensors of the files that are not read, because another place counts, or none.
  let unread: [(file: String, tensor: String)]
  private let places: [String: Place]
  /// The names that tensors have in the files, by those that the family has.
  private var spelling: TensorSpelling?

  /// Where a tensor lies.
  struct Place: Sendable, Equatable {
    /// The number of the file.
    let file: Int
    /// The number of the tensor in it.
    var tensor: Int
  }

  /// The number of tensors in all files.
  var tensorCount: Int { places.count }

  /// The size of all files, in bytes.
  var byteCount: Int { files.reduce(0) { $0 + $1.tensors.byteCount } }

  /// The names of all tensors, as the files have them, in no order.
  var names: some Collection<String> { places.keys }

  /// The names of those tensors, as the files have them, for which a condition holds, in no order:
  /// looked at on all cores.
  func names(where isWanted: @Sendable (String) -> Bool) -> [String] {
    mapAtOnce(count: files.count) { number in
      var names: [String] = []
      forEach(inFile: number) { tensor, _ in if isWanted(tensor.name) { names.append(tensor.name) }
      }
      return names
    }.flatMap(\.self)
  }

  /// Shows all tensors of a file that are read.
  func forEach(inFile number: Int, _ body: (TensorDescription, Place) -> Void) {
    for (place, tensor) in files[number].tensors.file.tensors.enumerated() {
      let here = Place(file: number, tensor: place)
      if unread.isEmpty || places[tensor.name] == here { body(tensor, here) }
    }
  }

  /// The tensor of that name, be it the family's or the file's.
  subscript(name: String) -> Weight.Source? {
    place(of: name).map { source(at: $0) }
  }

  /// The tensors of a file that are read.
  func tensors(ofFile number: Int) -> [TensorDescription] {
    let unread = Set(unread.lazy.filter { $0.file == files[number].name }.map(\.tensor))
    return files[number].tensors.file.tensors.filter { !unread.contains($0.name) }
  }

  /// Whether there is a tensor of that name, or what takes its place where experts are factored.
  func holdsWeight(_ name: String) -> Bool {
    !packed(name).isEmpty || place(of: FactoredExpertNames(weight: name).unique) != nil
  }

  /// The file that holds a tensor which the index does not place there, though nowhere else either.
  func unlistedFile(of name: String) -> String? {
    let stored = storedName(name)
    return unread.first { $0.tensor == name || $0.tensor == stored }?.file
  }

  /// The same files, with tensors also found under the names that the family has.
  func spelled(_ spelling: TensorSpelling) -> WeightFiles {
    var files = self
    files.spelling = spelling
    return files
  }

  /// How the files spell, or would spell, a name that the family has.
  func storedName(_ name: String) -> String {
    guard let spelling, !spelling.isPlain, places[name] == nil else { return name }
    return spelling.storedName(name)
  }

  /// What the family calls a tensor of the files.
  func plainName(_ stored: String) -> String { spelling?.plain(stored) ?? stored }

  /// Opens the weight files of a folder.
  ///
  /// - Throws: ``CheckpointError``, and the errors of the files' rooms.
  init(folder path: String) throws {
    let (folder, headers) = try Self.folderAndHeaders(at: path)
    let files = try mapAtOnce(count: folder.files.count) { number in
      let name = folder.files[number]
      return File(
        name: name,
        tensors: folder.isHDF5
          ? try StoredTensors(hdf5: "\(path)/\(name)")
          : try headers[name]?.get() ?? Self.wholeTensors(at: "\(path)/\(name)"))
    }
    try self.init(files: files, folder: folder)
    for name in folder.rivals {
      // What cannot be opened holds no other version of a tensor.
      guard let rival = try? StoredTensors(path: "\(path)/\(name)") else { continue }
      for tensor in rival.file.tensors {
        guard let place = places[tensor.name] else { continue }
        try source(at: place).requireSame(as: Weight.Source(file: rival.file, tensor: tensor))
      }
    }
  }

  /// Looks through a folder, and opens the safetensors files in it beside that: the index of a large
  /// model takes as long as all headers do, and names what lies there.
  private static func folderAndHeaders(
    at path: String
  ) throws -> (folder: WeightFolder, headers: [String: Result<StoredTensors, any Error>]) {
    let names = WeightFolder.safetensorsFiles(in: path)
    let headers = Mutex<[String: Result<StoredTensors, any Error>]>([:])
    let folders = try mapAtOnce(count: 1 + names.count) { number -> WeightFolder? in
      guard number > 0 else { return try WeightFolder(path: path) }
      let name = names[number - 1]
      let opened = Result { try wholeTensors(at: "\(path)/\(name)") }
      headers.withLock { $0[name] = opened }
      return nil
    }
    return (try folders[0] ?? WeightFolder(path: path), headers.withLock(\.self))
  }

  /// Opens a safetensors file that holds whole tensors, not one rank's slices.
  private static func wholeTensors(at path: String) throws -> StoredTensors {
    let tensors = try StoredTensors(safetensors: path)
    guard tensors.text(of: "DCP_SHARDING_INFO") == nil else {
      throw CheckpointError.distributedSave(path: path)
    }
    return tensors
  }

  /// Finds the tensors of files that are open.
  ///
  /// - Throws: ``CheckpointError``, and the files' errors.
  init(files: [File], folder: WeightFolder) throws {
    self.files = files
    var unread: [(file: String, tensor: String)] = []
    var repeated: [(tensor: String, files: [String])] = []
    // What the index names, before its tensors are found.
    var places = folder.index?.places.mapValues { Place(file: $0, tensor: -1) } ?? [:]
    var lostCount = places.count
    if folder.index == nil {
      places.reserveCapacity(files.reduce(0) { $0 + $1.tensors.file.tensors.count })
    }
    // Most of the time goes to looking names up, which all cores can do where none is added.
    let slots = mapAtOnce(count: folder.index == nil ? 0 : files.count) { [places] number in
      files[number].tensors.file.tensors.map { places.index(forKey: $0.name) }
    }
    for (number, file) in files.enumerated() {
      for (place, tensor) in file.tensors.file.tensors.enumerated() {
        if let slot = folder.index == nil ? places.index(forKey: tensor.name) : slots[number][place]
        {
          let earlier = places.values[slot]
          if folder.index == nil {
            let first = files[earlier.file]
            let source = Weight.Source(
              file: first.tensors.file, tensor: first.tensors.file.tensors[earlier.tensor])
            try source.requireSame(as: Weight.Source(file: file.tensors.file, tensor: tensor))
            unread.append((file.name, tensor.name))
            repeated.append((tensor.name, [first.name, file.name]))
          } else if earlier.file == number {
            places.values[slot].tensor = place
            lostCount -= 1
          } else {
            unread.append((file.name, tensor.name))
          }
        } else if folder.index == nil {
          places[tensor.name] = Place(file: number, tensor: place)
        } else {
          unread.append((file.name, tensor.name))
        }
      }
    }
    // The least of them, so that the same broken index always names the same tensor.
    if let index = folder.index, lostCount > 0,
      let lost = places.filter({ $0.value.tensor < 0 }).min(by: { $0.key < $1.key })
    {
      throw CheckpointError.tensorNotInShard(
        path: "\(folder.path)/\(index.files[lost.value.file])", tensor: lost.key, index: index.name)
    }
    self.places = places
    self.unread = unread
    indexName = folder.index?.name
    var remarks = folder.remarks
    if let index = folder.index, let first = unread.min(by: { $0.tensor < $1.tensor }) {
      remarks.append(
        .unlistedTensors(
          count: unread.count, first: first.tensor, file: first.file, index: index.name))
    }
    if let first = repeated.min(by: { $0.tensor < $1.tensor }) {
      remarks.append(
        .repeatedTensors(count: repeated.count, first: first.tensor, files: first.files))
    }
    self.remarks = remarks
    var skipped: [String: (path: String, reason: String)] = [:]
    for file in files {
      for entry in file.tensors.skipped {
        guard let end = entry.firstRange(of: ": ") else { continue }
        let name = String(entry[..<end.lowerBound].dropFirst()).replacing("/", with: ".")
        skipped[name] = (file.tensors.path, String(entry[end.upperBound...]))
      }
    }
    self.skipped = skipped
  }

  private func place(of name: String) -> Place? {
    places[name] ?? spelling?.stored[name].flatMap { places[$0] }
  }

  /// The tensor that lies there, and its file.
  func source(at place: Place) -> Weight.Source {
    Weight.Source(file: files[place.file].tensors.file, tensor: tensor(at: place))
  }

  /// The tensor that lies there.
  func tensor(at place: Place) -> TensorDescription {
    files[place.file].tensors.file.tensors[place.tensor]
  }
}

extension Weight.Source {
  /// Makes sure that two tensors which are called the same are the same.
  ///
  /// - Throws: ``CheckpointError/twoVersions(tensor:first:otherTensor:second:)``, and the files'
  ///   errors.
  /// - Complexity: O(bytes), unless the first bytes differ.
  func requireSame(as other: Weight.Source) throws {
    // A link to the same file needs no reading.
    if tensor == other.tensor, !file.stamp.isEmpty, file.stamp == other.file.stamp { return }
    guard tensor.shape == other.tensor.shape, tensor.elementType == other.tensor.elementType,
      try file.digest(of: tensor) == other.file.digest(of: other.tensor)
    else {
      throw CheckpointError.twoVersions(
        tensor: tensor.name, first: file.path, otherTensor: other.tensor.name,
        second: other.file.path)
    }
  }
}
