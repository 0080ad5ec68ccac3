import JSON
import Tensors

/// What the text of a family file must be like, so that every mistake can be told by its key.
///
/// It says of every member what the types that are decoded from it say, and refuses all others.
indirect enum FamilyForm: Sendable {
  case text
  case flag
  case integer
  case number
  /// One of some words.
  case word([String])
  /// Any number of elements, or at least one.
  case list(FamilyForm, isEmptyAllowed: Bool = false)
  /// Members of any name.
  case map(FamilyForm)
  /// Members of these names, and of no others.
  case object(needed: [String: FamilyForm], optional: [String: FamilyForm] = [:])
  /// A text, or an object of this form.
  case textOr(FamilyForm)
  /// A text with a further demand, which is told where it does not hold.
  case checked(demand: String, holds: @Sendable (String) -> Bool)

  /// The first mistake in a value, in the order of the keys; nil where there is none.
  func mistake(in value: JSONValue, at key: String) -> (key: String, reason: String)? {
    func demand(_ kind: String, _ holds: Bool) -> (key: String, reason: String)? {
      holds ? nil : (key, "must be \(kind)")
    }
    switch self {
    case .text: return demand("a text that is not empty", value.stringValue?.isEmpty == false)
    case .flag: return demand("true or false", value.boolValue != nil)
    case .integer: return demand("a whole number", value.integerValue != nil)
    case .number: return demand("a finite number", value.doubleValue?.isFinite == true)
    case .word(let words):
      return demand(
        "one of \(words.joined(separator: ", "))", value.stringValue.map(words.contains) == true)
    case .checked(let text, let holds): return demand(text, value.stringValue.map(holds) == true)
    case .list(let form, let isEmptyAllowed):
      guard let elements = value.arrayValue, isEmptyAllowed || !elements.isEmpty else {
        return demand(isEmptyAllowed ? "a list" : "a list that is not empty", false)
      }
      return elements.enumerated().lazy.compactMap { place, element in
        form.mistake(in: element, at: "\(key)[\(place)]")
      }.first
    case .map(let form):
      guard let members = value.objectValue else { return demand("an object", false) }
      return members.keys.sorted().lazy.compactMap { name in
        members[name].flatMap { form.mistake(in: $0, at: Self.key(name, in: key)) }
      }.first
    case .textOr(let form):
      return value.objectValue == nil
        ? Self.text.mistake(in: value, at: key) : form.mistake(in: value, at: key)
    case .object(let needed, let optional):
      guard let members = value.objectValue else { return demand("an object", false) }
      let known = needed.merging(optional) { form, _ in form }
      if let stranger = members.keys.filter({ known[$0] == nil }).min() {
        return (
          Self.key(stranger, in: key),
          "is not known; known there are \(known.keys.sorted().joined(separator: ", "))"
        )
      }
      if let missing = needed.keys.filter({ members[$0] == nil }).min() {
        return (Self.key(missing, in: key), "is missing")
      }
      return members.keys.sorted().lazy.compactMap { name in
        known[name].flatMap { form in
          members[name].flatMap { form.mistake(in: $0, at: Self.key(name, in: key)) }
        }
      }.first
    }
  }

  private static func key(_ name: String, in place: String) -> String {
    place.isEmpty ? name : "\(place).\(name)"
  }
}

extension FamilyForm {
  /// A whole file: one family, and what it refers to beyond what is built in.
  static let file = FamilyForm.object(
    needed: ["families": .list(family)],
    optional: [
      "layouts": .map(
        .object(
          needed: ["up_proj": projection, "down_proj": projection],
          optional: ["gate_proj": projection, "plain": .text])),
      "shared": .map(
        .object(
          needed: ["up_proj": .textOr(projection), "down_proj": .textOr(projection)],
          optional: ["gate_proj": .textOr(projection)])),
      "tensors": .map(.object(needed: [:], optional: names)),
    ])

  /// One family.
  private static let family = FamilyForm.object(
    needed: [
      "id": .text, "modelTypes": .list(.text, isEmptyAllowed: true), "block": block,
      "router": .list(.text), "experts": .list(.text), "expertCount": .list(.text),
      "width": .list(.text), "moeLayers": moeLayers, "routing": routing,
      "tensors": .list(.text, isEmptyAllowed: true),
    ],
    optional: [
      "published": .text, "configRoot": .text, "layers": .list(.text),
      "otherRouters": .list(.text), "routerIsTransposed": .flag, "otherRouterRows": .list(.text),
      "layerCount": .list(.text), "hiddenSize": .list(.text),
      "prefixes": .list(
        .checked(demand: "empty, or end with a point") { $0.isEmpty || $0.hasSuffix(".") }),
      "shared": .object(
        needed: ["block": block, "names": .text, "width": .list(.text)],
        optional: ["others": .list(.text)]),
    ])

  private static let block = FamilyForm.checked(demand: "a name without a point at its end") {
    !$0.hasSuffix(".")
  }

  /// How one projection is stored.
  private static let projection = FamilyForm.object(
    needed: ["tensor": .text, "axes": .list(words(of: StoredProjection.Axis.self))],
    optional: [
      "part": words(of: WeightPart.self), "packings": .list(.word(Packings.all.map(\.name))),
    ])

  /// Names of tensors by role, by where they stand.
  private static let names = Dictionary(
    uniqueKeysWithValues: ["whole", "model", "layer", "block"].map { place in
      (
        place,
        FamilyForm.object(
          needed: [:],
          optional: Dictionary(
            uniqueKeysWithValues: TensorRole.allCases.map { ($0.rawValue, .list(.text)) }))
      )
    })

  private static let moeLayers = FamilyForm.object(
    needed: ["rule": words(of: MoELayerRule.Rule.self)],
    optional: [
      "key": .text, "endKey": .text, "frequencyKey": .text, "default": .integer,
      "frequencyDefault": .integer,
    ])

  private static let routing = FamilyForm.object(
    needed: ["score": words(of: RouterScore.self), "perToken": .list(.text)],
    optional: [
      "scoreKey": .text, "cap": keyed, "always": .integer, "tokenTable": .text,
      "bias": .object(needed: ["names": .list(.text)], optional: ["key": .text, "default": .flag]),
      "groups": .object(
        needed: [
          "count": .list(.text), "kept": .list(.text),
          "measure": words(of: RoutingRule.Groups.Measure.self),
        ], optional: ["methodKey": .text, "methods": .map(.flag)]),
      "weights": .object(
        needed: [:],
        optional: [
          "normalised": .object(
            needed: ["keys": .list(.text, isEmptyAllowed: true), "default": .flag],
            optional: ["epsilon": .number, "least": keyed]),
          "scale": keyed, "sparseMixer": keyed, "ofInputs": .flag,
        ]),
    ])

  /// A number that config.json may give.
  private static let keyed = FamilyForm.object(
    needed: ["keys": .list(.text, isEmptyAllowed: true), "default": .number])

  private static func words<Word: RawRepresentable & CaseIterable>(
    of type: Word.Type
  ) -> FamilyForm where Word.RawValue == String {
    .word(Word.allCases.map(\.rawValue))
  }
}
