import Files
import Foundation
import JSON

/// Which files of a folder hold a checkpoint's weights.
///
/// An index decides: what it does not name is not read. Without one, `model.safetensors` or its
/// parts are the model; where there are none, all safetensors files together; where there are none
/// of them either, all HDF5 files together.
struct WeightFolder: Sendable {
  /// The folder.
  let path: String
  /// The files to read, as paths inside the folder, sorted.
  let files: [String]
  /// Whether they are HDF5 files.
  let isHDF5: Bool
  /// What says which tensor lies where; nil where there is nothing of the kind.
  let index: ShardIndex?
  /// Files that are not read although no index says so: what they share with those that are must be
  /// the same.
  let rivals: [String]
  /// What is not read.
  let remarks: [CheckpointRemark]

  private static let mainStem = "model"
  private static let indexEnding = ".safetensors.index.json"

  /// Whether a file is a safetensors file by its name.
  private static func isSafetensors(_ name: String) -> Bool { name.hasSuffix(".safetensors") }

  /// Whether a file is an HDF5 file by its name.
  private static func isHDF5(_ name: String) -> Bool {
    name.hasSuffix(".h5") || name.hasSuffix(".hdf5")
  }

  /// Whether a file holds weights of such folders by its name.
  static func isWeights(_ name: String) -> Bool { isSafetensors(name) || isHDF5(name) }

  /// Whether a file holds weights, or says which files do.
  static func speaksOfWeights(_ name: String) -> Bool {
    isWeights(name) || name.hasSuffix(indexEnding)
  }

  /// The safetensors files that lie in a folder, read or not; none where it cannot be listed.
  static func safetensorsFiles(in path: String) -> [String] {
    ((try? FolderContent(of: path))?.names ?? []).filter(isSafetensors)
  }

  /// Names files that are known to be all that is read.
  init(path: String, files: [String], remarks: [CheckpointRemark]) {
    self.path = path
    self.files = files
    self.remarks = remarks
    isHDF5 = false
    index = nil
    rivals = []
  }

  /// Looks at the names in a folder.
  ///
  /// - Throws: ``CheckpointError``
  init(path: String) throws(CheckpointError) {
    let content: FolderContent
    do {
      content = try FolderContent(of: path)
    } catch {
      throw .unreadable(path: path, reason: "no permission to list it")
    }
    if let name = content.misnamed.first(where: Self.isSafetensors) {
      throw .unreadable(path: path, reason: "the name of its file \(name) is not UTF-8; rename it")
    }
    let names = content.names
    self.path = path
    let safetensors = names.filter(Self.isSafetensors)
    let hdf5 = names.filter(Self.isHDF5)
    let indexes = names.filter { $0.hasSuffix(Self.indexEnding) }
    let reason: String
    let files: [String]
    let index = try Self.index(of: indexes, in: path).map { name throws(CheckpointError) in
      try ShardIndex(name: name, in: path)
    }
    if let index {
      files = index.files
      isHDF5 = false
      rivals = []
      reason =
        "\(index.name) decides, and does not name such files"
        + (safetensors.contains("model.safetensors") && !files.contains("model.safetensors")
          ? " (transformers reads model.safetensors before the index)" : "")
    } else {
      isHDF5 = safetensors.isEmpty
      let all = isHDF5 ? hdf5 : safetensors
      guard !all.isEmpty else { throw .noWeights(path: path) }
      let sets = FileSet.sets(of: all)
      let main = isHDF5 ? [] : sets.filter { $0.stem == Self.mainStem }
      // A set that lacks a part stands back behind one that is whole.
      let chosen = main.isEmpty ? sets : [main.first { $0.missing == nil } ?? main[0]]
      for set in chosen {
        if let (missing, sample) = set.missing {
          throw .incompleteSet(path: path, file: missing, sample: sample, count: set.parts.count)
        }
      }
      files = chosen.flatMap(\.parts).sorted()
      rivals = (safetensors + hdf5).filter { !files.contains($0) }
      reason =
        isHDF5 || main.isEmpty
        ? "safetensors files go before HDF5" : "\(chosen[0].name) goes before other files"
    }
    self.files = files
    self.index = index
    let unread = (indexes + safetensors + hdf5).filter { !files.contains($0) && $0 != index?.name }
    let below = Self.filesBelow(path, of: names, read: files)
    remarks =
      (index?.hasByteOrderMark == true ? [.byteOrderMark(file: index?.name ?? "")] : [])
      + (unread.isEmpty ? [] : [.unreadFiles(unread, reason: reason)])
      + (below.count == 0 ? [] : [.filesBelow(folders: below.folders, count: below.count)])
  }

  /// The index that decides: the one of `model.safetensors`, or the only one.
  private static func index(
    of names: [String], in path: String
  ) throws(CheckpointError) -> String? {
    if names.contains(mainStem + indexEnding) { return mainStem + indexEnding }
    guard names.count < 2 else { throw .severalIndexes(path: path, names: names) }
    return names.first
  }

  private static func filesBelow(
    _ path: String, of names: [String], read: [String]
  ) -> (folders: [String], count: Int) {
    var folders: [String] = []
    var count = 0
    for name in names where !name.hasPrefix(".") {
      let inner = (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(name)")) ?? []
      let unread = inner.filter { file in
        isWeights(file) && !read.contains("\(name)/\(file)")
      }
      if !unread.isEmpty { folders.append("\(name)/") }
      count += unread.count
    }
    return (folders, count)
  }
}

/// Files that belong together by their names: the parts `model-00001-of-00003.safetensors` and so
/// on, or one file.
struct FileSet {
  /// The name without ending and number.
  let stem: String
  /// The number of parts that the names tell; nil for a file that is no part.
  let count: Int?
  private var numbers: [Int: String] = [:]

  private init(stem: String, count: Int?) {
    self.stem = stem
    self.count = count
  }

  /// The files.
  var parts: [String] { numbers.values.sorted() }

  /// What the set is called in messages.
  var name: String { parts[0] }

  /// A part that is not there, and one that is; nil where all are.
  var missing: (file: String, sample: String)? {
    guard let count, numbers.count < count,
      let (number, sample) = numbers.min(by: { $0.key < $1.key })
    else { return nil }
    // Some writers count parts from 0.
    let first = min(number, 1)
    guard let lost = (first..<first + count).first(where: { numbers[$0] == nil }),
      let match = sample.firstMatch(of: Self.pattern)
    else { return nil }
    let digits = String(repeating: "0", count: max(0, match.2.count - "\(lost)".count)) + "\(lost)"
    return (
      sample.replacingCharacters(in: match.2.startIndex..<match.2.endIndex, with: digits), sample
    )
  }

  private static var pattern: Regex<(Substring, Substring, Substring, Substring)> {
    /^(.+)-(\d+)-of-(\d+)\.[a-z0-9]+$/
  }

  /// Sorts files into sets, those of one file first.
  static func sets(of files: [String]) -> [FileSet] {
    var sets: [FileSet] = []
    for file in files {
      let match = file.firstMatch(of: pattern)
      let stem = match.map { String($0.1) } ?? (file as NSString).deletingPathExtension
      let count = match.flatMap { Int($0.3) }
      let place =
        sets.firstIndex { count != nil && $0.stem == stem && $0.count == count } ?? sets.count
      if place == sets.count { sets.append(FileSet(stem: stem, count: count)) }
      sets[place].numbers[match.flatMap { Int($0.2) } ?? 0] = file
    }
    return sets.filter { $0.count == nil } + sets.filter { $0.count != nil }
  }
}
