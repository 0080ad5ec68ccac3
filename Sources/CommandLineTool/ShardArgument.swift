import ArgumentParser
import Workers

extension TaskShard {
  /// Reads the words of `--shard`, such as `3/64`.
  ///
  /// - Throws: `ValidationError`, which tells the form.
  init(words: String) throws {
    let numbers = words.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let index = numbers[0], let count = numbers[1], index >= 0,
      index < count
    else {
      throw ValidationError("a shard is its number from 0 on and how many there are, such as 3/64")
    }
    self.init(index: index, count: count, source: "--shard")
  }
}

/// The words that a plan keeps: what is analysed and measured.
struct PlannedWords: ParsableArguments {
  @Argument var checkpoint: String

  @OptionGroup var arguments: AnalysisArguments
}
