import Tensors

/// What of the layouts in `families.json` is read: a way of storing weights is opened by taking its
/// line away here.
extension StoredProjection {
  /// What stands in the way of reading it, in words; nil where nothing does.
  var refusal: String? {
    if codec == nil { return "holds weights packed as \(packing ?? "")" }
    if isStacked { return "stacks the weights of all experts in one tensor" }
    if isTransposed || part != nil || scales != nil {
      return "stores an expert in another way than one matrix, out x in"
    }
    return nil
  }
}
