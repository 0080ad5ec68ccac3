/// A word of the trade, and what it means here.
struct Term: Sendable {
  /// What an address calls it.
  let id: String
  /// What stands above its meaning.
  let title: String
  /// The words that stand for it in sentences, in lower case.
  let words: [String]
  /// What it means, with the rule where one decides.
  let meaning: String

  /// Describes a term, whose title is the first of its words where it has no other.
  init(_ id: String, _ words: String..., title: String? = nil, means meaning: String) {
    self.id = id
    self.title = title ?? words.first ?? id
    self.words = words
    self.meaning = meaning
  }
}

extension Term {
  /// All terms, in the order of their titles.
  static let all = [
    Term(
      "active", "active", "activation ratio",
      means:
        "A direction is active in a token whose component along it is larger than the threshold (--threshold) times an even share of the token's norm. By chance: along a direction that tells nothing of the token."
    ),
    Term(
      "band", "bands", "band",
      means: "k neighbouring singular directions. The first band holds the leading directions."),
    Term(
      "chance", "chance", "floor",
      means:
        "What independent random subspaces, rows or directions of the same sizes show on average. A number means something by its distance from that."
    ),
    Term(
      "beyond-chance", "beyond chance",
      means:
        "Similarities: the mean over the pairs of experts is over the 95th percentile of random pairs. Router rows: the mean is over that of random rows by two of its standard deviations. Otherwise: the mean is over chance."
    ),
    Term(
      "group", "group", "groups",
      means:
        "Experts whose mean similarity is at least half way from chance to the same directions, or the share that --group-excess says; joined by average linkage."
    ),
    Term(
      "entropy", "entropy of the load", "evenly", "fairly evenly", "unevenly",
      title: "evenness: evenly, fairly evenly, unevenly",
      means:
        "The entropy of the experts' shares of all choices, over that of equal shares: 1 is even, 0 one expert. Evenly is from 0.95, fairly evenly from 0.8, unevenly under that."
    ),
    Term(
      "gap", "gap",
      means:
        "The k-th singular value over the next. Near 1 the k-th direction may as well be another one."
    ),
    Term(
      "gradient", "gradients of experts", "gradients",
      means: "The derivative of the loss by an expert's weights, on the captured text."),
    Term(
      "unit", "layers and projections", "layer and projection",
      means:
        "Each layer has three matrices of every expert: gate_proj, up_proj and down_proj. A layer and projection is all experts' matrices of one kind in one layer."
    ),
    Term(
      "leading", "leading directions", "leading subspaces", "dominant subspace", "top directions",
      means:
        "The k singular directions of an expert's matrix with the largest singular values, on the side of the residual stream, which all experts share. k stands at the top of the page."
    ),
    Term(
      "mixed", "mixed",
      means: "Some layers and projections show it and others do not, or two readings disagree."),
    Term(
      "router-row", "router rows", "router row",
      means: "The vector by which the router scores an expert: one row of the router's matrix."),
    Term(
      "similarity", "similarity", "principal similarity", "mean cosine",
      means:
        "The mean cosine of the principal angles between two subspaces: 1 is the same subspace, 0 a perpendicular one."
    ),
    Term(
      "singular", "singular directions", "singular values", "spectrum",
      means:
        "A matrix is a sum of directions in, each with a direction out and a weight: its singular directions and values, the largest first."
    ),
    Term(
      "strength", "hardly", "weakly", "moderately", "strongly",
      title: "strength: hardly, weakly, moderately, strongly",
      means:
        "How far a mean is on the way from chance to 1, (value - chance) / (1 - chance): hardly is under 0.05, weakly under 0.2, moderately under 0.5, strongly from there."
    ),
    Term(
      "tail", "tail",
      means: "All singular directions but the leading ones, as the mean over their bands."),
    Term(
      "times-chance", "times chance",
      means: "The value over what chance alone would show."),
    Term(
      "order", "per direction", "relative to its norm", "relative",
      means:
        "Relative: the mean norm of the change over that of the input, both in those directions. Per direction: the root mean squared change along one. Which one the paper used is not known."
    ),
  ]
}

/// A text in pieces, each with the term that it stands for.
struct TermText {
  struct Piece: Equatable {
    let text: String
    var term: String?
  }

  let pieces: [Piece]

  private static let words = Term.all.flatMap { term in
    term.words.map { (word: $0.map(String.init), term: term.id) }
  }.sorted { $0.word.count > $1.word.count }

  /// Finds the first place of each word that stands for a term.
  ///
  /// - Complexity: O(length of the text times number of words)
  init(_ text: String) {
    let characters = Array(text)
    let lower = characters.map { $0.lowercased() }
    var pieces: [Piece] = []
    var seen: Set<[String]> = []
    var start = 0
    var place = 0
    func isWord(_ place: Int) -> Bool {
      characters.indices.contains(place)
        && (characters[place].isLetter || characters[place].isNumber)
    }
    while place < lower.count {
      let found =
        isWord(place - 1)
        ? nil
        : Self.words.first {
          lower[place...].starts(with: $0.word) && !isWord(place + $0.word.count)
        }
      guard let found else {
        place += 1
        continue
      }
      let end = place + found.word.count
      if seen.insert(found.word).inserted {
        if start < place { pieces.append(Piece(text: String(characters[start..<place]))) }
        pieces.append(Piece(text: String(characters[place..<end]), term: found.term))
        start = end
      }
      place = end
    }
    if start < characters.count { pieces.append(Piece(text: String(characters[start...]))) }
    self.pieces = pieces
  }
}
