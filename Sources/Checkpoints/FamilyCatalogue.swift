import Foundation

/// All families that are known, read from `families.json`.
struct FamilyCatalogue: Decodable, Sendable {
  let families: [Family]
  private let layouts: [String: ExpertLayout]
  private let shared: [String: [String: String]]

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
  /// Whether checkpoints with one plain tensor for each expert exist, which this version reads.
  public let isReadable: Bool

  /// Every family that is known, in the order of the catalogue.
  public static var all: [KnownFamily] {
    let catalogue = FamilyCatalogue.builtIn
    return catalogue.families.map { family in
      KnownFamily(
        id: family.id, modelTypes: family.modelTypes,
        isReadable: catalogue.layouts(of: family).contains { _, layout in
          Projection.allCases.allSatisfy { layout[$0].isOneMatrixEach }
        })
    }
  }
}
