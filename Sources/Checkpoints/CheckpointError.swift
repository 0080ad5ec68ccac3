import Files
import JSON
public import Tensors

/// What can be wrong with a checkpoint.
///
/// Errors of a single file come from its own room.
public enum CheckpointError: Error, Equatable, Sendable {
  /// Nothing lies at that path.
  case missing(path: String)
  /// A model is neither a folder nor in the hub's cache, or not in that revision; what the cache holds
  /// of it.
  case notInCache(name: String, revision: String?, cache: String, held: [String], command: String)
  /// The hub's cache holds several snapshots, and nothing says which is meant.
  case severalSnapshots(path: String, revision: String?, held: [String])
  /// A snapshot in the hub's cache lacks files.
  case incompleteSnapshot(path: String, reason: String, command: String)
  /// A link in the hub's cache leads out of the model's folder there.
  case linkLeavesCache(path: String, target: String)
  /// A revision was asked for of a folder or file that is no model in the hub's cache.
  case revisionOfPath(path: String, revision: String)
  /// A file was given that is none of a model by itself.
  case notAFolder(path: String)
  /// The file or folder holds weights in a format that is not read; what to do with them, where it is
  /// another thing than to save them as safetensors.
  case foreignFormat(path: String, format: String, advice: String? = nil)
  /// A GGUF file does not say what is needed of it, or contradicts others.
  case badGGUF(path: String, key: String, reason: String)
  /// The architecture of a GGUF file is not known.
  case unknownArchitecture(path: String, architecture: String, known: [String])
  /// A folder holds several models in GGUF files.
  case severalGGUF(path: String, names: [String])
  /// The folder has no config.json.
  case noConfig(path: String)
  /// A file cannot be read.
  case unreadable(path: String, reason: String)
  /// config.json, or one key of it, is not as it should be.
  case badConfig(path: String, key: String?, reason: String)
  /// The family is not known; those whose tensors are called alike, best first, and otherwise one of
  /// the tensors that are experts by their names or shapes.
  case unknownModelType(
    path: String, modelType: String, known: [String], alike: [String] = [], expert: String? = nil)
  /// There is neither a family nor a file of that name.
  case unknownFamily(name: String, known: [String])
  /// A file that describes a family, or one key of it, is not as it should be.
  case badFamily(path: String, key: String?, reason: String)
  /// The model has no experts.
  case dense(path: String, modelType: String)
  /// The folder has no weight files.
  case noWeights(path: String)
  /// There is no index, and one of the files that belong together by their names is missing.
  case incompleteSet(path: String, file: String, sample: String, count: Int)
  /// There are several indexes, and none is that of `model.safetensors`.
  case severalIndexes(path: String, names: [String])
  /// The index is not as it should be.
  case badIndex(path: String, reason: String)
  /// The index names a file outside the folder.
  case indexLeavesFolder(path: String, file: String)
  /// The index names files that are not there.
  case missingShards(path: String, files: [String], index: String)
  /// The index names a tensor that its shard lacks.
  case tensorNotInShard(path: String, tensor: String, index: String)
  /// A file holds a tensor, but the index places it nowhere.
  case unlistedTensor(path: String, tensor: String, index: String)
  /// Two tensors which are called the same, but for words of wrappers, are not the same, and nothing
  /// says which counts.
  case twoVersions(tensor: String, first: String, otherTensor: String, second: String)
  /// Layers with experts stand behind several prefixes, and none is one that the family has.
  case severalModels(path: String, prefixes: [String])
  /// The files are the slices that the ranks of a distributed run saved.
  case distributedSave(path: String)
  /// A tensor that the config promises is missing, or is there in a form that is no tensor.
  case missingTensor(path: String, tensor: String, reason: String? = nil)
  /// A layer past those that config.json counts has experts, but not all that belongs to them.
  case incompleteFurtherLayer(path: String, layer: Int, tensor: String)
  /// The part of an expert that sdmoe split stands where config.json promises the whole.
  case strayFactor(path: String, tensor: String)
  /// The family has experts of other names than all that are here.
  case strangeNames(path: String, family: String, tensor: String)
  /// A layer has as many experts as its router, but under other numbers than the router's rows.
  case misnumberedExperts(path: String, layer: Int, numbers: [Int])
  /// A tensor has another shape than the config says.
  case wrongShape(path: String, tensor: String, shape: [Int], expected: [Int])
  /// A tensor of the factored SD-MoE form is of another type than the form says.
  case wrongType(path: String, tensor: String, elementType: ElementType, expected: ElementType)
  /// The same weights are there under two names.
  case storedTwice(path: String, tensor: String, other: String)
  /// A tensor is stored in a way that this version does not read; what to do with it, where it is
  /// another thing than to save the model with plain numbers.
  case unsupported(
    path: String, tensor: String, elementType: String, reason: String, advice: String? = nil)
  /// The config says that a layer, or nil for the whole model, has no experts, but it has some.
  case unexpectedExperts(path: String, layer: Int?, tensor: String)
  /// No layer has experts of the width that was asked for.
  case noSuchWidth(path: String, width: Int, widths: [Int])
  /// A layer was asked for whose experts are all of other widths than the one that is measured.
  case otherWidth(path: String, layer: Int, width: Int, widths: [Int])
  /// Only layers past the decoder's have experts of the width that was asked for, and none of them
  /// was.
  case widthPastLayers(path: String, width: Int, layers: [Int])
  /// A layer was asked for that the checkpoint does not have, or that has no experts.
  case noSuchLayer(path: String, layer: Int, layerCount: Int, moeLayers: [Int])
  /// The logits of a layer's router do not tell which experts it chooses.
  case unknownRouting(path: String, layer: Int, reason: String)
}

