public import Experts
import Files
import Foundation
import TensorFiles
public import Tensors
import Workers

/// A Mixture-of-Experts checkpoint on disk: a folder with config.json and weight files, opened and
/// surveyed.
///
/// Opening reads headers only. What prevents any survey (no config, an unknown family, a damaged
/// file) is thrown; what is wrong with single tensors is kept in ``problems`` and in each
/// ``MoELayer``.
public struct Checkpoint: Sendable {
  /// The sizes that config.json gives.
  public struct Sizes: Sendable, Hashable {
    /// The width of the residual stream, d.
    public let hiddenSize: Int
    /// The width of the routed experts that are measured, m.
    public let expertWidth: Int
    /// The width of the shared expert; nil where there is none.
    public let sharedWidth: Int?
    /// The number of routed experts in a layer, N; where layers differ, the largest.
    public let expertCount: Int
    /// The number of decoder layers, with and without experts; layers for multi-token prediction
    /// are not counted.
    public let layerCount: Int
  }

  /// The folder, or the file of GGUF that was named.
  public let path: String
  /// The family's name.
  public let family: String
  /// What tells the family that was chosen from others; nil for the one that `model_type` means.
  public let chosenFamily: String?
  /// The `model_type` of config.json.
  public let modelType: String
  /// The sizes that config.json gives.
  public let sizes: Sizes
  /// How the experts are factored; nil for the ordinary form.
  public let form: SDMoEForm?
  /// The decoder's layers with experts, ascending.
  public let layers: [MoELayer]
  /// Layers with experts past those that config.json counts, as layers for multi-token prediction
  /// are, ascending; measured where they are asked for.
  public let furtherLayers: [MoELayer]
  /// The projections that experts have: without the gate where no expert has one.
  public var projections: [Projection] { survey.projections }
  /// Everything wrong with tensors of the decoder's layers, in the order of the layers.
  public let problems: [CheckpointError]
  /// Whether the experts' width was asked for, not taken from config.json.
  public let isWidthAsked: Bool
  /// The number of tensors in all files.
  public var tensorCount: Int { files.tensorCount }
  /// The number of weight files.
  public var fileCount: Int { files.files.count }
  /// The size of all weight files, in bytes.
  public var byteCount: Int { files.byteCount }

  /// What config.json says of the language model.
  public let config: ModelConfig
  /// What is no fault, but should not pass unmentioned.
  public private(set) var remarks: [CheckpointRemark]
  let tensorNames: TensorNames
  let survey: LayerSurvey
  private var files: WeightFiles { survey.files }

  /// Opens a checkpoint and finds its experts, from headers alone.
  ///
  /// - Parameters:
  ///   - path: A folder with config.json and safetensors or HDF5 files, a GGUF file or a folder that
  ///     holds one model in such files, the folder of a model in the cache of the Hugging Face hub, or
  ///     what a model there is called, such as `Qwen/Qwen1.5-MoE-A2.7B`. A folder goes first.
  ///   - revision: The branch, tag or commit of a model in that cache, or what only one commit begins
  ///     with; nil for `main`, or the only one.
  ///   - chosen: The family to read it as; nil for the one that `model_type` means.
  ///   - expertWidth: The width of the experts that are measured, where there are several; nil for
  ///     the one that config.json gives, or its first.
  /// - Throws: ``CheckpointError``, and the errors of the rooms that read the files.
  /// - Complexity: O(size of the headers)
  public init(
    path: String, revision: String? = nil, family chosen: ChosenFamily? = nil,
    expertWidth: Int? = nil
  ) throws {
    try self.init(
      path: path, revision: revision, family: chosen, expertWidth: expertWidth, cache: HubCache())
  }

  /// Opens a checkpoint that may be in some cache of the hub.
  package init(
    path: String, revision: String? = nil, family chosen: ChosenFamily? = nil,
    expertWidth: Int? = nil, cache: HubCache
  ) throws {
    let place = try CheckpointPlace(of: path, revision: revision, cache: cache)
    do {
      switch place.content {
      case .gguf(let model):
        try self.init(gguf: model, family: chosen, expertWidth: expertWidth)
      case .folder(let folder):
        try self.init(in: folder, family: chosen, expertWidth: expertWidth)
      }
    } catch let error as CheckpointError {
      throw place.snapshot?.explained(error) ?? error
    }
    remarks = place.remarks + remarks
  }

