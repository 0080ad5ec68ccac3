import Experts
import Files
import Foundation
import JSON

/// A family that a user describes in a file, in the form of `families.json`.
struct FamilyFile: Decodable, Sendable {
  let layouts: [String: ExpertLayout]?
  let shared: [String: [String: StoredProjection]]?
  let tensors: [String: TensorNameSet]?
  private let families: [Family]

  /// The only family of the file.
  var family: Family { families[0] }

  /// Reads a file, and checks every member of it.
  ///
  /// - Returns: What it says, and the digest of its bytes.
  /// - Throws: ``CheckpointError/badFamily(path:key:reason:)`` and
  ///   ``CheckpointError/unreadable(path:reason:)``.
  static func read(
    _ path: String
  ) throws(CheckpointError) -> (file: FamilyFile, digest: String) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .unreadable(path: path, reason: "no permission to read it, or it is no file")
    }
    let bytes = [UInt8](data)
    let value: JSONValue
    do {
      value = try JSONDocument(bytes).value
    } catch {
      throw .badFamily(path: path, key: nil, reason: "\(error)")
    }
    if let mistake = FamilyForm.file.mistake(in: value, at: "") {
      throw .badFamily(
        path: path, key: mistake.key.isEmpty ? nil : mistake.key, reason: mistake.reason)
    }
    guard value["families"]?.arrayValue?.count == 1 else {
      throw .badFamily(
        path: path, key: "families", reason: "must hold one family, the one of the checkpoint")
    }
    do {
      let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
      let text = bytes.starts(with: mark) ? data.dropFirst(mark.count) : data
      let file = try JSONDecoder().decode(FamilyFile.self, from: Data(text))
      if let mistake = file.contradiction {
        throw CheckpointError.badFamily(path: path, key: mistake.key, reason: mistake.reason)
      }
      return (file, sha256(of: bytes))
    } catch let error as CheckpointError {
      throw error
    } catch {
      // The form has checked all members; what is left is beyond it, such as a number out of range.
      throw .badFamily(path: path, key: nil, reason: "holds a value that cannot be read")
    }
  }

  /// Members that do not go together: the key, and what is wrong there; nil where all do.
  private var contradiction: (key: String, reason: String)? {
    for (name, layout) in (layouts ?? [:]).sorted(by: { $0.key < $1.key }) {
      for projection in Projection.allCases {
        guard let stored = layout[projection] else { continue }
        let matrix: Set<StoredProjection.Axis> = [.input, .output]
        guard Set(stored.matrixAxes) == matrix, stored.matrixAxes.count == 2,
          stored.isStacked != stored.tensor.contains("{E}")
        else {
          return (
            "layouts.\(name).\(projection.rawValue).axes",
            "must be out and in, in their order; with expert before them, or expert x with the first, where 'tensor' has no {E}, and only there"
          )
        }
      }
      if let twin = twin(in: layout) {
        return (
          "layouts.\(name).\(twin.second.rawValue).tensor",
          "is that of \(twin.first.rawValue) too; one tensor holds both only where their 'part' says which half, or which of two outputs in turn, is whose"
        )
      }
    }
    for (name, names) in (shared ?? [:]).sorted(by: { $0.key < $1.key }) {
      for (first, second) in Projection.pairs {
        if let one = names[first.rawValue], let other = names[second.rawValue], one.overlaps(other)
        {
          return (
            "shared.\(name).\(second.rawValue)", "is that of \(first.rawValue) too"
          )
        }
      }
    }
    let rule = family.moeLayers
    let isCounted = [.period, .interval].contains(rule.rule)
    if ![.all, .sparseStep].contains(rule.rule), rule.key == nil {
      return (
        "families[0].moeLayers.key", "is missing, but the rule '\(rule.rule.rawValue)' needs it"
      )
    }
    if isCounted, rule.frequencyKey == nil {
      return (
        "families[0].moeLayers.frequencyKey",
        "is missing, but the rule '\(rule.rule.rawValue)' needs it"
      )
    }
    return nil
  }

  /// Two projections that would be read from the same elements; nil where there are none.
  private func twin(in layout: ExpertLayout) -> (first: Projection, second: Projection)? {
    Projection.pairs.first { first, second in
      guard let one = layout[first], let other = layout[second] else { return false }
      return one.overlaps(other)
    }
  }
}

extension Projection {
  /// Each two of them, in their order.
  fileprivate static var pairs: [(first: Projection, second: Projection)] {
    allCases.indices.flatMap { place in
      allCases[(place + 1)...].map { (allCases[place], $0) }
    }
  }
}