extension CheckpointError: CustomStringConvertible {
  /// What went wrong, and what to try next.
  public var description: String {
    switch self {
    case .missing(let path):
      "\(path): there is no such folder or file; give the folder that holds config.json and the weight files, or a GGUF file"
    case .notInCache(let name, let revision, let cache, let held, let command):
      held.isEmpty
        ? "\(name): there is no such folder, and the Hugging Face cache (\(cache)) does not hold the model; download it with: \(command)"
        : "\(name): the Hugging Face cache (\(cache)) does not hold \(revision.map { "its revision '\($0)'" } ?? "what its 'main' is"), only \(held.joined(separator: ", ")); download it with: \(command)"
    case .severalSnapshots(let path, let revision, let held):
      revision.map {
        "\(path): '\($0)' is what \(held.count) snapshots begin with, \(held.joined(separator: ", ")); write more of it"
      }
        ?? "\(path): holds \(held.count) snapshots, \(held.joined(separator: ", ")), and none is called main; choose with --revision"
    case .incompleteSnapshot(let path, let reason, let command):
      "\(path): \(reason), so the download is not complete; finish it with: \(command)"
    case .linkLeavesCache(let path, let target):
      "\(path): is a link to '\(target)', outside of the model's folder in the cache, and is not followed; download the model again"
    case .revisionOfPath(let path, let revision):
      "\(path): lies here as it is, so there is no revision '\(revision)' of it; leave --revision out, or name a model in the Hugging Face cache"
    case .notAFolder(let path):
      "\(path): is neither a folder nor a GGUF file; give the folder that holds config.json and the weight files"
    case .foreignFormat(let path, let format, let advice):
      "\(path): holds weights as \(format), which sdmoe does not read; \(advice ?? "save the model as safetensors (transformers: save_pretrained) and analyse that folder")"
    case .badGGUF(let path, let key, let reason):
      "\(path): \(quoted(key)) \(reason); download or convert it again"
    case .unknownArchitecture(let path, let architecture, let known):
      "\(path): the architecture \(quoted(architecture)) is not known; known are \(known.joined(separator: ", ")); name the family that it is like with --family"
    case .severalGGUF(let path, let names):
      "\(path): holds \(names.count) models in GGUF files, \(names.prefix(4).joined(separator: ", "))\(names.count > 4 ? " and others" : ""); name one of the files"
    case .noConfig(let path):
      "\(path): there is no config.json here, so the family of the model is not known; copy it from where the weights come from"
    case .unreadable(let path, let reason):
      "\(path): cannot be read: \(withAdvice(reason, otherwise: "check its permissions"))"
    case .badConfig(let path, let key, let reason):
      "\(path): \(key.map { "'\($0)' " } ?? "")\(reason); \(key?.hasPrefix("sd_moe") == true ? "convert the original again" : "compare it with the published config of the model")"
    case .unknownModelType(let path, let type, let known, let alike, let expert):
      "\(path): model_type '\(type)' is not known; "
        + (alike.isEmpty
          ? "known are \(known.joined(separator: ", ")); describe another family in a JSON file and give it with --family"
            + (expert.map { ": its experts are called as '\($0)'" } ?? "")
          : likenessText(alike))
    case .unknownFamily(let name, let known):
      "there is neither a family nor a file '\(name)'; families are \(known.joined(separator: ", "))"
    case .badFamily(let path, let key, let reason):
      "\(path): \(key.map { "'\($0)' " } ?? "")\(reason); the form is that of families.json, see 'Describing a family' in the documentation"
    case .dense(let path, let type):
      "\(path): a dense model (model_type '\(type)'), without experts; sdmoe compares the experts of Mixture-of-Experts models"
    case .noWeights(let path):
      "\(path): holds neither model.safetensors, nor model.safetensors.index.json, nor an HDF5 file; download the weights into it"
    case .incompleteSet(let path, let file, let sample, let count):
      "\(path): the file '\(file)' is missing: by its name, '\(sample)' is one of more than the \(count) that are here; finish the download"
    case .severalIndexes(let path, let names):
      "\(path): holds \(names.count) indexes, \(names.joined(separator: ", ")), and none is model.safetensors.index.json; move all but one to another folder"
    case .badIndex(let path, let reason): "\(path): \(reason); download the index again"
    case .indexLeavesFolder(let path, let file):
      "\(path): names the file '\(file)', which lies outside this folder; nothing there is read, download the index again"
    case .missingShards(let path, let files, let index):
      "\(path): the file '\(files[0])'\(files.count > 1 ? " and \(files.count - 1) more are" : " is") missing, though \(index) names \(files.count > 1 ? "them" : "it"); finish the download, or take the index away if it is of other files"
    case .tensorNotInShard(let path, let tensor, let index):
      "\(path): has no tensor '\(tensor)', though \(index) says so; the file or the index comes from another version, download both again"
    case .unlistedTensor(let path, let tensor, let index):
      "\(path): holds tensor '\(tensor)', but \(index) does not place it here; the file or the index comes from another version, download both again"
    case .twoVersions(let tensor, let first, let other, let second):
      tensor == other
        ? "\(second): holds another tensor '\(tensor)' than \(first), and no index says which is the model's; move one of the files to another folder"
        : "\(second): tensor '\(other)' is another than '\(tensor)' of \(first), though both mean the same; save the model without one of them"
    case .severalModels(let path, let prefixes):
      "\(path): holds experts behind \(prefixes.map { "'\($0)'" }.joined(separator: " and ")), and nothing says which are the model's; save one of them alone"
    case .distributedSave(let path):
      "\(path): holds one rank's slices of a distributed save (DCP_SHARDING_INFO), not whole tensors; save it again with transformers' save_pretrained in its default form"
    case .missingTensor(let path, let tensor, let reason?):
      "\(path): tensor '\(tensor)' cannot be read: \(reason); write it again as plain numbers"
    case .missingTensor(let path, let tensor, nil) where path.hasSuffix(GGUFFolder.ending):
      "\(path): tensor '\(tensor)' is missing, though the metadata promise it; download or convert it again"
    case .missingTensor(let path, let tensor, nil):
      "\(path): tensor '\(tensor)' is missing, though config.json promises it; the download is incomplete, or config.json belongs to another model"
    case .incompleteFurtherLayer(let path, let layer, let tensor):
      "\(path): layer \(layer), past those that config.json counts, has experts but no tensor '\(tensor)', without which it cannot be measured; leave --mtp, or that layer, out"
    case .strayFactor(let path, let tensor):
      "\(path): tensor '\(tensor)' is the unique part of an expert that sdmoe split, but by config.json the expert is whole; put the config.json back that 'sdmoe convert' wrote"
    case .strangeNames(let path, let family, let tensor):
      "\(path): no expert is called as in the family \(family), but there is tensor '\(tensor)'; "
        + (tensor.contains(/\.\d+\./)
          ? "say how its tensors are called with --family FILE, see 'Describing a family' in the documentation"
          : "sdmoe knows layers by a number between points, so save the model with the names that transformers gives")
    case .misnumberedExperts(let path, let layer, let numbers):
      "\(path): layer \(layer) has \(numbers.count) experts by its router, but they are numbered \(rangesText(numbers)), and nothing says which row of the router is whose; number them 0 to \(numbers.count - 1) in the order of the router's rows"
    case .wrongShape(let path, let tensor, let shape, let expected)
    where path.hasSuffix(GGUFFolder.ending):
      "\(path): tensor '\(tensor)' is \(TensorDescription.text(of: shape)), but the metadata say \(TensorDescription.text(of: expected)); download or convert it again"
    case .wrongShape(let path, let tensor, let shape, let expected):
      "\(path): tensor '\(tensor)' is \(TensorDescription.text(of: shape)), but config.json says \(TensorDescription.text(of: expected)); config.json belongs to another model"
    case .wrongType(let path, let tensor, let type, let expected):
      "\(path): tensor '\(tensor)' is of type \(type.rawValue), but the SD-MoE form has \(expected.rawValue) there; convert the original again"
    case .storedTwice(let path, let tensor, let other):
      "\(path): the same experts are there as '\(tensor)' and as '\(other)', and nothing says which are the model's; save the model without one of them"
    case .unsupported(let path, let tensor, let type, let reason, let advice):
      "\(path): tensor '\(tensor)' of type \(type) \(reason), which this version does not read; \(advice ?? "save the model as BF16 (transformers: load it, then save_pretrained)")"
    case .unexpectedExperts(let path, let layer, let tensor):
      "\(path): \(layer.map { "layer \($0)" } ?? "the model") has no experts by config.json, but there is tensor '\(tensor)'; config.json belongs to another model"
    case .noSuchWidth(let path, let width, let widths):
      "\(path): no layer has experts of width \(width); there are those of width \(rangesText(widths)), choose with --expert-width"
    case .otherWidth(let path, let layer, let width, let widths):
      "\(path): layer \(layer) has no experts of width \(width), but of width \(rangesText(widths)); choose with --expert-width"
    case .widthPastLayers(let path, let width, let layers):
      "\(path): experts of width \(width) are only in \(layersText(layers)), past those of the model; measure them with --mtp or --layers \(rangesText(layers))"
    case .noSuchLayer(let path, let layer, let count, let layers):
      layer < 0 || layer >= count
        ? "\(path): there is no layer \(layer); the model has layers 0 to \(count - 1)\(further(layers, than: count))"
        : "\(path): layer \(layer) has no experts; those with experts are \(rangesText(layers))"
    case .unknownRouting(let path, let layer, let reason):
      "\(path): which experts layer \(layer) chooses cannot be told from its router's logits: it \(reason); leave routing and --routed-only out, or the layer with --layers"
    }
  }
}

