import Files
import Foundation
import SafetensorsFiles

/// What the folder of an output holds, beside what its certificate says.
extension Certificate {
  /// Whether all files that it names are in a folder, with their sizes.
  func hasItsFiles(in folder: String) -> Bool {
    (files + weightFiles).allSatisfy { file in
      let status = FileStatus(at: "\(folder)/\(file.name)")
      return status?.irregularKind == nil && status?.byteCount == file.bytes
    } && OwnFiles(of: folder).map { FileStatus(at: "\(folder)/\($0.table)") != nil } == true
  }

  /// Everything in a folder that it does not speak of: files, links, and whole folders, which end
  /// in a slash.
  func strangers(in folder: String) -> [String] {
    var known = Set((files + weightFiles).map(\.name))
    if let own = OwnFiles(of: folder) { known.formUnion([own.certificate, own.table]) }
    return unknownEntries(of: folder, besides: known)
  }

  /// What a folder holds that the conversion did not write: ``strangers(in:)``, and files of its
  /// names with other content, which somebody may have put there since.
  ///
  /// A file of weights counts as the conversion's own as long as its header is, or where it is none
  /// at all: its tensors may be damaged.
  func foreignFiles(in folder: String) -> [String] {
    let changed = files.filter { file in
      digest(of: "\(folder)/\(file.name)") { FileManager.default.contents(atPath: $0) }
        .map { $0 != file.sha256 } ?? false
    }
    let changedWeights = weightFiles.filter { file in
      digest(of: "\(folder)/\(file.name)") { path in
        try? Data(SafetensorsFile(path: path).headerBytes())
      }.map { $0 != file.sha256 } ?? false
    }
    return strangers(in: folder) + (changed + changedWeights).map(\.name)
  }

  /// The digest of something that a regular file tells; nil where there is no such file, or it
  /// tells nothing.
  private func digest(of path: String, _ read: (String) -> Data?) -> String? {
    guard FileStatus(at: path)?.irregularKind == nil else { return nil }
    return read(path).map { Files.sha256(of: [UInt8]($0)) }
  }
}
