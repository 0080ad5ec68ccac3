import TensorFiles
import Tensors

/// What a file holds under the names of a capture, and the checks that its header allows.
struct CaptureContents {
  let stored: StoredTensors
  private(set) var tensors: [CaptureName: TensorDescription] = [:]

  var path: String { stored.path }

  /// Finds the names of a capture, in either spelling.
  ///
  /// Other names are let be, but for those that look as if they told tokens from padding: to read a
  /// capture without them would count padding.
  init(of stored: StoredTensors) throws(CaptureError) {
    self.stored = stored
    for tensor in stored.file.tensors {
      let steps = nameSteps(tensor.name)
      let found: CaptureName?
      do throws(CaptureName.OddNumber) {
        found = try CaptureName(steps: steps)
      } catch {
        throw .oddLayerNumber(path: stored.path, tensor: tensor.name)
      }
      guard let found else {
        guard !CaptureName.hintsAtPadding(steps) else {
          throw .unreadMask(path: stored.path, name: tensor.name, isAttribute: false)
        }
        continue
      }
      if let other = tensors.updateValue(tensor, forKey: found) {
        throw .twoSpellings(path: stored.path, tensors: [other.name, tensor.name].sorted())
      }
    }
    for object in skippedObjects(of: stored)
    where CaptureName.reach(below: object.steps) || CaptureName.hintsAtPadding(object.steps) {
      throw .notATensor(
        path: stored.path, object: object.steps.joined(separator: "/"), reason: object.reason)
    }
    for object in stored.objects(of: tensors.values.map(\.name)) {
      for name in CaptureName.hintingAttributes where stored.hasAttribute(name, at: object) {
        // One number or word, such as the longest length, tells no row from another.
        let text = stored.text(of: name, at: object)
        guard text?.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }) == true else {
          let place = object == "/" ? name : "\(object)@\(name)"
          throw .unreadMask(path: stored.path, name: place, isAttribute: true)
        }
      }
    }
  }

  /// The layers, ascending, all of the same tokens and width.
  ///
  /// Each may have a number of experts of its own, which the model alone can tell.
  func layers() throws(CaptureError) -> [CapturedLayer] {
    var layers: [CapturedLayer] = []
    for layer in Set(tensors.keys.compactMap(\.layer)).sorted() {
      guard let input = tensors[.input(layer: layer)] else {
        throw .missing(
          path: path, tensor: CaptureName.input(layer: layer).text,
          because: "other tensors of the layer are there")
      }
      try requireActivations(input, like: layers.first?.input.tensor)
      let logits = tensors[.routerLogits(layer: layer)]
      if let logits {
        try requireActivations(logits)
        try requireShape(
          logits, [input.shape[0], logits.shape[1]], because: "one row for each of '\(input.name)'")
      }
      let shuffled = tensors[.shuffledInput(layer: layer)]
      if let shuffled { try requireActivations(shuffled, like: input) }
      layers.append(
        CapturedLayer(
          index: layer, input: rows(input),
          routerLogits: logits.map {
            ActivationRows(file: stored.file, tensor: $0, mayBarExperts: true)
          },
          shuffledInput: shuffled.map(rows)))
    }
    return layers
  }

  /// Checks what the file says of its hidden size, if it does.
  func requireHiddenSize(of input: ActivationRows) throws(CaptureError) {
    guard let text = stored.text(of: "hidden_size") else { return }
    guard let hiddenSize = Int(text), hiddenSize > 0 else {
      throw .badHiddenSize(path: path, text: text)
    }
    guard hiddenSize == input.width else {
      throw .wrongHiddenSize(
        path: path, hiddenSize: hiddenSize, tensor: input.tensor.name, width: input.width)
    }
  }

  /// The tokens; nil where they were not kept.
  var tokens: TensorDescription? { tensors[.tokens] }

  /// Checks the tokens' shape and type, if they are there.
  func requireTokens(count: Int) throws(CaptureError) {
    guard let tokens = tensors[.tokens] else { return }
    try requireIntegers(tokens)
    try requireShape(tokens, [count], because: "one for each token")
  }

  /// The offsets of the sequences, a list of integers.
  func sequenceOffsets() throws(CaptureError) -> TensorDescription {
    guard let offsets = tensors[.sequenceOffsets] else {
      throw .missing(
        path: path, tensor: CaptureName.sequenceOffsets.text,
        because: "it alone says where each sequence begins")
    }
    try requireIntegers(offsets)
    return offsets
  }

  /// The permutation of the shuffled pass, a list of integers; nil where there is no such pass.
  func permutation(tokenCount: Int) throws(CaptureError) -> TensorDescription? {
    let shuffled = tensors.keys.compactMap(\.shuffledLayer).min()
    guard let permutation = tensors[.permutation] else {
      guard let shuffled else { return nil }
      throw .missing(
        path: path, tensor: CaptureName.permutation.text,
        because: "'\(CaptureName.shuffledInput(layer: shuffled).text)' is there")
    }
    guard shuffled != nil else {
      throw .missing(
        path: path, tensor: "shuffled/layers/{L}/moe_input",
        because: "'\(permutation.name)' is there")
    }
    try requireIntegers(permutation)
    try requireShape(permutation, [tokenCount], because: "one for each token")
    return permutation
  }

  private func rows(_ tensor: TensorDescription) -> ActivationRows {
    ActivationRows(file: stored.file, tensor: tensor)
  }

  private func requireActivations(
    _ tensor: TensorDescription, like model: TensorDescription? = nil
  ) throws(CaptureError) {
    guard tensor.elementType.isDecodable else {
      throw .notFloating(path: path, tensor: tensor.name, elementType: tensor.elementType)
    }
    guard tensor.shape.count == 2 else {
      throw .wrongShape(
        path: path, tensor: tensor.name, shape: tensor.shape, expected: "one row for each token")
    }
    guard !tensor.shape.contains(0) else { throw .empty(path: path, tensor: tensor.name) }
    if let model { try requireShape(tensor, model.shape, because: "as '\(model.name)' is") }
  }

  private func requireShape(
    _ tensor: TensorDescription, _ shape: [Int], because reason: String
  ) throws(CaptureError) {
    guard tensor.shape != shape else { return }
    let text = shape.map(String.init).joined(separator: " x ")
    throw .wrongShape(
      path: path, tensor: tensor.name, shape: tensor.shape, expected: "\(text), \(reason)")
  }

  func requireIntegers(_ tensor: TensorDescription) throws(CaptureError) {
    guard integerTypes.contains(tensor.elementType) else {
      throw .notIntegers(path: path, tensor: tensor.name, elementType: tensor.elementType)
    }
    guard tensor.shape.count == 1 else {
      throw .wrongShape(
        path: path, tensor: tensor.name, shape: tensor.shape, expected: "a list of numbers")
    }
  }
}
