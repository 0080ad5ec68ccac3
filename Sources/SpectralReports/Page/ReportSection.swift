/// A section of a page.
struct ReportSection: Sendable, Hashable {
  /// The name by which the page's script knows it.
  let id: String

  /// The title.
  let title: String

  /// What is seen, and how to read it.
  let lead: String

  /// The option of `sdmoe analyze` that measures what a missing section shows; empty in pages whose
  /// sections are not measured by any.
  var command = ""
}

extension ReportSection {
  /// The sections of a run's page, in the order that tells the story.
  static let all = [
    profiles, dominant, similarity, router, activation, gradients, data, routing,
  ]

  /// The measures over the layers.
  static let profiles = ReportSection(
    id: "profiles", title: "Layer by layer",
    lead:
      "How the measures change over the depth of the model. Choose a cell of the table, or a layer and a projection above, to see its figures below.",
    command: "--layers with more than one layer")

  /// Bands and spectra.
  static let dominant = ReportSection(
    id: "dominant", title: "Dominant subspace against tail",
    lead:
      "The singular directions of an expert are cut into bands, the leading ones first. Where the first band is far over its floor and the rest is not, experts share their dominant subspace and differ in the tail.",
    command: "--analyses bands,spectrum")

  /// Pairs of experts.
  static let similarity = ReportSection(
    id: "similarity", title: "Similarity of experts",
    lead:
      "Each cell compares the leading subspaces of two experts: 1 is the same subspace, the floor is what random ones show. Beside it the same for the rest of the spectrum, on one scale.",
    command: "--analyses similarity")

  /// Router rows beside experts.
  static let router = ReportSection(
    id: "router", title: "Router alignment",
    lead:
      "How much of a router row lies in the leading directions of each expert. A router that knows its experts has a bright diagonal; one that leans on shared directions is bright everywhere.",
    command: "--analyses router")

  /// Activations along the experts' directions.
  static let activation = ReportSection(
    id: "activation", title: "Active directions and token order",
    lead:
      "How often a token has a component along each of an expert's directions, and how much the input along them changes when the order of the tokens is shuffled.",
    command: "--captures <file> and --analyses activation-ratio,shuffle")

  /// Everything that is measured on gradients.
  static let gradients = ReportSection(
    id: "gradients", title: "Gradients",
    lead:
      "The same measures on the gradients of the loss: experts whose gradients share directions are pushed the same way.",
    command: "--gradients <file>")

  /// The input of the MoE block.
  static let data = ReportSection(
    id: "data", title: "Data alignment",
    lead:
      "Whether the directions that router and experts share come from the data: router rows beside the leading directions of the input, and the leading directions of sequences beside one another.",
    command: "--captures <file> and --analyses router-data,data-alignment")

  /// The router's choices.
  static let routing = ReportSection(
    id: "routing", title: "Routing",
    lead: "How evenly experts are used, and which are chosen together.",
    command: "--captures <file> and --analyses routing")
}
