import Checkpoints
import Foundation
import TestSupport
import Tensors
import Testing

/// Checks the data of families.json itself, against the file as it lies in the sources.
@Suite struct FamilyCatalogueTests {
  struct Catalogue: Decodable {
    struct Layout: Decodable {
      struct Stored: Decodable {
        let tensor: String
        let axes: [String]
        let packings: [String]?
      }

      let gate_proj: Stored?
      let up_proj: Stored
      let down_proj: Stored
      let plain: String?
    }

    struct Family: Decodable {
      struct Shared: Decodable {
        let block: String
        let names: String
        let others: [String]?
        let width: [String]
      }

      struct Rule: Decodable {
        let rule: String
        let key: String?
        let frequencyKey: String?
      }

      struct Routing: Decodable {
        struct Bias: Decodable {
          let names: [String]
          let key: String?
          let `default`: Bool?
        }

        struct Groups: Decodable {
          let count: [String]
          let kept: [String]
          let methodKey: String?
          let methods: [String: Bool]?
        }

        let perToken: [String]
        let bias: Bias?
        let groups: Groups?
      }

      let id: String
      let modelTypes: [String]
      let prefixes: [String]?
      let block: String
      let router: [String]
      let experts: [String]
      let shared: Shared?
      let expertCount: [String]
      let width: [String]
      let moeLayers: Rule
      let routing: Routing
      let tensors: [String]
    }

    let layouts: [String: Layout]
    /// A name, or how a projection is stored.
    struct Shared: Decodable {
      let tensor: String

      init(from decoder: any Decoder) throws {
        tensor =
          try (try? decoder.singleValueContainer().decode(String.self))
          ?? Layout.Stored(from: decoder).tensor
      }
    }

    let shared: [String: [String: Shared]]
    let tensors: [String: [String: [String: [String]]]]
    let families: [Family]
  }

  static let path = "../Sources/Checkpoints/Families/families.json"
  static let projections: Set = ["gate_proj", "up_proj", "down_proj"]

  let catalogue: Catalogue

  init() throws {
    catalogue = try Fixture.decode(from: Self.path)
  }

  @Test("The catalogue that is built in has the 67 families of the file, in its order")
  func builtIn() {
    #expect(KnownFamily.all.count == 67)
    #expect(KnownFamily.all.map(\.id) == catalogue.families.map(\.id))
    #expect(KnownFamily.all.map(\.modelTypes) == catalogue.families.map(\.modelTypes))
  }

  @Test("Family names and model types are unique, and no family is without a type")
  func uniqueness() {
    let ids = catalogue.families.map(\.id)
    #expect(Set(ids).count == ids.count)
    let types = catalogue.families.flatMap(\.modelTypes)
    #expect(Set(types).count == types.count)
    #expect(catalogue.families.allSatisfy { !$0.modelTypes.isEmpty })
  }

  @Test("Every layout and every set of shared names that a family refers to exists")
  func references() {
    for family in catalogue.families {
      for placed in family.experts {
        let layout = placed.split(separator: ":").last.map(String.init) ?? ""
        #expect(catalogue.layouts[layout] != nil, "\(family.id) refers to layout '\(placed)'")
      }
      if let shared = family.shared {
        #expect(catalogue.shared[shared.names] != nil, "\(family.id): '\(shared.names)'")
        for placed in shared.others ?? [] {
          let names = placed.split(separator: ":").last.map(String.init) ?? ""
          #expect(catalogue.shared[names] != nil, "\(family.id): '\(placed)'")
        }
        #expect(!shared.block.isEmpty && !shared.width.isEmpty, "\(family.id)")
      }
      for set in family.tensors {
        #expect(catalogue.tensors[set] != nil, "\(family.id) refers to tensors '\(set)'")
      }
      #expect(!family.experts.isEmpty && !family.router.isEmpty, "\(family.id)")
      #expect(!family.expertCount.isEmpty && !family.width.isEmpty, "\(family.id)")
      #expect(!family.block.hasSuffix("."), "\(family.id)")
      for prefix in family.prefixes ?? [] {
        #expect(prefix.isEmpty || prefix.hasSuffix("."), "\(family.id): prefix '\(prefix)'")
      }
    }
  }

  @Test("Every set of names is used, by roles that exist, and gives every name once")
  func tensors() {
    let used = Set(catalogue.families.flatMap(\.tensors))
    #expect(Set(catalogue.tensors.keys) == used)
    for (set, places) in catalogue.tensors {
      for names in places.values {
        #expect(names.keys.allSatisfy { TensorRole(rawValue: $0) != nil }, "\(set)")
        let all = names.values.flatMap { $0 }
        #expect(Set(all).count == all.count && !all.contains(""), "\(set)")
      }
    }
  }

  @Test("Every layout names up and down, and mostly the gate, with two axes or an expert axis")
  func layouts() {
    for (name, layout) in catalogue.layouts {
      for stored in [layout.gate_proj, layout.up_proj, layout.down_proj].compactMap(\.self) {
        // Either each expert has a tensor of its own, or there is an axis of experts.
        let axes = stored.axes.joined(separator: " x ").split(separator: " x ")
        #expect(stored.tensor.contains("{E}") != axes.contains("expert"), "\(name)")
        #expect(axes.contains("in") && axes.contains("out"), "\(name)")
        let packings = Set(Packings.all.map(\.name))
        #expect(packings.isSuperset(of: stored.packings ?? []), "\(name)")
      }
      if let plain = layout.plain { #expect(catalogue.layouts[plain]?.plain == nil, "\(name)") }
    }
    for (name, names) in catalogue.shared {
      #expect(Set(names.keys).union(["gate_proj"]) == Self.projections, "\(name)")
    }
  }

  @Test("A rule that needs a key of config.json names it")
  func rules() {
    let withoutKeys: Set = ["all", "sparse step"]
    for family in catalogue.families where !withoutKeys.contains(family.moeLayers.rule) {
      #expect(family.moeLayers.key != nil, "\(family.id)")
    }
    for family in catalogue.families where ["period", "interval"].contains(family.moeLayers.rule) {
      #expect(family.moeLayers.frequencyKey != nil, "\(family.id)")
    }
  }

  @Test("Every family says how its routers choose experts, with a default for what may be missing")
  func routing() {
    for family in catalogue.families {
      let routing = family.routing
      #expect(!routing.perToken.isEmpty, "\(family.id)")
      #expect(routing.bias?.names.isEmpty != true, "\(family.id)")
      #expect((routing.bias?.key == nil) == (routing.bias?.default == nil), "\(family.id)")
      #expect(routing.groups?.count.isEmpty != true, "\(family.id)")
      #expect(routing.groups?.kept.isEmpty != true, "\(family.id)")
      #expect((routing.groups?.methodKey == nil) == (routing.groups?.methods == nil))
    }
  }

  @Test("Stacked and packed families say so")
  func published() {
    let stacked = KnownFamily.all.filter { $0.published.contains("stacked") }.map(\.id)
    #expect(
      stacked == [
        "qwen3_5_moe", "qwen3_vl_moe", "dbrx", "gpt_oss", "openai_privacy_filter", "llama4",
        "mistral4", "step3", "step3p5", "gemma4", "inkling", "inkling2", "granitemoe", "jetmoe",
        "aria", "hy_v4",
      ])
    let packed = KnownFamily.all.filter { $0.published.contains("FP") }.map(\.id)
    #expect(
      packed == [
        "deepseek_v3", "deepseek_v32", "deepseek_v4", "gpt_oss", "mimo_v2_flash", "minimax_m2",
      ])
  }
}
