extension Checkpoint {
  /// The `model_type` of a config, and the family that it means.
  ///
  /// - Throws: ``CheckpointError``, which names the families that the tensors look like.
  static func family(of whole: ModelConfig, in folder: String) throws -> (String, Family) {
    let catalogue = FamilyCatalogue.builtIn
    let type: String
    do {
      type = try whole.modelType
    } catch {
      let alike = familiesAlike(whole, in: folder)
      guard case .badConfig(let path, let key, let reason) = error, !alike.isEmpty else {
        throw error
      }
      throw CheckpointError.badConfig(
        path: path, key: key, reason: "\(reason); \(likenessText(alike))")
    }
    if let family = catalogue.family(ofModelType: type) { return (type, family) }
    if let family = whole.wrappedModelTypes.lazy.compactMap(catalogue.family(ofModelType:)).first {
      return (type, family)
    }
    let alike = familiesAlike(whole, in: folder)
    let expert = alike.isEmpty ? anyExpert(in: folder, catalogue) : nil
    throw whole.speaksOfExperts || !alike.isEmpty || expert != nil
      ? CheckpointError.unknownModelType(
        path: whole.path, modelType: type, known: catalogue.modelTypes, alike: alike,
        expert: expert)
      : CheckpointError.dense(path: folder, modelType: type)
  }

  /// The families of the catalogue that a checkpoint of none of them looks like: those that have
  /// names for its routers and experts, and open it with the fewest faults and the most tensors
  /// explained; several where they are equal in that, none where no family has such names.
  private static func familiesAlike(_ whole: ModelConfig, in folder: String) -> [String] {
    // What is wrong with the files is told once a family is given.
    guard let files = try? WeightFiles(folder: folder) else { return [] }
    let catalogue = FamilyCatalogue.builtIn
    // Names that differ in numbers alone tell the same.
    let names = Set(
      files.names.map { name in
        name.split(separator: ".", omittingEmptySubsequences: false)
          .map { Int($0) == nil ? $0 : "0" }.joined(separator: ".")
      })
    let scores = catalogue.families.compactMap { family -> (id: String, score: [Int])? in
      let sites = ExpertSites(of: family, in: catalogue)
      let found = names.compactMap(sites.site)
      guard found.contains(where: \.isRouter), found.contains(where: { !$0.isRouter }) else {
        return nil
      }
      let opened = try? Checkpoint(
        folder: folder, whole: whole, modelType: family.id, family: family, catalogue: catalogue,
        files: files)
      guard let opened else { return (family.id, [0, found.count]) }
      return (
        family.id,
        [opened.problems.isEmpty ? 1 : 0, names.count { opened.use(of: $0) != nil }]
      )
    }
    let best = scores.map(\.score).max { $0.lexicographicallyPrecedes($1) }
    return scores.filter { $0.score == best }.map(\.id)
  }
}