/// Says which families a checkpoint's tensors look like, best first, and how to try the best.
func likenessText(_ families: [String]) -> String {
  let most = 3
  guard families.count > 1 else {
    return "names are like \(families[0]): try --family \(families[0])"
  }
  let shown = families.count > most ? families.prefix(most) : families.dropLast()
  let last =
    families.count > most ? "\(families.count - most) others" : families[families.count - 1]
  return
    "names are like \(shown.joined(separator: ", ")) and \(last), which differ in how tokens are routed or layers chosen: try --family \(families[0])"
}

/// Layers past the decoder's, in words.
private func further(_ layers: [Int], than count: Int) -> String {
  let further = layers.filter { $0 >= count }
  return further.isEmpty ? "" : ", and past them \(rangesText(further))"
}

/// Ascending numbers in words, runs of neighbours as ranges: `1-3,7`.
public func rangesText(_ numbers: [Int]) -> String {
  var parts: [String] = []
  var place = 0
  while place < numbers.count {
    var last = place
    while last + 1 < numbers.count, numbers[last + 1] == numbers[last] + 1 { last += 1 }
    parts.append(last == place ? "\(numbers[place])" : "\(numbers[place])-\(numbers[last])")
    place = last + 1
  }
  return parts.joined(separator: ",")
}
