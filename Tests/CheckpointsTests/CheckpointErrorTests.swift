import Checkpoints
import Tensors
import Testing

/// Checks that each message says where, what, and what next.
@Suite struct CheckpointErrorTests {
  static let messages: [(CheckpointError, String)] = [
    (
      .missing(path: "m"),
      "m: there is no such folder or file; give the folder that holds config.json and the weight "
        + "files, or a GGUF file"
    ),
    (
      .notAFolder(path: "m"),
      "m: is neither a folder nor a GGUF file; give the folder that holds config.json and the "
        + "weight files"
    ),
    (
      .foreignFormat(path: "m", format: "GGUF"),
      "m: holds weights as GGUF, which sdmoe does not read; save the model as safetensors "
        + "(transformers: save_pretrained) and analyse that folder"
    ),
    (
      .badGGUF(path: "m.gguf", key: "split.no", reason: "says that it is part 2, and its name 1"),
      "m.gguf: 'split.no' says that it is part 2, and its name 1; download or convert it again"
    ),
    (
      .unknownArchitecture(path: "m.gguf", architecture: "x", known: ["a", "b"]),
      "m.gguf: the architecture 'x' is not known; known are a, b; name the family that it is like "
        + "with --family"
    ),
    (
      .severalGGUF(path: "m", names: ["a.gguf", "b.gguf"]),
      "m: holds 2 models in GGUF files, a.gguf, b.gguf; name one of the files"
    ),
    (
      .severalGGUF(path: "m", names: ["a", "b", "c", "d", "e"]),
      "m: holds 5 models in GGUF files, a, b, c, d and others; name one of the files"
    ),
    (
      .noConfig(path: "m/config.json"),
      "m/config.json: there is no config.json here, so the family of the model is not known; "
        + "copy it from where the weights come from"
    ),
    (
      .unreadable(path: "m", reason: "no permission to list it"),
      "m: cannot be read: no permission to list it; check its permissions"
    ),
    (
      .badConfig(path: "c", key: "hidden_size", reason: "is missing"),
      "c: 'hidden_size' is missing; compare it with the published config of the model"
    ),
    (
      .badConfig(path: "c", key: "sd_moe.mode", reason: "is missing"),
      "c: 'sd_moe.mode' is missing; convert the original again"
    ),
    (
      .wrongType(path: "s", tensor: "t", elementType: .bf16, expected: .f32),
      "s: tensor 't' is of type BF16, but the SD-MoE form has F32 there; convert the original again"
    ),
    (
      .badConfig(path: "c", key: nil, reason: "is not a JSON object"),
      "c: is not a JSON object; compare it with the published config of the model"
    ),
    (
      .unknownModelType(path: "c", modelType: "x", known: ["a", "b"]),
      "c: model_type 'x' is not known; known are a, b; describe another family in a JSON file and give it with --family"
    ),
    (
      .unknownModelType(path: "c", modelType: "x", known: ["a"], alike: ["qwen3_moe"]),
      "c: model_type 'x' is not known; names are like qwen3_moe: try --family qwen3_moe"
    ),
    (
      .unknownModelType(path: "c", modelType: "x", known: ["a"], alike: ["a", "b", "c"]),
      "c: model_type 'x' is not known; names are like a, b and c, which differ in how tokens are "
        + "routed or layers chosen: try --family a"
    ),
    (
      .unknownModelType(path: "c", modelType: "x", known: ["a"], expert: "h.0.w"),
      "c: model_type 'x' is not known; known are a; describe another family in a JSON file and give it with --family: its experts are called as 'h.0.w'"
    ),
    (
      .unknownFamily(name: "x", known: ["a", "b"]),
      "there is neither a family nor a file 'x'; families are a, b"
    ),
    (
      .badFamily(path: "f", key: "families[0].id", reason: "is missing"),
      "f: 'families[0].id' is missing; the form is that of families.json, "
        + "see 'Describing a family' in the documentation"
    ),
    (
      .dense(path: "m", modelType: "llama"),
      "m: a dense model (model_type 'llama'), without experts; "
        + "sdmoe compares the experts of Mixture-of-Experts models"
    ),
    (
      .noWeights(path: "m"),
      "m: holds neither model.safetensors, nor model.safetensors.index.json, nor an HDF5 file; "
        + "download the weights into it"
    ),
    (
      .incompleteSet(path: "m", file: "x-2-of-2", sample: "x-1-of-2", count: 1),
      "m: the file 'x-2-of-2' is missing: by its name, 'x-1-of-2' is one of more than the 1 that "
        + "are here; finish the download"
    ),
    (
      .severalIndexes(path: "m", names: ["a", "b"]),
      "m: holds 2 indexes, a, b, and none is model.safetensors.index.json; "
        + "move all but one to another folder"
    ),
    (.badIndex(path: "i", reason: "is odd"), "i: is odd; download the index again"),
    (
      .indexLeavesFolder(path: "i", file: "../x"),
      "i: names the file '../x', which lies outside this folder; nothing there is read, "
        + "download the index again"
    ),
    (
      .missingShards(path: "m", files: ["s"], index: "i"),
      "m: the file 's' is missing, though i names it; finish the download, "
        + "or take the index away if it is of other files"
    ),
    (
      .missingShards(path: "m", files: ["s", "t", "u"], index: "i"),
      "m: the file 's' and 2 more are missing, though i names them; finish the download, "
        + "or take the index away if it is of other files"
    ),
    (
      .tensorNotInShard(path: "s", tensor: "t", index: "i"),
      "s: has no tensor 't', though i says so; the file or the index comes from another version, "
        + "download both again"
    ),
    (
      .unlistedTensor(path: "s", tensor: "t", index: "i"),
      "s: holds tensor 't', but i does not place it here; the file or the index comes from "
        + "another version, download both again"
    ),
    (
      .twoVersions(tensor: "t", first: "a", otherTensor: "t", second: "b"),
      "b: holds another tensor 't' than a, and no index says which is the model's; "
        + "move one of the files to another folder"
    ),
    (
      .twoVersions(tensor: "t", first: "a", otherTensor: "module.t", second: "a"),
      "a: tensor 'module.t' is another than 't' of a, though both mean the same; "
        + "save the model without one of them"
    ),
    (
      .severalModels(path: "m", prefixes: ["a.", "b."]),
      "m: holds experts behind 'a.' and 'b.', and nothing says which are the model's; "
        + "save one of them alone"
    ),
    (
      .distributedSave(path: "s"),
      "s: holds one rank's slices of a distributed save (DCP_SHARDING_INFO), not whole tensors; "
        + "save it again with transformers' save_pretrained in its default form"
    ),
    (
      .missingTensor(path: "m", tensor: "t"),
      "m: tensor 't' is missing, though config.json promises it; the download is incomplete, "
        + "or config.json belongs to another model"
    ),
    (
      .missingTensor(path: "m.h5", tensor: "t", reason: "its elements are strings"),
      "m.h5: tensor 't' cannot be read: its elements are strings; write it again as plain numbers"
    ),
    (
      .wrongShape(path: "s", tensor: "t", shape: [4, 8], expected: [6, 8]),
      "s: tensor 't' is 4 x 8, but config.json says 6 x 8; config.json belongs to another model"
    ),
    (
      .wrongShape(path: "s", tensor: "t", shape: [], expected: [6, 8]),
      "s: tensor 't' is scalar, but config.json says 6 x 8; config.json belongs to another model"
    ),
    (
      .unsupported(path: "s", tensor: "t", elementType: "U8", reason: "holds packed values"),
      "s: tensor 't' of type U8 holds packed values, which this version does not read; "
        + "save the model as BF16 "
        + "(transformers: load it, then save_pretrained)"
    ),
    (
      .unsupported(
        path: "s", tensor: "t", elementType: "U8", reason: "holds packed values",
        advice: "quantise it otherwise"),
      "s: tensor 't' of type U8 holds packed values, which this version does not read; "
        + "quantise it otherwise"
    ),
    (
      .wrongShape(path: "m.gguf", tensor: "t", shape: [4, 8], expected: [6, 8]),
      "m.gguf: tensor 't' is 4 x 8, but the metadata say 6 x 8; download or convert it again"
    ),
    (
      .missingTensor(path: "m.gguf", tensor: "t"),
      "m.gguf: tensor 't' is missing, though the metadata promise it; download or convert it again"
    ),
    (
      .storedTwice(path: "s", tensor: "t", other: "u"),
      "s: the same experts are there as 't' and as 'u', and nothing says which are the model's; "
        + "save the model without one of them"
    ),
    (
      .severalSnapshots(path: "m", revision: "01", held: ["012", "013"]),
      "m: '01' is what 2 snapshots begin with, 012, 013; write more of it"
    ),
    (
      .notInCache(name: "o/m", revision: "v3", cache: "c", held: ["main", "01"], command: "hf x"),
      "o/m: the Hugging Face cache (c) does not hold its revision 'v3', only main, 01; "
        + "download it with: hf x"
    ),
    (
      .unexpectedExperts(path: "m", layer: 0, tensor: "t"),
      "m: layer 0 has no experts by config.json, but there is tensor 't'; "
        + "config.json belongs to another model"
    ),
    (
      .otherWidth(path: "m", layer: 27, width: 6, widths: [4, 8]),
      "m: layer 27 has no experts of width 6, but of width 4,8; choose with --expert-width"
    ),
    (
      .widthPastLayers(path: "m", width: 4, layers: [27]),
      "m: experts of width 4 are only in layer 27, past those of the model; "
        + "measure them with --mtp or --layers 27"
    ),
    (
      .noSuchLayer(path: "m", layer: 27, layerCount: 27, moeLayers: [1]),
      "m: there is no layer 27; the model has layers 0 to 26"
    ),
    (
      .noSuchLayer(path: "m", layer: -1, layerCount: 27, moeLayers: [1]),
      "m: there is no layer -1; the model has layers 0 to 26"
    ),
    (
      .noSuchLayer(path: "m", layer: 0, layerCount: 27, moeLayers: [1, 2, 3, 7]),
      "m: layer 0 has no experts; those with experts are 1-3,7"
    ),
    (
      .strayFactor(path: "m", tensor: "e.0.up_proj.unique"),
      "m: tensor 'e.0.up_proj.unique' is the unique part of an expert that sdmoe split, but by config.json the expert is whole; put the config.json back that 'sdmoe convert' wrote"
    ),
    (
      .strangeNames(path: "m", family: "olmoe", tensor: "layers.3.experts.0.w"),
      "m: no expert is called as in the family olmoe, but there is tensor 'layers.3.experts.0.w'; say how its tensors are called with --family FILE, see 'Describing a family' in the documentation"
    ),
    (
      .strangeNames(path: "m", family: "olmoe", tensor: "layers/3/experts/0/w"),
      "m: no expert is called as in the family olmoe, but there is tensor 'layers/3/experts/0/w'; sdmoe knows layers by a number between points, so save the model with the names that transformers gives"
    ),
    (
      .incompleteFurtherLayer(path: "m", layer: 2, tensor: "layers.2.mlp.gate.weight"),
      "m: layer 2, past those that config.json counts, has experts but no tensor 'layers.2.mlp.gate.weight', without which it cannot be measured; leave --mtp, or that layer, out"
    ),
    (
      .unreadable(path: "m", reason: "Too many open files"),
      "m: cannot be read: Too many open files; raise the limit with 'ulimit -n'"
    ),
    (
      .misnumberedExperts(path: "m", layer: 2, numbers: [0, 1, 5]),
      "m: layer 2 has 3 experts by its router, but they are numbered 0-1,5, and nothing says which row of the router is whose; number them 0 to 2 in the order of the router's rows"
    ),
    (
      .unknownRouting(path: "m", layer: 0, reason: "chooses them by a table of tokens, 't'"),
      "m: which experts layer 0 chooses cannot be told from its router's logits: "
        + "it chooses them by a table of tokens, 't'; leave routing and --routed-only out, or the layer with --layers"
    ),
  ]

  @Test("reads", arguments: messages)
  func message(error: CheckpointError, expected: String) {
    #expect(error.description == expected)
  }

  @Test(
    "numbers in words",
    arguments: [
      ([], ""), ([4], "4"), ([0, 1], "0-1"), ([0, 2, 4], "0,2,4"),
      ([1, 2, 3, 7, 9, 10], "1-3,7,9-10"),
    ])
  func ranges(numbers: [Int], expected: String) {
    #expect(rangesText(numbers) == expected)
  }
}
