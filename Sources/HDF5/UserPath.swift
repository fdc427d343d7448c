/// Places on somebody's disk, which a result file does not tell unless asked to (rule R11).
public enum UserPath {
  /// Finds the words that are absolute paths: `/data/runs/a.h5`, `~/a.h5`, `file:///data/a`.
  ///
  /// Words end at white space, quotes, brackets and `= , ; : |`. A path has at least two
  /// components, so that `and/or`, `nat/token` and a token such as `/mod` are none; nor are
  /// addresses such as `https://host/page`.
  ///
  /// - Parameter text: any text; the escaped slashes of JSON count as slashes.
  /// - Returns: the paths in their order, with unescaped slashes.
  public static func words(in text: String) -> [String] {
    text.split(separator: "\\/", omittingEmptySubsequences: false).joined(separator: "/")
      .split { $0.isWhitespace || separators.contains($0) }
      .map(String.init).filter(isPath)
  }

  /// The path that a text starts with, if it does.
  static func leading(_ text: String) -> String? {
    let start = text.trimmingPrefix("file:")
    guard start.hasPrefix("/") || start.hasPrefix("~") else { return nil }
    return words(in: String(start)).first { start.hasPrefix($0) }
  }

  private static let separators: Set<Character> = [
    "\"", "'", "`", "(", ")", "[", "]", "{", "}", "<", ">", "=", ",", ";", ":", "|",
  ]

  private static func isPath(_ word: String) -> Bool {
    if word.hasPrefix("~") { return word.contains("/") }
    let isAbsolute = word.hasPrefix("/") && (!word.hasPrefix("//") || word.hasPrefix("///"))
    return isAbsolute && word.split(separator: "/").count >= 2
  }
}
