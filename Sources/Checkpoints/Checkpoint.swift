import Foundation
import TensorFiles
public import Tensors

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
    /// The width of a routed expert, m.
    public let expertWidth: Int
    /// The width of the shared expert; nil where there is none.
    public let sharedWidth: Int?
    /// The number of routed experts in a layer, N.
    public let expertCount: Int
    /// The number of decoder layers, with and without experts; layers for multi-token prediction
    /// are not counted.
    public let layerCount: Int

    /// The rows and columns of a projection of an expert of that width.
    func shape(of projection: Projection, width: Int) -> [Int] {
      projection == .down ? [hiddenSize, width] : [width, hiddenSize]
    }
  }

  /// The folder.
  public let path: String
  /// The family's name.
  public let family: String
  /// The `model_type` of config.json.
  public let modelType: String
  /// The sizes that config.json gives.
  public let sizes: Sizes
  /// How the experts are factored; nil for the ordinary form.
  public let form: SDMoEForm?
  /// The layers with experts, ascending.
  public let layers: [MoELayer]
  /// Everything wrong with tensors, in the order of the layers.
  public let problems: [CheckpointError]
  /// The number of tensors in all files.
  public var tensorCount: Int { files.tensorCount }
  /// The number of weight files.
  public var fileCount: Int { files.files.count }
  /// The size of all weight files, in bytes.
  public var byteCount: Int { files.byteCount }

  let config: ModelConfig
  let survey: LayerSurvey
  private var files: WeightFiles { survey.files }

  /// Opens a checkpoint and finds its experts, from headers alone.
  ///
  /// - Parameter path: A folder with config.json and safetensors or HDF5 files, or the folder of a
  ///   model in the cache of the Hugging Face hub.
  /// - Throws: ``CheckpointError``, and the errors of the rooms that read the files.
  /// - Complexity: O(size of the headers)
  public init(path: String) throws {
    let folder = try Self.folder(at: path)
    if let foreign = WeightFiles.foreignFormat(in: folder) { throw foreign }
    var config = try ModelConfig(path: "\(folder)/config.json")
    let catalogue = FamilyCatalogue.builtIn
    let type = try config.modelType
    guard let family = catalogue.family(ofModelType: type) else {
      throw config.speaksOfExperts
        ? CheckpointError.unknownModelType(
          path: config.path, modelType: type, known: catalogue.modelTypes)
        : CheckpointError.dense(path: folder, modelType: type)
    }
    config.enter(family.configRoot)
    let layerCount = try config.size(["num_hidden_layers"], atMost: 100_000)
    let moeLayers =
      try Self.hasExperts(config, family)
      ? family.moeLayers.layers(of: config, layerCount: layerCount) : []
    guard !moeLayers.isEmpty else {
      throw CheckpointError.dense(path: folder, modelType: type)
    }
    let sizes = Sizes(
      hiddenSize: try config.size(["hidden_size"]), expertWidth: try config.size(family.width),
      sharedWidth: try Self.sharedWidth(config, family),
      // Every expert of every layer is looked for: a config must not make that endless.
      expertCount: try config.size(family.expertCount, atMost: 1_000_000 / moeLayers.count),
      layerCount: layerCount)
    let form = try config.sdMoE.map { section throws(CheckpointError) in
      try SDMoEForm(section, path: config.path)
    }
    try form?.check(sizes: sizes, moeLayers: moeLayers, path: config.path)
    let files = try WeightFiles(folder: folder)
    let survey = LayerSurvey(
      folder: folder, family: family, catalogue: catalogue, files: files, sizes: sizes,
      moeLayers: moeLayers, form: form)
    self.path = folder
    self.family = family.id
    modelType = type
    self.sizes = sizes
    self.form = form
    self.config = config
    self.survey = survey
    layers = moeLayers.map { survey.layer($0) }
    let dense = Set(0..<layerCount).subtracting(moeLayers).sorted()
    problems =
      dense.compactMap { layer in
        survey.unexpectedExpert(inLayer: layer).map {
          .unexpectedExperts(path: folder, layer: layer, tensor: $0)
        }
      } + layers.flatMap(\.problems)
  }

  /// Computes the checkpoint's identity, a SHA-256 digest in hexadecimal.
  ///
  /// It is taken over config.json, and over the name, the size, the header and samples of the
  /// content of every weight file: weights that were trained further or damaged all over give
  /// another identity, a few changed bytes between the samples do not.
  ///
  /// - Returns: 64 digits.
  /// - Throws: The files' errors when a header or a sample cannot be read.
  /// - Complexity: O(size of the headers), and 32 KiB of each file.
  public func fingerprint() throws -> String {
    var lines = "config.json \(sha256(of: config.bytes))\n"
    for file in files.files {
      lines += "\(file.name) \(try file.tensors.identity())\n"
    }
    return sha256(of: Array(lines.utf8))
  }

  /// What a file says of the tensor of that name; nil where the checkpoint has none.
  public func tensor(named name: String) -> TensorDescription? { files[name]?.tensor }

  /// The layers with those numbers, or all that have experts.
  ///
  /// - Throws: ``CheckpointError/noSuchLayer(path:layer:layerCount:moeLayers:)``
  public func layers(numbered numbers: [Int]?) throws -> [MoELayer] {
    guard let numbers else { return layers }
    let chosen = try Set(numbers).sorted().map { number in
      guard let layer = layers.first(where: { $0.index == number }) else {
        throw CheckpointError.noSuchLayer(
          path: path, layer: number, layerCount: sizes.layerCount,
          moeLayers: layers.map(\.index))
      }
      return layer
    }
    return chosen
  }

  /// The folder of a path; in the hub's cache, that of the revision in use.
  private static func folder(at given: String) throws(CheckpointError) -> String {
    var path = given
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    let manager = FileManager.default
    var isFolder: ObjCBool = false
    // Safe: Foundation writes one Boolean there during the call.
    guard unsafe manager.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw .missing(path: path)
    }
    guard isFolder.boolValue else {
      let formats = [
        ".gguf": "GGUF", ".bin": "a PyTorch pickle (.bin)", ".pt": "a PyTorch pickle (.pt)",
        ".pth": "a PyTorch pickle (.pth)",
      ]
      if let format = formats.first(where: { path.hasSuffix($0.key) })?.value {
        throw .foreignFormat(path: path, format: format)
      }
      throw .notAFolder(path: path)
    }
    if !manager.fileExists(atPath: "\(path)/config.json"),
      let data = manager.contents(atPath: "\(path)/refs/main")
    {
      let revision = String(decoding: data, as: UTF8.self)
        .trimmingCharacters(in: .whitespacesAndNewlines)
      let snapshot = "\(path)/snapshots/\(revision)"
      if !revision.contains("/"), manager.fileExists(atPath: snapshot) { return snapshot }
    }
    return path
  }

  private static func hasExperts(
    _ config: ModelConfig, _ family: Family
  ) throws(CheckpointError) -> Bool {
    for key in family.expertCount {
      if let count = try config.integer(key) { return count != 0 }
      if config.has(key) { return false }
    }
    throw .badConfig(
      path: config.path, key: family.expertCount.joined(separator: " or "), reason: "is missing")
  }

  private static func sharedWidth(
    _ config: ModelConfig, _ family: Family
  ) throws(CheckpointError) -> Int? {
    guard let shared = family.shared else { return nil }
    var width = 1
    for key in shared.width {
      // No key, null or zero: the model was made without a shared expert.
      guard let factor = try config.integer(key), factor > 0 else { return nil }
      width = width.multipliedReportingOverflow(by: factor).partialValue
    }
    return width
  }
}
