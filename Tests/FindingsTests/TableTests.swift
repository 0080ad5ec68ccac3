import Experts
import Findings
import Testing

/// Checks the contract of a table in memory.
@Suite struct TableTests {
  @Test("holds its rows column by column")
  func columns() {
    let table = mixedTable([(1, 0.5, "a"), (2, 1.5, "b")])
    #expect(table.rowCount == 2)
    #expect(table[Mixed.count] == [1, 2])
    #expect(table[Mixed.value] == [0.5, 1.5])
    #expect(table[Mixed.word] == ["a", "b"])
  }

  /// Rows of words, some of them equal to those above.
  private var words: Table {
    var table = Table(Words.table)
    for (projection, expert, side) in Self.rows {
      table.append(Words.projection(projection), Words.expert(expert), Words.side(side))
    }
    return table
  }

  private static let rows: [(Projection, ExpertName, Side?)] = [
    (.gate, ExpertName(routed: 0), .hidden), (.gate, .shared, nil), (.down, .shared, .neuron),
    (.gate, ExpertName(routed: 0), nil),
  ]

  @Test("gives words as values of their types")
  func typedWords() {
    #expect(words[Words.projection] == Self.rows.map(\.0))
    #expect(words[Words.expert] == Self.rows.map(\.1))
    #expect(words[Words.side] == Self.rows.map(\.2))
    #expect(
      words.lines
        == "gate_proj,0,hidden\ngate_proj,shared,\ndown_proj,shared,neuron\ngate_proj,0,\n")
  }

  @Test("finds the rows that have some cells")
  func rowsWhere() {
    #expect(words.rows(where: Words.projection(.gate)) == [0, 1, 3])
    #expect(words.rows(where: Words.expert(.shared), Words.projection(.down)) == [2])
    #expect(words.rows(where: Words.side(nil)) == [1, 3])
    #expect(words.rows(where: Words.projection(.up)) == [])
  }

  @Test("copies a row by its cells")
  func copiedRow() {
    var copy = Table(Words.table)
    for row in 0..<words.rowCount { copy.append(contentsOf: words.namedCells(ofRow: row)) }
    #expect(copy.lines == words.lines)
  }

  @Test("tables of gradients say that they are, and energies of gradients have tokens")
  func gradients() {
    #expect(!TableDefinition.similarity.isOfGradients)
    #expect(TableDefinition.similarity.ofGradients.isOfGradients)
    #expect(TableDefinition.similarity.ofGradients.columns == TableDefinition.similarity.columns)
    #expect(TableDefinition.energy.ofGradients.contains(Energy.tokens))
    #expect(!TableDefinition.energy.contains(Energy.tokens))
    #expect(!TableDefinition(name: "gradient_like", columns: [Mixed.count]).isOfGradients)
  }

  @Test("the tables of the analyses begin with the columns that the design names")
  func definitions() {
    let expected: [(TableDefinition, String)] = [
      (
        .similarity,
        "layer,projection,side,expert_a,expert_b,k,mean_cosine,overlap,max_cosine,min_cosine,geodesic,floor_mean_cosine"
      ),
      (.energy, "layer,projection,expert,k,energy_top,stable_rank,effective_rank"),
      (.spectrum, "layer,projection,expert,index,sigma"),
      (.summary, "layer,projection,side,pairs,mean,min,q1,median,q3,max,floor,excess"),
      (.floors, "n,k,measure,mean,sd,p95"),
      (.routerAlignment, "layer,projection,expert,direction,abs_cosine"),
      (.routerScore, "layer,projection,router_row,expert,score"),
    ]
    for (definition, columns) in expected {
      #expect(
        (Table.header(of: definition).dropLast() + ",").hasPrefix(columns + ","),
        "\(definition.name)")
    }
  }

  @Test("traps at a row with too few cells")
  func tooFewCells() async {
    await #expect(processExitsWith: .failure) {
      var table = Table(Mixed.table)
      table.append(Mixed.count(1))
    }
  }

  @Test("traps at cells in another order")
  func wrongOrder() async {
    await #expect(processExitsWith: .failure) {
      var table = Table(Mixed.table)
      table.append(Mixed.value(0.5), Mixed.count(1), Mixed.word("a"))
    }
  }

  @Test("traps at a cell of another kind")
  func wrongCell() async {
    await #expect(processExitsWith: .failure) {
      var table = Table(Mixed.table)
      table.append(Mixed.count(1), Mixed.value(0.5), Column<Int>("word", "not a text")(1))
    }
  }

  @Test("traps at a column that the table does not have")
  func missingColumn() async {
    await #expect(processExitsWith: .failure) { _ = Table(Mixed.table)[Columns.layer] }
  }

  @Test("traps at a column of another kind")
  func wrongKind() async {
    await #expect(processExitsWith: .failure) {
      _ = Table(Mixed.table)[Column<Double>("count", "not a real number")]
    }
  }
}
