import Findings
import Testing

/// Checks the contract of a table in memory.
@Suite struct TableTests {
  @Test("holds its rows column by column")
  func columns() {
    let table = mixedTable([(1, 0.5, "a"), (2, 1.5, "b")])
    #expect(table.rowCount == 2)
    #expect(table.integers("count") == [1, 2])
    #expect(table.numbers("value") == [0.5, 1.5])
    #expect(table.texts("word") == ["a", "b"])
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
      var table = Table(mixed)
      table.append(.integer(1))
    }
  }

  @Test("traps at a cell of the wrong kind")
  func wrongKind() async {
    await #expect(processExitsWith: .failure) {
      var table = Table(words)
      table.append(.integer(1))
    }
  }
}