  private init(in folder: String, family chosen: ChosenFamily?, expertWidth: Int?) throws {
    if let foreign = ForeignWeights.error(inFolder: folder) { throw foreign }
    let whole = try ModelConfig(path: "\(folder)/config.json")
    if let chosen {
      let type = (try? whole.modelType) ?? "none"
      // A family that is built in may have been saved without the part that is not of language.
      if let file = chosen.file, let root = chosen.family.configRoot, whole.section(root) == nil {
        throw CheckpointError.badFamily(
          path: file, key: "families[0].configRoot",
          reason: "is '\(root)', but \(whole.path) has no such object")
      }
      let usual = FamilyCatalogue.builtIn.family(ofModelType: type)?.id
      try self.init(
        folder: folder, whole: whole, modelType: type, family: chosen.family,
        catalogue: chosen.catalogue,
        chosenFamily: chosen.identity == usual ? nil : chosen.identity, expertWidth: expertWidth)
    } else {
      let (type, family) = try Self.family(of: whole, in: folder)
      try self.init(
        folder: folder, whole: whole, modelType: type, family: family, catalogue: .builtIn,
        expertWidth: expertWidth)
    }
  }

  /// Finds the experts of a checkpoint of some family, in files that may be open already.
  init(
    folder: String, whole: ModelConfig, modelType type: String, family: Family,
    catalogue: FamilyCatalogue, chosenFamily: String? = nil, expertWidth: Int? = nil,
    files opened: WeightFiles? = nil, gguf names: GGUFNames? = nil
  ) throws {
    let config = whole.languagePart(of: family)
    guard let outline = try ModelOutline(config, family: family, expertWidth: expertWidth) else {
      // Weights that are there outweigh a config that denies them.
      throw Self.anyExpert(in: folder, catalogue).map {
        CheckpointError.unexpectedExperts(path: folder, layer: nil, tensor: $0)
      } ?? .dense(path: folder, modelType: type)
    }
    let form = try config.sdMoE.map { section throws(CheckpointError) in
      try SDMoEForm(section, path: config.path)
    }
    let files = try opened ?? WeightFiles(folder: folder)
    let spelling =
      try names.map { TensorSpelling(of: files, gguf: $0) }
      ?? TensorSpelling(
        of: files, folder: folder, family: family, catalogue: catalogue,
        moeLayers: outline.moeLayers)
    let survey = LayerSurvey(
      folder: names == nil ? folder : files.files[0].tensors.path, family: family,
      catalogue: catalogue, files: files.spelled(spelling),
      outline: outline, prefix: spelling.prefix, form: form, notes: try config.quantization,
      numberType: try config.numberType)
    let moeLayers = outline.moeLayers.filter { survey.holdsMeasured($0) }
    let further = survey.furtherStarts.keys.filter { survey.holdsMeasured($0) }.sorted()
    // Experts past the decoder's layers alone are measured where their width was asked for.
    guard !moeLayers.isEmpty || (outline.isWidthAsked && !further.isEmpty) else {
      guard survey.widths.isEmpty else {
        throw CheckpointError.noSuchWidth(
          path: folder, width: outline.expertWidth, widths: survey.widths)
      }
      throw survey.census.example.map {
        CheckpointError.unexpectedExperts(path: folder, layer: nil, tensor: $0)
      } ?? .dense(path: folder, modelType: type)
    }
    let counts = (moeLayers + further).map { survey.experts(ofLayer: $0).count }
    let sizes = Sizes(
      hiddenSize: outline.hiddenSize, expertWidth: outline.expertWidth,
      sharedWidth: outline.sharedWidth, expertCount: counts.max() ?? 0,
      layerCount: outline.layerCount)
    try form?.check(sizes: sizes, moeLayers: moeLayers + further, path: config.path)
    self.path = folder
    self.family = family.id
    self.chosenFamily = chosenFamily
    modelType = type
    self.sizes = sizes
    self.form = form
    self.config = config
    self.survey = survey
    tensorNames = TensorNames(
      family: family, catalogue: catalogue, prefix: survey.prefix, sizes: sizes)
    layers = mapAtOnce(count: moeLayers.count) { survey.layer(moeLayers[$0]) }
    furtherLayers = further.map { survey.layer($0) }
    remarks =
      whole.remarks + files.remarks + spelling.remarks
      + survey.remarks(on: outline).map { .unlikeConfig($0) }
      + [survey.strayScales(in: layers + furtherLayers)].compactMap(\.self)
    isWidthAsked = outline.isWidthAsked
    let dense = Set(0..<outline.layerCount).subtracting(outline.moeLayers).sorted()
    let unexpected: [CheckpointError] = dense.compactMap { layer in
      survey.unexpectedExpert(inLayer: layer).map {
        .unexpectedExperts(path: folder, layer: layer, tensor: $0)
      }
    }
    // Strange names are one fault, of all layers.
    let strange = survey.strangeNames.map { [$0] } ?? []
    problems =
      unexpected + strange + layers.flatMap(\.problems).filter { !strange.contains($0) }
  }

