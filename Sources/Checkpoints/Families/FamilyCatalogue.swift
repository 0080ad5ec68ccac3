import Experts
import Foundation

/// All families that are known, read from `families.json`.
struct FamilyCatalogue: Decodable, Sendable {
  private(set) var families: [Family]
  private var layouts: [String: ExpertLayout]
  private var shared: [String: [String: String]]
  private var tensors: [String: TensorNameSet]
  /// How the names of biases, scales and the like follow from those of values.
  let endings: [PartEnding]

  /// The catalogue that is built into the program.
  static let builtIn: FamilyCatalogue = {
    do {
      return try JSONDecoder().decode(
        FamilyCatalogue.self, from: Data(PackageResources.families_json))
    } catch {
      // The file is part of the program, and a test decodes it: this cannot happen at a user's.
      preconditionFailure("families.json does not decode: \(error)")
    }
  }()

  /// The same catalogue with what a file adds; of two things of one name the file's counts.
  func adding(_ file: FamilyFile) -> FamilyCatalogue {
    var catalogue = self
    catalogue.families = [file.family] + families
    catalogue.layouts.merge(file.layouts ?? [:]) { $1 }
    catalogue.shared.merge(file.shared ?? [:]) { $1 }
    catalogue.tensors.merge(file.tensors ?? [:]) { $1 }
    return catalogue
  }

  /// What a family refers to and the catalogue does not have: the key, and what is wrong there; nil
  /// where all is there.
  func lostReference(of family: Family) -> (key: String, reason: String)? {
    func unknown(_ name: String, _ kind: String, of known: some Sequence<String>) -> String {
      "is '\(name)', but there is no such \(kind); there are \(known.sorted().joined(separator: ", "))"
    }
    for (place, placed) in family.experts.enumerated() where layouts[placed.layout] == nil {
      return ("experts[\(place)]", unknown(placed.layout, "layout", of: layouts.keys))
    }
    if let names = family.shared?.names, shared[names] == nil {
      return ("shared.names", unknown(names, "set of shared names", of: shared.keys))
    }
    for (place, set) in family.tensors.enumerated() where tensors[set] == nil {
      return ("tensors[\(place)]", unknown(set, "set of tensors", of: tensors.keys))
    }
    return nil
  }

  /// The family of a name: its own, or a `model_type`.
  func family(named name: String) -> Family? {
    families.first { $0.id == name } ?? family(ofModelType: name)
  }

  /// The family of a `model_type`.
  func family(ofModelType type: String) -> Family? {
    families.first { $0.modelTypes.contains(type) }
  }

  /// Every `model_type` that is known, sorted.
  var modelTypes: [String] { families.flatMap(\.modelTypes).sorted() }

  /// The layouts that a family's experts may have, with the block that each stands in.
  func layouts(of family: Family) -> [(block: String, layout: ExpertLayout)] {
    family.experts.compactMap { placed in
      layouts[placed.layout].map { (placed.block ?? family.block, $0) }
    }
  }

  /// Whether this version reads one of a family's layouts.
  func hasOpenLayout(_ family: Family) -> Bool {
    layouts(of: family).contains { _, layout in
      Projection.allCases.compactMap { layout[$0] }.allSatisfy { $0.refusal == nil }
    }
  }

  /// The blocks that may hold a family's experts, each once.
  func blocks(of family: Family) -> [String] {
    var blocks = [family.block]
    for (block, _) in layouts(of: family) where !blocks.contains(block) { blocks.append(block) }
    return blocks
  }

  /// The names of a family's tensors, but for those that its other members tell.
  func tensorNames(of family: Family) -> [TensorNameSet] {
    family.tensors.compactMap { tensors[$0] }
  }

  /// The names that a bias of routers has in any family.
  var biasNames: [String] { families.flatMap { $0.routing.bias?.names ?? [] } }

  /// The name of a shared expert's projection inside its block.
  func sharedName(_ set: String, _ projection: Projection) -> String? {
    shared[set]?[projection.rawValue]
  }
}

/// A family of models, as the command `sdmoe families` lists it.
public struct KnownFamily: Sendable, Hashable {
  /// The name of the family.
  public let id: String
  /// The values of `model_type` in config.json that mean it.
  public let modelTypes: [String]
  /// How the experts of published checkpoints are stored, in words: `one each` where each has plain
  /// tensors of its own, which this version reads.
  public let published: String
  /// What of the family this version reads.
  public let opening: Opening

  /// What of a family's checkpoints is read.
  public enum Opening: String, Sendable, Hashable {
    /// The published ones.
    case published = "yes"
    /// Others, with one plain tensor for each expert.
    case others = "if saved one each"
    /// None.
    case none = "no"
  }

  /// Every family that is known, in the order of the catalogue.
  public static var all: [KnownFamily] {
    let catalogue = FamilyCatalogue.builtIn
    return catalogue.families.map { family in
      KnownFamily(
        id: family.id, modelTypes: family.modelTypes, published: family.published ?? "one each",
        opening: !catalogue.hasOpenLayout(family)
          ? .none : family.published == nil ? .published : .others)
    }
  }
}
