import Experts
import Foundation

/// All families that are known, read from `families.json`.
struct FamilyCatalogue: Decodable, Sendable {
  private(set) var families: [Family]
  private var layouts: [String: ExpertLayout]
  private var shared: [String: [String: StoredProjection]]
  private var tensors: [String: TensorNameSet]
  /// How the names of biases, scales and the like follow from those of values.
  var endings: [PartEnding] { PartEnding.all }

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

  /// The same catalogue with further layouts.
  func adding(layouts others: [String: ExpertLayout]) -> FamilyCatalogue {
    var catalogue = self
    catalogue.layouts.merge(others) { $1 }
    return catalogue
  }

  /// What a family refers to and the catalogue does not have: the key, and what is wrong there; nil
  /// where all is there.
  func lostReference(of family: Family) -> (key: String, reason: String)? {
    func unknown(_ name: String, _ kind: String, of known: some Sequence<String>) -> String {
      "is '\(name)', but there is no such \(kind); there are \(known.sorted().joined(separator: ", "))"
    }
    for (place, placed) in family.experts.enumerated() {
      guard let layout = layouts[placed.layout] else {
        return ("experts[\(place)]", unknown(placed.layout, "layout", of: layouts.keys))
      }
      guard let plain = layout.plain else { continue }
      guard let twin = layouts[plain] else {
        return (
          "experts[\(place)]", "its plain layout \(unknown(plain, "layout", of: layouts.keys))"
        )
      }
      guard twin.hasShares(of: layout) else {
        return (
          "experts[\(place)]",
          "its plain layout '\(plain)' stacks experts otherwise, or has other parts of tensors"
        )
      }
    }
    for (place, set) in (family.shared?.places ?? []).enumerated() where shared[set.names] == nil {
      return (
        place == 0 ? "shared.names" : "shared.others[\(place - 1)]",
        unknown(set.names, "set of shared names", of: shared.keys)
      )
    }
    let sites = ExpertSites(of: family, in: self)
    if let expert = family.shared,
      let name = Projection.allCases.lazy
        .flatMap({ sharedWeights(expert, $0) })
        .map({ nameInLayer($0.name, block: family.block) })
        .first(where: { sites.site(of: "layers.0.\($0)") != nil })
    {
      return ("shared.block", "has routed experts' tensors, such as '\(name)'")
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

  /// The layout of the same experts when their numbers are plain.
  func plain(_ layout: ExpertLayout) -> ExpertLayout {
    layout.plain.flatMap { layouts[$0] } ?? layout
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

  /// How a shared expert's projection may be stored, with its name inside the MoE block.
  func sharedWeights(
    _ expert: Family.SharedExpert, _ projection: Projection
  ) -> [(name: String, stored: StoredProjection)] {
    expert.places.compactMap { place in
      shared[place.names]?[projection.rawValue].map {
        (nameInLayer($0.tensor, block: place.block), $0)
      }
    }
  }
}

/// A family of models, as the command `sdmoe families` lists it.
public struct KnownFamily: Sendable, Hashable {
  /// The name of the family.
  public let id: String
  /// The values of `model_type` in config.json that mean it.
  public let modelTypes: [String]
  /// How the experts of published checkpoints are stored, in words: `one each` where each has plain
  /// tensors of its own.
  public let published: String

  /// Every family that is known, in the order of the catalogue.
  public static var all: [KnownFamily] {
    let catalogue = FamilyCatalogue.builtIn
    return catalogue.families.map { family in
      KnownFamily(
        id: family.id, modelTypes: family.modelTypes, published: family.published ?? "one each")
    }
  }
}
