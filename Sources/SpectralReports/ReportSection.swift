/// The sections of a page, in the order that tells the story.
enum ReportSection: String, CaseIterable, Encodable {
  case profiles, dominant, similarity, router, activation, gradients, data, routing

  /// The section that shows a table's figures.
  init?(table: String) {
    for section in Self.allCases where section.tables.contains(table) {
      self = section
      return
    }
    return nil
  }

  /// The tables whose figures stand here, in order.
  var tables: [String] {
    switch self {
    case .profiles: []
    case .dominant: ["bands", "spectrum"]
    case .similarity: ["similarity", "tail_similarity"]
    case .router: ["router_score", "router_alignment"]
    case .activation: ["activation_ratio", "shuffle"]
    case .gradients:
      ["gradient_similarity", "gradient_tail_similarity", "gradient_bands", "gradient_spectrum"]
    case .data: ["router_data", "data_alignment"]
    case .routing: ["routing", "coactivation"]
    }
  }

  var title: String {
    switch self {
    case .profiles: "Layer by layer"
    case .dominant: "Dominant subspace against tail"
    case .similarity: "Similarity of experts"
    case .router: "Router alignment"
    case .activation: "Active directions and token order"
    case .gradients: "Gradients"
    case .data: "Data alignment"
    case .routing: "Routing"
    }
  }

  /// What is seen, and how to read it.
  var lead: String {
    switch self {
    case .profiles:
      "How the measures change over the depth of the model. Choose a cell of the table, or a layer and a projection above, to see its figures below."
    case .dominant:
      "The singular directions of an expert are cut into bands, the leading ones first. Where the first band is far over its floor and the rest is not, experts share their dominant subspace and differ in the tail."
    case .similarity:
      "Each cell compares the leading subspaces of two experts: 1 is the same subspace, the floor is what random ones show. Beside it the same for the rest of the spectrum, on one scale."
    case .router:
      "How much of a router row lies in the leading directions of each expert. A router that knows its experts has a bright diagonal; one that leans on shared directions is bright everywhere."
    case .activation:
      "How often a token has a component along each of an expert's directions, and how much the input along them changes when the order of the tokens is shuffled."
    case .gradients:
      "The same measures on the gradients of the loss: experts whose gradients share directions are pushed the same way."
    case .data:
      "Whether the directions that router and experts share come from the data: router rows beside the leading directions of the input, and the leading directions of sequences beside one another."
    case .routing: "How evenly experts are used, and which are chosen together."
    }
  }

  /// The option of `sdmoe analyze` that measures what a missing section shows.
  var command: String {
    switch self {
    case .profiles: "--layers with more than one layer"
    case .dominant: "--analyses bands,spectrum"
    case .similarity: "--analyses similarity"
    case .router: "--analyses router"
    case .activation: "--captures <file>, with --analyses activation-ratio,shuffle"
    case .gradients: "--gradients <file>"
    case .data: "--captures <file>, with --analyses router-data,data-alignment"
    case .routing: "--captures <file>, with --analyses routing"
    }
  }
}