  /// A tensor of experts in a folder, whatever its config says; nil where there is none, or where
  /// the files cannot be read.
  static func anyExpert(in folder: String, _ catalogue: FamilyCatalogue) -> String? {
    guard let files = try? WeightFiles(folder: folder) else { return nil }
    return ExpertCensus(of: files, endings: catalogue.endings).example
  }

  /// Tensors of experts that are not measured when some layers are, by layer and reason.
  ///
  /// - Parameter numbers: The layers; nil for the decoder's.
  /// - Returns: Each with its reason; of the decoder's layers none that is only not asked for.
  /// - Complexity: O(tensors of experts)
  public func unmeasured(measuring numbers: [Int]? = nil) -> [UnmeasuredExperts] {
    survey.unmeasured(measuring: Set(numbers ?? []), moeLayers: Set(layers.map(\.index)))
  }

  /// Computes what tells the checkpoint from another, a SHA-256 digest in hexadecimal.
  ///
  /// It is taken over config.json, and over the name, the size, the header and samples of the
  /// content of every weight file: weights that were trained further or damaged all over give
  /// another fingerprint, a few changed bytes between the samples do not. It never shows that two
  /// checkpoints are the same.
  ///
  /// - Returns: 64 digits.
  /// - Throws: The files' errors when a header or a sample cannot be read.
  /// - Complexity: O(size of the headers), and 32 KiB of each file.
  public func fingerprint() throws -> String { try digest { try $0.identity() } }

  /// Computes a digest of all but the content of the weights: of config.json, of the name, the size
  /// and the header of every weight file, and of the family where another one was chosen.
  ///
  /// - Returns: 64 digits.
  /// - Throws: The files' errors when a header cannot be read.
  /// - Complexity: O(size of the headers)
  public func structure() throws -> String {
    // How the files are read is part of what results depend on, and not of what they are.
    try digest(chosenFamily.map { "family \($0)\n" } ?? "") { try $0.structure() }
  }

  private func digest(
    _ start: String = "", _ describe: (StoredTensors) throws -> String
  ) throws -> String {
    var lines = "\(start)config.json \(sha256(of: config.bytes))\n"
    for file in files.files { lines += "\(file.name) \(try describe(file.tensors))\n" }
    // Which of two tensors counts is a matter of the index, which the files do not show.
    for tensor in files.unread { lines += "not read: \(tensor.file) \(tensor.tensor)\n" }
    return sha256(of: Array(lines.utf8))
  }

  /// What a file says of the tensor of that name; nil where the checkpoint has none.
  public func tensor(named name: String) -> TensorDescription? { files[name]?.tensor }

  /// The widths of experts past the decoder's layers where none is of the width that is measured,
  /// ascending; empty where some are.
  public var otherWidthsPastLayers: [Int] {
    guard furtherLayers.isEmpty else { return [] }
    return Set(survey.furtherStarts.keys.flatMap { survey.otherWidths(inLayer: $0) }).sorted()
  }

  /// The layers with those numbers, past the decoder's too, or all of the decoder's that have
  /// experts.
  ///
  /// - Throws: ``CheckpointError/noSuchLayer(path:layer:layerCount:moeLayers:)``,
  ///   ``CheckpointError/otherWidth(path:layer:width:widths:)``, and
  ///   ``CheckpointError/widthPastLayers(path:width:layers:)``
  public func layers(numbered numbers: [Int]?) throws -> [MoELayer] {
    guard let numbers else {
      guard !layers.isEmpty else {
        throw CheckpointError.widthPastLayers(
          path: path, width: sizes.expertWidth, layers: furtherLayers.map(\.index))
      }
      return layers
    }
    let known = layers + furtherLayers
    let chosen = try Set(numbers).sorted().map { number in
      guard let layer = known.first(where: { $0.index == number }) else {
        let widths = survey.otherWidths(inLayer: number)
        guard widths.isEmpty else {
          throw CheckpointError.otherWidth(
            path: path, layer: number, width: sizes.expertWidth, widths: widths)
        }
        throw CheckpointError.noSuchLayer(
          path: path, layer: number, layerCount: sizes.layerCount,
          moeLayers: known.map(\.index))
      }
      return layer
    }
    return chosen
  }
}
