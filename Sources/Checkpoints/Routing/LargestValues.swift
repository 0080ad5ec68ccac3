/// Enters places of values among the places of the largest ones so far, largest first.
///
/// Of equal values the one that was entered first goes first.
func enter<Value: BinaryFloatingPoint>(
  _ entrants: Range<Int>, of values: borrowing Span<Value>,
  amongLargest places: inout MutableSpan<Int>, count: inout Int
) {
  let limit = places.count
  let bound = lowerBound(ofLargest: limit, of: values, in: entrants)
  for entrant in entrants {
    let value = values[entrant]
    // Most are told apart here, by a value that does not wait for the ones before.
    if value < bound { continue }
    if count < limit {
      count += 1
    } else if !(value > values[places[limit - 1]]) {
      continue
    }
    var hole = count - 1
    while hole > 0, value > values[places[hole - 1]] {
      places[hole] = places[hole - 1]
      hole -= 1
    }
    places[hole] = entrant
  }
}

/// A value that at least `count` of the values reach: the least of the maxima of so many parts.
private func lowerBound<Value: BinaryFloatingPoint>(
  ofLargest count: Int, of values: borrowing Span<Value>, in range: Range<Int>
) -> Value {
  let width = range.count / count
  guard width > 1 else { return -.infinity }
  var bound = Value.infinity
  for part in 0..<count {
    let start = range.lowerBound + part * width
    var largest = values[start]
    for place in start..<start + width {
      let value = values[place]
      largest = value > largest ? value : largest
    }
    bound = largest < bound ? largest : bound
  }
  return bound
}
